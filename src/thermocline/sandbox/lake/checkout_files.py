"""The team's code, as a checkout: templates with `@@key@@` for every name, in their text and in their paths."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from thermocline.sandbox.lake.names import Names

__all__ = ["CHECKOUT", "template", "write_checkout"]

CHECKOUT = {
    "orchestration/dags/common/config.py": "config.py.tmpl",
    "orchestration/dags/common/__init__.py": None,
    "orchestration/dags/common/operators.py": "operators.py.tmpl",
    "orchestration/dags/jobs/administration/@@dag.archive_partition@@.py": "archive_partition.py.tmpl",
    "orchestration/dags/jobs/administration/@@dag.historize@@.py": "historize.py.tmpl",
    "orchestration/dags/jobs/import/@@dag.import_qpi@@.py": "import_qpi.py.tmpl",
    "orchestration/dags/jobs/import/@@dag.import_dms@@.py": "import_dms.py.tmpl",
    "orchestration/dags/jobs/import/@@dag.seed@@.py": "import_seeds.py.tmpl",
    "orchestration/dags/jobs/api/@@dag.sync@@.py": "sync_cloudsql.py.tmpl",
    "orchestration/dags/jobs/dbt/@@dag.artifacts@@.py": "dbt_artifacts.py.tmpl",
    "orchestration/dags/jobs/export/@@dag.clickhouse@@.py": "export_clickhouse.py.tmpl",
    "orchestration/dags/jobs/export/@@dag.partner@@.py": "export_partner.py.tmpl",
    "orchestration/dags/jobs/ml/@@dag.features@@.py": "build_features.py.tmpl",
    "orchestration/dags/@@code.dbt@@/macros/function_utils/udf_js/@@code.udf@@.sql": "udf_encode.sql.tmpl",
    "orchestration/dags/@@code.dbt@@/macros/function_utils/udf_js/@@code.udf@@_decode.sql": "udf_decode.sql.tmpl",
    "jobs/etl_jobs/external/@@job.dms@@/main.py": "dms_main.py.tmpl",
    "jobs/etl_jobs/external/@@job.dms@@/@@job.parse_dms@@.py": "dms_parse.py.tmpl",
    "jobs/etl_jobs/internal/@@job.gcs_seed@@/main.py": "seed_main.py.tmpl",
    "jobs/etl_jobs/internal/@@job.gcs_seed@@/refresh_pipeline.py": "seed_refresh.py.tmpl",
    "docs/buckets.md": "buckets.md.tmpl",
}
"""Path in the checkout → template; `None` is an empty file. No program names the legacy archive."""


def template(name: str) -> str:
    return files("thermocline.sandbox.lake").joinpath("checkout", name).read_text(encoding="utf-8")


def write_checkout(directory: Path, names: Names) -> Path:
    """Write the checkout below `directory`; returns it."""
    tables = "\n".join(f'    "{name}": "{suffix}",' for name, suffix in _seed_files(names))
    for path, source in CHECKOUT.items():
        target = directory / names.render(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = names.render(template(source), seed_tables=tables) if source else ""
        target.write_text(text, encoding="utf-8")
    return directory


def _seed_files(names: Names) -> list[tuple[str, str]]:
    return [(table, ("csv", "parquet", "avro")[n % 3]) for n, table in enumerate(names.tables("seed"))]
