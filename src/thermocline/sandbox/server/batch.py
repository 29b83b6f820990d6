"""The batch endpoint: up to 100 calls in one request, each with its own status."""

from collections.abc import Callable

from thermocline.sandbox.server.errors import invalid
from thermocline.sandbox.server.mime import Part, parse_headers, split_parts

LIMIT = 100
_BOUNDARY = "batch_sandbox_answer"

# (method, path with query, headers, body) to (status line, headers, body)
Answer = tuple[str, dict[str, str], bytes]
Performer = Callable[[str, str, dict[str, str], bytes], Answer]


def run_batch(content_type: str, body: bytes, perform: Performer) -> tuple[str, bytes]:
    """Content type and body of the answer; parts come in the order of the calls."""
    calls = split_parts(content_type, body)
    if not 1 <= len(calls) <= LIMIT:
        raise invalid(f"A batch request holds 1 to {LIMIT} calls, not {len(calls)}.", "badRequest")
    out: list[bytes] = []
    for number, part in enumerate(calls):
        status, headers, payload = _perform(part, perform)
        identity = part.headers.get("content-id", f"<{number}>")
        out.append(f"--{_BOUNDARY}\r\nContent-Type: application/http\r\n".encode())
        out.append(f"Content-ID: <response-{identity.strip('<>')}>\r\n\r\n".encode())
        out.append(f"HTTP/1.1 {status}\r\n".encode())
        headers["Content-Length"] = str(len(payload))
        out += [f"{name}: {value}\r\n".encode() for name, value in headers.items()]
        out += [b"\r\n", payload, b"\r\n"]
    out.append(f"--{_BOUNDARY}--\r\n".encode())
    return f"multipart/mixed; boundary={_BOUNDARY}", b"".join(out)


def _perform(part: Part, perform: Performer) -> Answer:
    """Run the request inside one part."""
    separator = b"\r\n\r\n" if b"\r\n" in part.body else b"\n\n"
    head, _, body = part.body.partition(separator)
    first, _, rest = head.strip().partition(b"\n")
    words = first.decode("utf-8", "replace").split()
    if len(words) < 2:
        raise invalid("A part of the batch holds no request.", "badRequest")
    path = words[1]
    if "://" in path:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    return perform(words[0].upper(), path, parse_headers(rest), body.rstrip(b"\r\n"))
