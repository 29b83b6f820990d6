"""Builds the lake: objects, months of audit logs, an inventory, a code checkout, configuration, expected verdicts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from thermocline.sandbox.lake.audit_log import AuditLog
from thermocline.sandbox.lake.callers import Callers
from thermocline.sandbox.lake.checkout_files import write_checkout
from thermocline.sandbox.lake.config_files import write_mappings, write_migration_configs
from thermocline.sandbox.lake.folders import FOLDERS
from thermocline.sandbox.lake.inventory import write_inventory
from thermocline.sandbox.lake.ledger import Event, LakeObject, Ledger, Window
from thermocline.sandbox.lake.names import DOCUMENT_NAMES, Names
from thermocline.sandbox.lake.sink import SinkCounts, write_logs
from thermocline.sandbox.lake.site import Site
from thermocline.sandbox.lake.traps import add_traps

__all__ = ["LOCATION", "Lake", "build_lake"]

LOCATION = "europe-west1"


@dataclass(frozen=True)
class Lake:
    """A finished lake: where its files are and what it holds."""

    directory: Path
    bucket: str
    env: str
    location: str
    project: str
    window: Window
    logs_dir: Path
    inventory_path: Path
    checkout_path: Path
    mappings_path: Path
    migration_configs_path: Path
    truth_path: Path
    objects: tuple[LakeObject, ...] = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)
    counts: SinkCounts

    def log_files(self) -> list[Path]:
        return sorted(self.logs_dir.rglob("*.json.gz"))


def build_lake(
    directory: Path,
    *,
    seed: int = 7,
    scale: float = 1.0,
    env: str = "prod",
    names: Names = DOCUMENT_NAMES,
    end: date = date(2026, 10, 31),
    days: int = 120,
) -> Lake:
    """Build a lake below `directory` (created if need be). Equal arguments give equal bytes.

    `scale` changes how many objects there are, never on which days somebody comes; 1.0 is some 26,000 objects and
    120,000 log entries.
    """
    directory = Path(directory)
    window = Window(end=end, days=days)
    callers = Callers(names, env)
    ledger = Ledger(window=window, scale=scale)
    for folder in FOLDERS:
        folder.build(Site(folder.key, ledger, callers, names, env, seed))
    add_traps(ledger, callers, names, env, seed)

    bucket = f"{names['bucket']}-{env}"
    log = AuditLog(bucket=bucket, location=LOCATION, project=callers.project, first_us=window.start_us, seed=seed)
    logs_dir = directory / "logs"
    counts = write_logs(logs_dir, ledger.events, log, window, seed)
    objects = tuple(sorted(ledger.objects.values(), key=lambda item: item.name))
    inventory = write_inventory(
        directory / "inventory", objects, bucket=bucket, project=callers.project, location=LOCATION, window=window
    )
    config = directory / "config"
    config.mkdir(exist_ok=True)
    return Lake(
        directory=directory,
        bucket=bucket,
        env=env,
        location=LOCATION,
        project=callers.project,
        window=window,
        logs_dir=logs_dir,
        inventory_path=inventory,
        checkout_path=write_checkout(directory / "checkout", names),
        mappings_path=write_mappings(config / "bucket_mappings.yaml", names),
        migration_configs_path=write_migration_configs(config / "migration_configs.yaml", names),
        truth_path=_write_truth(directory / "truth.json", bucket, names, env),
        objects=objects,
        events=tuple(ledger.events),
        counts=counts,
    )


def _write_truth(path: Path, bucket: str, names: Names, env: str) -> Path:
    """What an analysis must find, for tests; no other code reads it."""
    verdicts = [
        {
            "key": folder.key,
            "subfolder": folder.subfolder(names),
            **asdict(folder.verdict),
            "target_bucket": f"{names[folder.target]}-{env}" if folder.target else None,
        }
        for folder in FOLDERS
    ]
    path.write_text(json.dumps({"bucket": bucket, "subfolders": verdicts}, indent=2) + "\n", encoding="utf-8")
    return path
