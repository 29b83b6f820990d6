"""Multipart bodies, split without interpretation so that binary parts come through untouched."""

from dataclasses import dataclass

from thermocline.sandbox.server.errors import invalid


@dataclass(slots=True)
class Part:
    """One part; header names are in lower case."""

    headers: dict[str, str]
    body: bytes


def split_parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a multipart body."""
    boundary = _boundary(content_type)
    if not boundary:
        raise invalid("The multipart boundary is missing.", "badRequest")
    marker = b"--" + boundary.encode()
    start = body.find(marker)
    # The service takes bare line feeds, which Python's own batch client sends.
    line_end = b"\n" if body[start + len(marker) : start + len(marker) + 1] == b"\n" else b"\r\n"
    parts: list[Part] = []
    for section in (line_end + body[max(start, 0) :]).split(line_end + marker)[1:]:
        if section.startswith(b"--"):
            return parts
        parts.append(_part(section, line_end))
    raise invalid("The multipart body has no end.", "badRequest")


def _part(section: bytes, line_end: bytes) -> Part:
    head, _, body = section.partition(line_end + line_end)
    return Part(parse_headers(head), body)


def parse_headers(head: bytes) -> dict[str, str]:
    """`Name: value` lines with names in lower case."""
    headers = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


def _boundary(content_type: str) -> str:
    for piece in content_type.split(";")[1:]:
        key, _, value = piece.strip().partition("=")
        if key.lower() == "boundary":
            return value.strip("'\"")
    return ""
