"""What the sandbox lake must come out as: the table that a team would have made by hand."""

from typing import NamedTuple


class Expected(NamedTuple):
    """One row; `target` is the bucket by the lake's mappings, None where the folder stays."""

    temperature: str | None
    priority: str
    tier: int
    phase: int
    target: str | None


VERDICTS: dict[str, Expected] = {
    "archives": Expected("cold", "HIGH", 1, 1, "cold-archive-bucket-{env}"),
    "bigquery_archive_tables": Expected("cold", "HIGH", 1, 1, "legacy-archive-bucket-{env}"),
    "historization": Expected("cold", "HIGH", 1, 1, "archive-bucket-{env}"),
    "QPI_historical": Expected("cold", "HIGH", 1, 2, "seed-data-bucket-{env}"),
    "QPI_mapping": Expected("cold", "HIGH", 1, 2, "seed-data-bucket-{env}"),
    "bigquery_imports/seed": Expected("warm", "MEDIUM", 2, 3, "seed-data-bucket-{env}"),
    "base32-encode": Expected("warm", "MEDIUM", 2, 3, "shared-utilities-bucket-{env}"),
    "QPI_exports": Expected("hot", "LOW", 3, 4, "qpi-import-bucket-{env}"),
    "dms_export": Expected("hot", "LOW", 3, 4, "dms-staging-bucket-{env}"),
    "export/cloudsql_recommendation_tables_to_bigquery": Expected("hot", "LOW", 4, 5, None),
    "elementary_reports": Expected(None, "LOW", 4, 5, None),
    "clickhouse_export": Expected("hot", "LOW", 4, 5, None),
}
