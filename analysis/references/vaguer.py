"""References that say no more than another one, taken out or told as what they are."""

from dataclasses import replace
from fnmatch import fnmatchcase

from analysis.references.model import Reference, Site

GUESSED = 0.7  # up to which the role is only what a key or a name suggests
_CODE = (".py", ".ipynb")
_SETTINGS = (".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf")


def acted_on_in_code(found: list[Reference]) -> list[Reference]:
    """An address in a file of settings that code reads and acts on: the operation is the code's, not the file's."""
    acted = {site for one in found if one.file.endswith(_CODE) and one.role != "reference" for site in one.provenance}
    settings = [one.file.endswith(_SETTINGS) and one.confidence <= GUESSED for one in found]
    return [
        replace(one, role="reference") if guessed and Site(one.file, one.line) in acted else one
        for one, guessed in zip(found, settings, strict=True)
    ]


def without_vaguer(found: list[Reference]) -> list[Reference]:
    """At one place and in one role, `*` says nothing beside what is known."""
    by_site: dict[tuple[str, int, str, str], list[Reference]] = {}
    for one in found:
        by_site.setdefault((one.file, one.line, one.role, one.kind), []).append(one)
    result: list[Reference] = []
    for same in by_site.values():
        buckets = {one.prefix for one in same if one.bucket != "*"}
        prefixes = {one.bucket for one in same if one.prefix.strip("*/")}
        told = bool(buckets or prefixes)
        result.extend(
            one
            for one in same
            if not any(_vaguer(one, other) or _covered(one, other) for other in same)
            and not (one.bucket == "*" and (one.prefix in buckets or (told and not one.prefix.strip("*/"))))
            and not (one.prefix.startswith("*") and not one.prefix.strip("*/") and one.bucket in prefixes)
        )
    return result


def _vaguer(one: Reference, other: Reference) -> bool:
    """Whether `one` begins with an unknown part and says otherwise what `other` says."""
    if one.bucket not in ("*", other.bucket) or not fnmatchcase(other.prefix, one.prefix):
        return False
    if one.bucket == other.bucket:
        return one.prefix.startswith("*") and not other.prefix.startswith("*")
    return one.prefix == other.prefix or not other.prefix.startswith("*")


def _covered(one: Reference, other: Reference) -> bool:
    """Whether `one` only says more of names that are unknown in both: `day=*01` beside `day=*0*`."""
    mine, others = one.prefix.split("/"), other.prefix.split("/")
    if one.bucket != other.bucket or mine == others or len(mine) != len(others):
        return False
    return all(
        left == right or ("*" in left and "*" in right and right.strip("*") and fnmatchcase(left, right))
        for left, right in zip(mine, others, strict=True)
    )
