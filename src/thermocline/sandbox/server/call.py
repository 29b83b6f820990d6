"""One API call and its answer, independent of HTTP so that the batch endpoint runs the same code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from thermocline.sandbox.server.content import Content
from thermocline.sandbox.server.errors import invalid


@dataclass(slots=True)
class Call:
    """What a client asks. `operation` is the API's method name, such as `objects.rewrite`."""

    operation: str
    bucket: str = ""
    name: str = ""
    target_bucket: str = ""
    target_name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""
    principal: str = "anonymous"
    run: str = ""
    page_fault: str = ""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an absent body is an empty one."""
        if not self.body or self.body == b"{}":
            return {}
        try:
            document = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            raise invalid("Parse Error", "parseError") from None
        # Go clients send `null` where they have nothing to say.
        if document is None:
            return {}
        if not isinstance(document, dict):
            raise invalid("Parse Error", "parseError")
        return document

    def number(self, parameter: str) -> int | None:
        """An integer parameter, or None."""
        text = self.params.get(parameter)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise invalid(f"Invalid value for parameter {parameter}: {text}", "invalidParameter") from None

    def flag(self, parameter: str) -> bool:
        """A boolean parameter."""
        return self.params.get(parameter, "").lower() == "true"


@dataclass(slots=True)
class Reply:
    """The answer: a JSON document, or bytes, or content to be streamed from start to stop."""

    document: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    content: Content | None = None
    span: tuple[int, int] = (0, 0)
