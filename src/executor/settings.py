"""The `[executor]` table of `thermocline.toml`, parsed once into a frozen record; unknown keys are refused."""

from typing import Any, Literal

import msgspec

from analysis.errors import nearest
from executor.errors import MoveRefused
from executor.rate import START_RATE
from executor.transport import Retries


class ExecutorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the executor behaves. Rates are requests a second on one bucket; 0 lifts the cap.

    `size_tolerance` is the share by which a folder may differ from the approved bytes; 0 accepts any size.
    """

    in_flight: int = 128
    start_rate: float = START_RATE
    rate_ceiling: float | None = None
    attempts: int = 8
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0
    max_passes: int = 5
    size_tolerance: float = 0.2
    mirror_seconds: float = 60.0
    user_project: str | None = None
    rewrite_bytes_per_call: int | None = None
    transfer_service_above_bytes: int = 1_000_000_000_000
    transfer_endpoint: str | None = None
    transfer_poll_seconds: float = 10.0
    transfer_patience_seconds: float = 600.0
    audit_trail: bool = True
    manifest: Literal["csv", "parquet", "none"] = "csv"
    checks: dict[str, str] = {}
    on_finish: str | None = None
    on_failure: str | None = None
    on_late_reader: str | None = None

    def retries(self) -> Retries:
        """How requests are tried again."""
        return Retries(self.attempts, self.first_wait_seconds, self.longest_wait_seconds)


def read_settings(table: dict[str, Any]) -> ExecutorSettings:
    """The settings of a raw `[executor]` table; raises `MoveRefused` naming the key and its nearest match."""
    known = ExecutorSettings.__struct_fields__
    for key in table:
        if key not in known:
            raise MoveRefused(f"unknown key {key!r} in [executor]", nearest(key, known))
    try:
        return msgspec.convert(table, ExecutorSettings)
    except msgspec.ValidationError as error:
        raise MoveRefused(f"[executor] cannot be used ({error})", "see docs/migrating.md") from None
