"""The preconditions of reads and writes, with the status each failure has."""

from thermocline.sandbox.server.call import Call
from thermocline.sandbox.server.errors import not_modified, precondition_failed
from thermocline.sandbox.server.model import StoredObject


def check_write(call: Call, current: StoredObject | None) -> None:
    """ifGenerationMatch and its family against the object that a write would replace or change; 412 when they fail.

    A generation of 0 stands for "there is no live object".
    """
    _check(call, current, "if")


def check_source(call: Call, source: StoredObject) -> None:
    """The ifSource… family of rewrite and copy."""
    _check(call, source, "ifSource")


def check_read(call: Call, current: StoredObject) -> None:
    """For reads, a failed NotMatch means 304 and a failed Match 412."""
    generation, metageneration = current.generation, current.metageneration
    if call.number("ifGenerationMatch") not in (None, generation):
        raise precondition_failed()
    if call.number("ifMetagenerationMatch") not in (None, metageneration):
        raise precondition_failed()
    if call.number("ifGenerationNotMatch") == generation:
        raise not_modified()
    if call.number("ifMetagenerationNotMatch") == metageneration:
        raise not_modified()


def _check(call: Call, current: StoredObject | None, prefix: str) -> None:
    params = call.params
    generation = 0 if current is None else current.generation
    metageneration = None if current is None else current.metageneration
    if f"{prefix}GenerationMatch" in params and call.number(f"{prefix}GenerationMatch") != generation:
        raise precondition_failed()
    if f"{prefix}GenerationNotMatch" in params and call.number(f"{prefix}GenerationNotMatch") == generation:
        raise precondition_failed()
    if f"{prefix}MetagenerationMatch" in params and call.number(f"{prefix}MetagenerationMatch") != metageneration:
        raise precondition_failed()
    if f"{prefix}MetagenerationNotMatch" in params and call.number(f"{prefix}MetagenerationNotMatch") == metageneration:
        raise precondition_failed()
