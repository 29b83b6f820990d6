"""Colours by role, once for light and once for dark; the page, the figures and the tests read them here.

A figure is drawn in the light colours. Every light colour is unique, so that the page can exchange each for a CSS
variable and the same drawing follows the reader's colour scheme.
"""

from typing import NamedTuple


class Shade(NamedTuple):
    """One role in both schemes, as `#rrggbb`."""

    light: str
    dark: str


ROLES: dict[str, Shade] = {
    "paper": Shade("#ffffff", "#14181d"),
    "panel": Shade("#f6f7f9", "#1c2229"),
    "ink": Shade("#1d2730", "#e6eaee"),
    "muted": Shade("#55626f", "#a3afbb"),
    "line": Shade("#d9dfe5", "#333d47"),
    "track": Shade("#edf0f3", "#222a32"),
    "link": Shade("#1f5f8b", "#83bde6"),
    "cold": Shade("#2c6e99", "#35779f"),
    "warm": Shade("#e0ac4e", "#d7a347"),
    "hot": Shade("#b4452f", "#bb4a33"),
    "unknown": Shade("#8d98a3", "#636d77"),
    "on-cold": Shade("#fefeff", "#fdfeff"),
    "on-warm": Shade("#2b2005", "#1d1603"),
    "on-hot": Shade("#fffefe", "#fffdfd"),
    "on-unknown": Shade("#10161b", "#fbfcfd"),
    "read-1": Shade("#5390b6", "#4785ad"),
    "read-2": Shade("#35739e", "#6ea9d0"),
    "read-3": Shade("#1c5480", "#9fcbe8"),
    "read-4": Shade("#0b2f4d", "#d6ecfa"),
    "write-1": Shade("#b3812c", "#94713a"),
    "write-2": Shade("#946316", "#bb9148"),
    "write-3": Shade("#70480b", "#dcb777"),
    "write-4": Shade("#452b04", "#f6dfb4"),
    "age-0": Shade("#173f5c", "#b9dcf3"),
    "age-1": Shade("#2d6688", "#8fc0e0"),
    "age-2": Shade("#568fae", "#6aa0c4"),
    "age-3": Shade("#8ab4cb", "#4a7fa3"),
    "age-4": Shade("#bcd4e1", "#345f7e"),
    "age-5": Shade("#e2ecf2", "#24445b"),
    "class-standard": Shade("#c0603f", "#d37a59"),
    "class-nearline": Shade("#d9a85c", "#d2a159"),
    "class-coldline": Shade("#7fa9bf", "#7aa7bf"),
    "class-archive": Shade("#345d78", "#4d7d9c"),
    "class-other": Shade("#a9b2ba", "#77828c"),
}

TEMPERATURES = ("cold", "warm", "hot", "unknown")


def light(role: str) -> str:
    """The colour a figure draws `role` in."""
    return ROLES[role].light


def css_variables(scheme: str) -> str:
    """The declarations of one scheme, "light" or "dark", for a `:root` rule."""
    return "".join(f"--{role}:{getattr(shade, scheme)};" for role, shade in ROLES.items())


def storage_class_role(storage_class: str) -> str:
    """The role that draws a storage class; classes that we do not know share one."""
    role = f"class-{storage_class.lower()}"
    return role if role in ROLES else "class-other"


# Each light colour names exactly one role, whatever the figure's format makes of it.
ROLE_BY_COLOUR: dict[str, str] = {shade.light: role for role, shade in ROLES.items()}
