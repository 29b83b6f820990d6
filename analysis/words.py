"""Words that every room puts together in one way."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 day`, `2 days`, `1,200 objects`; `many` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
