"""Addresses of objects: which strings are one, and their bucket and prefix.

The forms: gs://bucket/prefix, gcs://…, https://storage.googleapis.com/bucket/…, https://bucket.storage.googleapis.com/…,
https://storage.cloud.google.com/…, /gcs/bucket/… (mounts), s3://… on the Cloud Storage endpoint is not among them.
"""

import re
from dataclasses import dataclass

from analysis.references.text import HOLE, Text

# A placeholder that somebody fills in later, `{env}` or `${BUCKET}`, may be a part of the name.
_LATER = r"(?:\$?\{\w+\}|\$[A-Za-z_]\w*)"
_BUCKET = rf"(?:[A-Za-z0-9{HOLE}*]|{_LATER})(?:[A-Za-z0-9._{HOLE}*-]|{_LATER})*"

ADDRESS = re.compile(
    rf"(?:gs|gcs)://(?P<bucket>{_BUCKET})(?:/(?P<prefix>[^\s'\"`|<>\\;]*))?"
    rf"|https?://storage\.(?:googleapis|cloud\.google)\.com/(?!storage/|upload/|batch/)(?P<bucket2>{_BUCKET})(?:/(?P<prefix2>[^\s'\"`|<>\\?#;]*))?"
    rf"|https?://(?P<bucket3>[A-Za-z0-9{HOLE}*][A-Za-z0-9_{HOLE}*-]*)\.storage\.googleapis\.com(?:/(?P<prefix3>[^\s'\"`|<>\\?#;]*))?"
    rf"|(?<![\w{HOLE}.:/-])/gcs/(?P<bucket4>{_BUCKET})(?:/(?P<prefix4>[^\s'\"`|<>\\;]*))?"
)
_STARTS = re.compile(
    r"^\s*(?:gs://|gcs://|https?://storage\.(?:googleapis|cloud\.google)\.com/|https?://[^/]*\.storage\.googleapis\.com|/gcs/)"
)
_BUCKET_LABEL = re.compile(r"bucket|gcs|storage|lake", re.IGNORECASE)

_ADDRESS_LABEL = re.compile(r"(?:uri|url|path|prefix|dir|dirs|folder|location|root)$", re.IGNORECASE)  # may hold more


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket and what comes after it."""

    bucket: Text
    prefix: Text

    @property
    def whole(self) -> Text:
        return self.bucket + self.prefix


def located(text: Text) -> Location | None:
    """The address that `text` is; None where it is none (a local path, a URL of another service).

    A string that starts with an unknown part called like a bucket, followed by a slash, is taken for an address.
    """
    flat = text.flat
    if _STARTS.match(flat):
        match = ADDRESS.search(flat)
        if match is None:
            return None
        # A bare address holds spaces and quotes as they are: everything after the bucket is the prefix.
        number = match.lastgroup or ""
        bucket, _ = _groups(match)
        end = match.end(bucket)
        rest = text.cut(end).strip()
        if not rest.flat and _may_hold_more(text.cut(match.start(bucket), end)):
            return Location(text.cut(match.start(bucket), end), text.cut(end - 1, end))
        return Location(
            text.cut(match.start(bucket), end), rest.cut(1) if rest.flat.startswith("/") else _query(rest, number)
        )
    first = text.pieces[0] if text.pieces else None
    if (
        first
        and first.hole
        and _BUCKET_LABEL.search(first.label)
        and flat[1:2] == "/"
        and not flat.startswith(HOLE + "//")
    ):
        if _ADDRESS_LABEL.search(first.label):
            return Location(text.cut(0, 1), text)
        return Location(text.cut(0, 1), text.cut(2))
    return None


def _may_hold_more(bucket: Text) -> bool:
    """Whether an unknown part that stands where a bucket does may hold the path too: nothing calls it a bucket."""
    last = bucket.pieces[-1]
    return bucket.flat == HOLE and bool(last.label) and not _BUCKET_LABEL.search(last.label)


def _query(rest: Text, _: str) -> Text:
    return Text(trail=rest.trail)


def plain_path(text: Text) -> Location | None:
    """`bucket/prefix` with or without a scheme, as gcsfs takes it."""
    found = located(text)
    if found or not text.flat:
        return found
    if text.flat.startswith("/"):
        return None
    head, slash, _ = text.flat.partition("/")
    if not slash and head.endswith(HOLE):  # it may hold the path too
        return Location(text, text.cut(len(head) - 1))
    return Location(text.cut(0, len(head)), text.cut(len(head) + len(slash)))


def embedded(text: Text) -> list[tuple[int, int, Location]]:
    """Every address inside a longer text (a query, a command), as (start, end, location)."""
    flat = text.flat
    if "://" not in flat and "/gcs/" not in flat:
        return []
    result = []
    for match in ADDRESS.finditer(flat):
        bucket, prefix = _groups(match)
        start, end = match.span(prefix) if match.group(prefix) is not None else (match.end(), match.end())
        value = flat[start:end].rstrip(",)]}.")
        # A brace that was opened inside belongs to the name: {YYYYMMDD}.
        while value.count("{") > value.count("}") and flat[start + len(value) : start + len(value) + 1] == "}":
            value += "}"
        result.append(
            (
                match.start(),
                start + len(value),
                Location(text.cut(*match.span(bucket)), text.cut(start, start + len(value))),
            )
        )
    return result


def _groups(match: re.Match[str]) -> tuple[str, str]:
    for number in ("", "2", "3", "4"):
        if match.group(f"bucket{number}") is not None:
            return f"bucket{number}", f"prefix{number}"
    raise AssertionError("an address has a bucket")
