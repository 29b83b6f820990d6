"""Reads log entries out of anything that holds them: NDJSON, JSON arrays, pretty-printed documents, envelopes.

This is the careful reader. Clean NDJSON goes to DuckDB directly and never passes here.
"""

import base64
import binascii
import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal

import msgspec

from analysis.sources.streams import BYTE_ORDER_MARK, DAMAGE, LONGEST_LINE, Unclosed, read_lines

Shape = Literal["lines", "array", "documents"]

_WINDOW = 1 << 20
_LARGEST_STEP = 16 << 20
_SPACE = " \t\r\n"
_ENVELOPES = ("message", "data", "data_base64", "entry")
_MARKS = ("protoPayload", "textPayload", "jsonPayload", "logName", "insertId")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Item:
    """One line or array element: `value` if it could be decoded, else `problem`. `text` is what stands in the file."""

    position: int  # from 1
    value: Any
    problem: str
    text: bytes


def find_shape(head: bytes) -> Shape:
    """How entries are laid out, by the beginning of the file."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    first, _, others = start.partition(b"\n")
    if _is_json(first):
        # One array on one line is an array; a stray list among lines of objects is a bad line.
        return "array" if first.startswith(b"[") and not others.strip().startswith(b"{") else "lines"
    if first.startswith(b"["):
        return "array"
    return "documents" if first.strip() == b"{" else "lines"


def looks_like_entries(head: bytes) -> bool:
    """Whether the file starts with a line that is a bare log entry."""
    first = head.partition(b"\n")[0]
    try:
        value = msgspec.json.decode(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and any(mark in value for mark in _MARKS)


def read_items(stream: BinaryIO, shape: Shape) -> Iterator[Item]:
    """Every line or element, in order; raises one of DAMAGE after the last one that could be read."""
    return _read_line_items(stream) if shape == "lines" else _read_documents(stream, shape)


def unwrap(value: Any) -> Any:
    """The log entry inside a Pub/Sub or Eventarc envelope; the value itself if there is none.

    Known are a push request (`message.data`, base64), a pulled message, a CloudEvent (`data` or `data_base64`), and
    entries wrapped by a tool under `entry`.
    """
    for _ in range(4):
        if not isinstance(value, dict) or any(mark in value for mark in _MARKS):
            return value
        inner = next((value[name] for name in _ENVELOPES if name in value), None)
        if isinstance(inner, str):
            inner = _decode_text(inner)
        if inner is None:
            return value
        value = inner
    return value


def judge(entry: Any) -> str:
    """Why an entry cannot be used, or an empty string; the same rules as `sum_lines.sql`."""
    if not isinstance(entry, dict) or not any(mark in entry for mark in (*_MARKS, "timestamp")):
        return "no log entry"
    stamp = entry.get("timestamp")
    if stamp is None:
        return "no timestamp"
    if not is_time(stamp):
        return "bad timestamp"
    if any(entry.get(name) is not None for name in ("textPayload", "jsonPayload")):
        return ""
    payload = entry.get("protoPayload")
    if not isinstance(payload, dict):
        return "no payload"
    service, method = payload.get("serviceName"), payload.get("methodName")
    if service is None and method is None:
        return "no payload"
    if service == "storage.googleapis.com" and method is None:
        return "no method"
    return ""


def prune(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry without the parts that may be huge and are not read."""
    kept = {name: value for name, value in entry.items() if name in _KEPT}
    if isinstance(payload := kept.get("protoPayload"), dict):
        kept["protoPayload"] = {name: value for name, value in payload.items() if name in _KEPT_PAYLOAD}
    for name in ("textPayload", "jsonPayload"):
        if entry.get(name) is not None:
            kept[name] = "…"
    return kept


_KEPT = {"insertId", "logName", "timestamp", "split", "resource", "protoPayload"}
_KEPT_PAYLOAD = {
    *("serviceName", "methodName", "resourceName", "status", "authenticationInfo", "requestMetadata"),
    *("authorizationInfo", "metadata"),
}


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return True


def is_time(stamp: object) -> bool:
    """Whether this is a time as log entries write it (RFC 3339)."""
    if not isinstance(stamp, str) or not _STAMP.fullmatch(stamp):
        return False
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return True


def _decode_text(text: str) -> Any:
    """JSON as such, or in base64 as Pub/Sub carries it; None if it is neither."""
    try:
        return msgspec.json.decode(text if text.lstrip().startswith("{") else base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _read_line_items(stream: BinaryIO) -> Iterator[Item]:
    position = 0
    for line in read_lines(stream):
        text = line.removeprefix(BYTE_ORDER_MARK) if position == 0 else line
        position += 1
        if not text.strip():
            continue
        yield decode_item(position, text)


def decode_item(position: int, text: bytes) -> Item:
    """One line, decoded or with the reason why not."""
    if len(text) > LONGEST_LINE:
        return Item(position, None, "too long", text)
    try:
        return Item(position, msgspec.json.decode(text), "", text)
    except RecursionError:
        return Item(position, None, "nested too deeply", text)
    except UnicodeDecodeError:
        return Item(position, None, "not UTF-8", text)
    except ValueError:
        return Item(position, None, "not UTF-8" if not _is_utf8(text) else "not JSON", text)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_documents(stream: BinaryIO, shape: Shape) -> Iterator[Item]:
    """Elements of an array, or documents one after the other; broken ones are passed over up to the next good one."""
    window = _Window(stream)
    position = 0
    window.skip(_SPACE + ("[" if shape == "array" else ""))
    while window.fill():
        if window.peek() == "]":
            window.skip("]" + _SPACE)
            if not window.fill():
                break
        position += 1
        value, text = window.decode()
        if text is None:
            problem = "too long" if window.is_full() else "not JSON"
            yield Item(position, None, problem, window.pass_over_broken())
        elif not _is_plain(text):
            yield Item(position, None, "not UTF-8", text.encode("utf-8", "surrogateescape"))
        else:
            yield Item(position, value, "", text.encode("utf-8", "surrogatepass"))
        window.skip(_SPACE + ",")
    if window.damage is not None:
        raise window.damage
    if shape == "array" and not window.closed:
        raise Unclosed


def _is_plain(text: str) -> bool:
    return text.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in text)


class _Window:
    """A stretch of decoded text that moves over a stream and grows until an element fits."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._ended = False
        self.damage: BaseException | None = None
        self.closed = False

    def _grow(self) -> bool:
        if self._ended:
            return False
        try:
            chunk = self._stream.read(min(max(_WINDOW, len(self._text) - self._at), _LARGEST_STEP))
        except DAMAGE as error:
            self.damage, chunk = error, b""
        self._ended = not chunk
        self._text = self._text[self._at :] + self._decoder.decode(chunk, final=self._ended)
        self._at = 0
        return True

    def fill(self) -> bool:
        """Whether any text is left."""
        while self._at >= len(self._text):
            if not self._grow():
                return False
        return True

    def peek(self) -> str:
        return self._text[self._at]

    def skip(self, letters: str) -> None:
        """Move past any of `letters`."""
        while self.fill() and self.peek() in letters:
            self.closed = self.closed or self.peek() == "]"
            self._at += 1

    def decode(self) -> tuple[Any, str | None]:
        """The next JSON value and its text; (None, None) if there is none here."""
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except (ValueError, RecursionError) as error:
                # An element that ends beyond the window is not broken.
                if self._is_cut(error) and self._grow():
                    continue
                return None, None
            if end == len(self._text) and self._grow():
                continue
            text = self._text[self._at : end]
            self._at = end
            return value, text

    def is_full(self) -> bool:
        """Whether what begins here is longer than anything that is read as a whole."""
        return len(self._text) - self._at > LONGEST_LINE

    def _is_cut(self, error: Exception) -> bool:
        if not isinstance(error, json.JSONDecodeError):
            return False
        if self.is_full():
            return False
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - 16

    def pass_over_broken(self) -> bytes:
        """Move to the next place where an entry decodes, or to the end; returns how what was passed over begins."""
        passed = ""
        while True:
            for match in _NEXT_ENTRY.finditer(self._text, self._at + 1):
                try:
                    value, _ = self._scan(self._text, match.start(1))
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict) and any(mark in value for mark in (*_MARKS, *_ENVELOPES)):
                    passed = passed or self._text[self._at : min(match.start(), self._at + _WINDOW)]
                    self._at = match.start(1)
                    return passed.encode("utf-8", "surrogateescape")
            # Keep a tail in which a match may have begun.
            keep = max(self._at, len(self._text) - _WINDOW)
            passed = passed or self._text[self._at : min(keep, self._at + _WINDOW)]
            self._at = keep
            if not self._grow():
                passed = passed or self._text[self._at :]
                self._at = len(self._text)
                return passed.encode("utf-8", "surrogateescape")


_NEXT_ENTRY = re.compile(r"[,\n]\s*(\{\s*\")")
