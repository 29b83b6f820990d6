"""`thermocline.toml`, parsed once into frozen values.

    bucket = "data-bucket-prod"
    env = "prod"
    projects = ["analytics-prod"]          # identities of other projects are external

    [thresholds]                           # names and defaults: analysis/classify/thresholds.py
    hot_read_days_30 = 20

    [subfolders]
    maximum_depth = 3

    [[subfolder]]                          # a boundary that discovery must keep
    prefix = "export/crm/"

    [consumers]
    maintenance = ["antivirus@*"]          # patterns of identities that scan, and never set temperature

`[planner]`, `[executor]` and `[references]` are read by their own rooms. An unknown key is an error that names the
file, the key and its nearest match.
"""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from analysis.classify.thresholds import SubfolderLimits, Thresholds
from analysis.errors import BadInput, nearest
from analysis.model import Pattern, Temperature

DEFAULT_FILE = Path("thermocline.toml")


class SubfolderOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the owner of the bucket knows better: a boundary, and verdicts if given (each is marked as set by hand)."""

    prefix: str  # `export/crm/`; at the top of the bucket also `customer_*`, all folders whose names begin so
    temperature: Temperature | None = None
    pattern: Pattern | None = None
    together: bool = True  # False: look for boundaries below this prefix instead of keeping it in one piece

    @property
    def name(self) -> str:
        """The prefix as a subfolder name: no slash at the end."""
        return self.prefix.rstrip("/")


class ConsumerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identities that the built-in rules cannot know, as shell patterns on the principal."""

    maintenance: tuple[str, ...] = ()
    human: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. Every field has a default, so that no file is needed."""

    bucket: str | None = None
    env: str | None = None
    projects: tuple[str, ...] = ()
    thresholds: Thresholds = Thresholds()
    subfolders: SubfolderLimits = SubfolderLimits()
    subfolder: tuple[SubfolderOverride, ...] = ()
    consumers: ConsumerSettings = ConsumerSettings()
    planner: dict[str, Any] = {}
    executor: dict[str, Any] = {}
    references: dict[str, Any] = {}

    def room(self, name: str) -> dict[str, Any]:
        """The raw table of another room: planner, executor or references."""
        tables = {"planner": self.planner, "executor": self.executor, "references": self.references}
        return tables[name]


def load_settings(path: Path | None = None) -> Settings:
    """Settings from `path`; without one, from thermocline.toml in the working directory, or the defaults.

    Raises BadInput for a missing file, broken TOML, unknown keys and values of the wrong kind.
    """
    if path is None:
        if not DEFAULT_FILE.is_file():
            return Settings()
        path = DEFAULT_FILE
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot read settings {path}", error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not valid TOML", str(error)) from error
    _refuse_unknown_keys(path, raw)
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise BadInput(f"{path} holds a value that does not fit", str(error)) from error


def _refuse_unknown_keys(path: Path, raw: dict[str, Any]) -> None:
    _check_keys(path, "", raw, Settings)
    for table, struct in (("thresholds", Thresholds), ("subfolders", SubfolderLimits), ("consumers", ConsumerSettings)):
        if isinstance(section := raw.get(table), dict):
            _check_keys(path, f"{table}.", section, struct)
    overrides = raw.get("subfolder", [])
    for number, override in enumerate(overrides if isinstance(overrides, list) else []):
        if isinstance(override, dict):
            _check_keys(path, f"subfolder[{number}].", override, SubfolderOverride)


def _check_keys(path: Path, where: str, table: dict[str, Any], struct: type[msgspec.Struct]) -> None:
    known = list(struct.__struct_fields__)
    for key in table:
        if key not in known:
            raise BadInput(f"{path}: unknown key `{where}{key}`", nearest(key, known))
