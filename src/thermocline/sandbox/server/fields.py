"""Partial responses: the `fields` parameter, such as `items(name,size),nextPageToken` or `items/name`."""

from functools import lru_cache
from typing import Any

from thermocline.sandbox.server.errors import invalid

# Field name to what is wanted below it; an empty selection wants everything.
Selection = dict[str, "Selection"]


def select(document: Any, wanted: str) -> Any:
    """The part of a document that the parameter names."""
    return _pick(document, parse(wanted))


def below(wanted: str | None, key: str) -> Selection | None:
    """What the parameter names below `key`; None when that is everything."""
    selection = parse(wanted).get(key) if wanted else None
    return selection if selection and "*" not in selection else None


@lru_cache(maxsize=256)
def parse(text: str) -> Selection:
    """The selection that a `fields` parameter spells."""
    selection, rest = _parse(text.replace(" ", ""))
    if rest:
        raise invalid(f"Invalid field selection {text}", "invalidParameter")
    return selection


def _parse(text: str) -> tuple[Selection, str]:
    selection: Selection = {}
    while text and text[0] != ")":
        end = next((at for at, letter in enumerate(text) if letter in ",/()"), len(text))
        name, text = text[:end], text[end:]
        if not name:
            raise invalid("Invalid field selection", "invalidParameter")
        below = selection.setdefault(name, {})
        while text.startswith("/"):
            end = next((at for at, letter in enumerate(text[1:], 1) if letter in ",/()"), len(text))
            below, text = below.setdefault(text[1:end], {}), text[end:]
        if text.startswith("("):
            inner, text = _parse(text[1:])
            if not text.startswith(")"):
                raise invalid("Invalid field selection", "invalidParameter")
            below |= inner
            text = text[1:]
        text = text.removeprefix(",")
    return selection, text


def _pick(document: Any, selection: Selection) -> Any:
    if not selection or "*" in selection:
        return document
    if isinstance(document, list):
        return [_pick(one, selection) for one in document]
    if not isinstance(document, dict):
        return document
    return {
        key: _pick(document[key], below) if below else document[key]
        for key, below in selection.items()
        if key in document
    }
