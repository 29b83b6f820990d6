"""What-if options as a user types them: sizes, pins, target classes."""

import re

import msgspec

from planner.errors import InvalidPlanInput
from planner.prices import StorageClass
from planner.settings import PlannerSettings, storage_class

UNITS = {"": 1, "b": 1} | {
    f"{letter}{end}": 1024**power for power, letter in enumerate("kmgtp", 1) for end in ("", "b", "ib")
}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes from `500GiB`, `2T` or a plain number; units are binary."""
    match = SIZE.fullmatch(text.strip())
    if match is None or match[2].lower() not in UNITS:
        raise InvalidPlanInput(f"{text!r} is not a size", "write it as 500GiB, 2TiB, or a number of bytes")
    found = int(float(match[1]) * UNITS[match[2].lower()])
    if found < 1:
        raise InvalidPlanInput(f"{text!r} leaves no room for anything", "name a size above zero")
    return found


def parse_pin(text: str) -> tuple[str, int]:
    """`use_case=phase`."""
    use_case, equals, phase = text.rpartition("=")
    if not equals or not use_case or not phase.isdigit():
        raise InvalidPlanInput(f"--pin {text!r} is not understood", "write it as use_case=phase")
    return use_case, int(phase)


def parse_target_class(text: str) -> tuple[str, StorageClass]:
    """`use_case=CLASS`, or `CLASS` for all."""
    use_case, _, name = text.rpartition("=")
    return use_case or "*", storage_class(name)


def with_options(
    settings: PlannerSettings,
    *,
    max_phase_bytes: str | None = None,
    exclude: tuple[str, ...] = (),
    pin: tuple[str, ...] = (),
    target_class: tuple[str, ...] = (),
    target_location: str | None = None,
    use_cases: str | None = None,
) -> PlannerSettings:
    """The settings with options over them; options win."""
    if use_cases is not None and use_cases not in {"both", "configured", "discovered"}:
        raise InvalidPlanInput(f"--use-cases {use_cases!r} is not understood", "use both, configured or discovered")
    return msgspec.structs.replace(
        settings,
        max_phase_bytes=parse_size(max_phase_bytes) if max_phase_bytes is not None else settings.max_phase_bytes,
        exclude=(*settings.exclude, *(name.rstrip("/") for name in exclude)),
        pin=settings.pin | dict(map(parse_pin, pin)),
        target_class=settings.target_class | dict(map(parse_target_class, target_class)),
        target_location=target_location or settings.target_location,
        use_cases=use_cases or settings.use_cases,
    )
