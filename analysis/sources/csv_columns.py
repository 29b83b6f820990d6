"""Names for the columns of a CSV file whose header may hold anything."""

from collections.abc import Callable, Collection, Sequence


def name_columns(names: Sequence[str], read: Collection[str], plain: Callable[[str], str] = str.strip) -> list[str]:
    """The names that are read, once each, as they stand; all others numbered, since DuckDB does not take every name.

    `plain` is how a name is compared with those in `read`.
    """
    seen: set[str] = set()
    named = []
    for number, name in enumerate(names):
        wanted = plain(name) in read and plain(name) not in seen
        seen.add(plain(name))
        named.append(name.strip() if wanted else f"column_{number}")
    return named
