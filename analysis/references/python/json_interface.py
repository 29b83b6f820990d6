"""Requests to the JSON interface of Cloud Storage: `session.post(".../upload/storage/v1/b/BUCKET/o?name=OBJECT")`."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.references import recording
from analysis.references.model import Role
from analysis.references.python.frames import Frame
from analysis.references.python.values import Arguments, Table, Value, as_text, texts
from analysis.references.text import Text, hole, join, literal

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

_API = re.compile(
    r"https?://(?:storage|www)\.googleapis\.com/(?P<upload>upload/|resumable/upload/)?(?:download/)?storage/v1/b/"
    r"(?P<bucket>[^/?]+)(?P<objects>/o(?:/(?P<object>[^?]+?))?)?"
    r"(?P<copied>/(?:rewriteTo|copyTo)/b/(?P<bucket2>[^/?]+)/o/(?P<object2>[^?]+?))?(?P<compose>/compose)?/?(?:$|\?)"
)
_VERBS = {"get", "post", "put", "delete", "patch", "head", "urlopen", "urlretrieve"}
_ROLES: dict[str, Role] = {"GET": "read", "HEAD": "read", "DELETE": "delete", "PATCH": "reference", "PUT": "write"}


def touched(machine: "Machine", path: str, arguments: Arguments, frame: Frame) -> bool:
    """Record what a request asks the JSON interface to do; False where it is no such request."""
    name = path.rpartition(".")[2]
    named = [value for key in ("url", "uri") if (value := arguments.get(key)) is not None]
    found = False
    for value in [*arguments.positional[:2], *named]:
        for text in texts(value):
            match = _API.match(text.flat)
            method = _method(name, arguments) if match else ""
            if match and method:
                for role, bucket, prefix in _acts(match, text, method, arguments.get("params")):
                    recording.touch(
                        machine, role, bucket, prefix, arguments.site, f"{method} {name}", frame, arguments=arguments
                    )
                    found = True
    return found


def _method(name: str, arguments: Arguments) -> str:
    if name in _VERBS:
        return name.upper() if not name.startswith("url") else "GET"
    if name in ("request", "Request", "fetch"):
        given = [as_text(arguments.get("method") or literal(""))] + [
            as_text(value) for value in arguments.positional[:1]
        ]
        named = next((text.flat.upper() for text in given if re.fullmatch(r"[A-Za-z]{3,6}", text.flat)), "")
        return named or ("POST" if arguments.get("data", 1 if name == "Request" else None) else "GET")
    return ""


def _acts(match: re.Match[str], text: Text, method: str, params: Value | None) -> Iterator[tuple[Role, Text, Text]]:
    bucket = text.cut(*match.span("bucket"))
    name = _unquoted(text.cut(*match.span("object"))) if match["object"] else None
    query = text.cut(match.end())
    if match["upload"]:
        yield "write", bucket, name or _asked("name", query, params) or hole("name")
    elif match["copied"]:
        yield "read", bucket, name or hole("name")
        yield "write", text.cut(*match.span("bucket2")), _unquoted(text.cut(*match.span("object2")))
    elif match["compose"]:
        yield "write", bucket, name or hole("name")
    elif name is not None:
        yield _ROLES.get(method, "write"), bucket, name
    elif match["objects"]:
        yield ("list" if method in ("GET", "HEAD") else "write"), bucket, _asked("prefix", query, params) or literal("")


def _asked(key: str, query: Text, params: Value | None) -> Text | None:
    """A word after the question mark, or handed over beside the address."""
    match = re.search(rf"(?:^|&){key}=(?P<value>[^&]*)", query.flat)
    if match:
        return _unquoted(query.cut(*match.span("value")))
    value = params.entries.get(key) if isinstance(params, Table) else None
    return as_text(value) if value is not None else None


def _unquoted(text: Text) -> Text:
    return join(literal("/"), text.split("%2F"))
