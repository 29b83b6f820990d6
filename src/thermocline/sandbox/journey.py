"""The whole journey as the public commands a team would type, in order.

`thermocline demo` and the tests run the same list, so that what is demonstrated is what is tested.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """One command: what it is for, its arguments, and the file that takes its stdout (None: the terminal)."""

    title: str
    arguments: tuple[str, ...]
    stdout: Path | None = None


@dataclass(frozen=True)
class Evidence:
    """Where the evidence of one bucket lies."""

    bucket: str
    env: str
    logs: Path
    inventory: Path
    checkout: Path
    mappings: Path | None


def stages(evidence: Evidence, folder: Path, *, phase: int = 1, approved_by: str = "demo") -> list[Stage]:
    """The journey from evidence to the migrated and verified `phase`; every result lands in `folder`."""
    catalogue = ("--catalogue", str(folder / "catalogue.duckdb"))
    plan = str(folder / "plan.json")
    mappings = ("--mappings", str(evidence.mappings)) if evidence.mappings else ()
    return [
        Stage("Read the audit logs", ("ingest", "logs", str(evidence.logs), *catalogue), folder / "ingest-logs.txt"),
        Stage("Read the inventory", ("ingest", "inventory", str(evidence.inventory), *catalogue)),
        Stage(
            "Read the code",
            ("ingest", "code", str(evidence.checkout), "--env", evidence.env, "--bucket", evidence.bucket, *catalogue),
        ),
        Stage("Judge every subfolder", ("analyze", "--bucket", evidence.bucket, *catalogue)),
        Stage("Look at the verdicts", ("subfolders", "--bucket", evidence.bucket, *catalogue)),
        Stage(
            "Plan the migration",
            (
                *("plan", "generate", "--bucket", evidence.bucket, "--env", evidence.env),
                *(*mappings, *catalogue, "--output", plan),
            ),
        ),
        Stage(
            f"Approve phase {phase}",
            ("plan", "approve", plan, "--phase", str(phase), "--by", approved_by, "--yes"),
        ),
        Stage("Rehearse it", ("execute", plan, "--phase", str(phase), "--dry-run")),
        Stage("Migrate it", ("execute", plan, "--phase", str(phase))),
        Stage("See where it stands", ("status", plan)),
        Stage(
            "Report",
            ("report", "--bucket", evidence.bucket, "--plan", plan, *catalogue, "--output", str(folder / "report")),
        ),
    ]
