"""Values that tasks of Airflow hand to each other (XCom): what one returns or pushes, another pulls by its name."""

from typing import TYPE_CHECKING

from analysis.references.python.frames import Frame
from analysis.references.python.values import (
    Arguments,
    Constant,
    Items,
    Member,
    Unknown,
    Value,
    alternatives,
    either,
    texts,
)
from analysis.references.text import Text

if TYPE_CHECKING:
    from analysis.references.python.machine import Machine

RETURNED = "return_value"


def task_of(arguments: Arguments) -> str:
    """The name of the task that a call makes; empty where it makes none."""
    name = arguments.keywords.get("task_id")
    return name.pattern if isinstance(name, Text) else ""


def hand_over(machine: "Machine", task: str, key: str, value: Value) -> None:
    """Keep what a task returns or pushes for those that pull it."""
    if task and value != Constant(None):
        known = machine.handed_over.get((task, key))
        machine.handed_over[task, key] = value if known is None else either([known, value])


def call_method(machine: "Machine", callee: Member, arguments: Arguments, _: Frame) -> Value | None:
    """`ti.xcom_push(key, value)` and `ti.xcom_pull(task_ids, key)`; None for others, and where nothing is known."""
    if callee.name == "xcom_push":
        for key in texts(arguments.get("key", 0)):
            hand_over(machine, machine.task, key.pattern, arguments.get("value", 1) or Unknown())
        return Constant(None)
    if callee.name != "xcom_pull":
        return None
    keys = [key.pattern for key in texts(arguments.get("key"))] or [RETURNED]
    tasks = arguments.get("task_ids", 0)
    names = [task.pattern for task in texts(tasks)]
    found = [
        value
        for (task, key), value in machine.handed_over.items()
        if key in keys and (task in names or (not names and key != RETURNED))
    ]
    if not found:
        return None
    several = tasks is not None and any(isinstance(option, Items) for option in alternatives(tasks))
    return Items(found) if several else either(found)
