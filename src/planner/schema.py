"""The JSON Schema of `plan.json`, derived from the structs; `data/plan.schema.json` ships the same."""

import json
from importlib.resources import files
from typing import Any

import msgspec

from planner.plan import SCHEMA_VERSION, Plan

SHIPPED = "plan.schema.json"


def plan_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12)."""
    schema = msgspec.json.schema(Plan)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"Thermocline plan, version {SCHEMA_VERSION}"
    schema["$defs"]["Plan"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return schema


def schema_text() -> str:
    """The schema as the file that ships."""
    return json.dumps(plan_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def shipped_schema() -> str:
    """The text of the file in the package."""
    return (files("planner") / "data" / SHIPPED).read_text(encoding="utf-8")
