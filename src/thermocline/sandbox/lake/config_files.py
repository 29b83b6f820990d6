"""The two configuration files of the demonstration: where each subfolder goes, and how each use case migrates."""

from __future__ import annotations

from pathlib import Path

from thermocline.sandbox.lake.checkout_files import template
from thermocline.sandbox.lake.folders import FOLDERS
from thermocline.sandbox.lake.names import Names

__all__ = ["write_mappings", "write_migration_configs"]


def write_mappings(path: Path, names: Names) -> Path:
    """`bucket_mappings.yaml`: the source bucket, and a target bucket per subfolder that moves."""
    lines = [
        "# Which bucket each subfolder of the source bucket moves to. {env} is the environment of the run.",
        f"source_bucket: {names['bucket']}-{{env}}",
        "mappings:",
    ]
    lines += [f"  {it.subfolder(names)}: {names[it.target]}-{{env}}" for it in FOLDERS if it.target]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_migration_configs(path: Path, names: Names) -> Path:
    """`migration_configs.yaml`: six use cases in the form that migration teams write by hand."""
    path.write_text(names.render(template("migration_configs.yaml.tmpl")), encoding="utf-8")
    return path
