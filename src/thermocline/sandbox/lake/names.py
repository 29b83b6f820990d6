"""Every name the lake shows, behind a structural key, so that a twin lake differs in names and in nothing else.

A key says what a thing is in the lake's own terms (`folder.archives`, `dag.import_qpi`, `principal.scheduler`); the
value is what the data, the logs and the code call it. `DOCUMENT_NAMES` gives the names that the documentation uses;
`random_names(seed)` replaces each by a made-up word, in the same shape.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["DOCUMENT_NAMES", "SEED_TABLES", "Names", "random_names"]

SEED_TABLES = (
    *("regions", "departments", "communes", "cantons", "epci", "zones_rurales", "qpv_2024", "iris_population"),
    *("academies", "postal_codes", "institutions", "institution_metadata", "institution_programs"),
    *("institution_densities", "schools", "universities", "school_types", "provinces_institutions"),
    *("venue_types", "venue_labels", "venue_rules", "offerer_tags", "offerer_naf", "siren_reference"),
    *("siren_partners", "categories", "subcategories", "subcategories_rules", "macro_ratings", "genre_labels"),
    *("rayon_labels", "titelive_formats", "priority_offerers", "booking_deadlines", "deposit_amounts"),
    *("deposit_types", "reimbursement_rules", "finance_codes", "cost_centres", "budget_lines"),
    *("activity_codes", "activity_goals", "diversity_weights", "gdpr_retention", "gdpr_fields"),
    *("consent_purposes", "legal_notices", "holiday_calendar", "school_calendar", "time_zones"),
    *("currency_rates", "country_codes"),
)
"""Reference tables below the seed folder: 52 of them."""

_DOCUMENT = {
    "bucket": "data-bucket",
    "bucket.stage": "data-bucket-refresh",
    "bucket.inventory": "data-inventory-reports",
    "target.archives": "cold-archive-bucket",
    "target.bigquery_archive_tables": "legacy-archive-bucket",
    "target.historization": "archive-bucket",
    "target.seed": "seed-data-bucket",
    "target.base32": "shared-utilities-bucket",
    "target.qpi": "qpi-import-bucket",
    "target.dms": "dms-staging-bucket",
    "target.recommendation": "recommendation-sync-bucket",
    "target.clickhouse": "clickhouse-staging-bucket",
    "usecase.seed": "bigquery_imports_seed",
    "usecase.qpi": "qpi_exports",
    "usecase.recommendation": "recommendation_sync",
    "project": "analytics-team",
    "project.partner": "questionnaire-platform",
    "folder.archives": "archives",
    "folder.bigquery_archive_tables": "bigquery_archive_tables",
    "folder.historization": "historization",
    "folder.tracking": "tracking",
    "folder.int_firebase": "int_firebase",
    "folder.api_reco": "api_reco",
    "folder.applicative": "applicative",
    "mapped.root": "archives",
    "mapped.tracking": "firebase_tracking",
    "mapped.int_firebase": "firebase_events",
    "mapped.api_reco": "recommendation",
    "mapped.applicative": "database_snapshots",
    "folder.QPI_historical": "QPI_historical",
    "folder.QPI_mapping": "QPI_mapping",
    "folder.imports": "bigquery_imports",
    "folder.seed": "seed",
    "folder.base32": "base32-encode",
    "folder.QPI_exports": "QPI_exports",
    "folder.dms_export": "dms_export",
    "folder.export": "export",
    "folder.cloudsql": "cloudsql_recommendation_tables_to_bigquery",
    "folder.elementary_reports": "elementary_reports",
    "folder.clickhouse_export": "clickhouse_export",
    "folder.clickhouse_stage": "export",
    "folder.ml_features": "ml_features",
    "folder.partner_export": "partner_catalogue_export",
    "file.qpi_answers": "qpi_answers",
    "file.qpi_historical": "qpi_answers_historical",
    "file.qpi_mapping": "qpi_mapping",
    "file.base32": "base32",
    "file.dms": "dms",
    "file.dms_young": "jeunes",
    "file.dms_pro": "pro",
    "file.elementary_report": "elementary_report",
    "file.root": "how_to_use_this_bucket.txt",
    "dag.archive_partition": "bigquery_archive_partition",
    "dag.historize": "bigquery_historize_applicative_database",
    "dag.import_qpi": "import_qpi",
    "dag.import_dms": "import_dms_subscriptions",
    "dag.seed": "import_reference_seeds",
    "dag.sync": "sync_bigquery_to_cloudsql_recommendation_tables",
    "dag.artifacts": "dbt_artifacts",
    "dag.clickhouse": "export_clickhouse",
    "dag.partner": "export_partner_catalogue",
    "dag.features": "build_ml_features",
    "job.dms": "dms",
    "job.parse_dms": "parse_dms_subscriptions_to_tabular",
    "job.gcs_seed": "gcs_seed",
    "job.seed_refresh": "seed-refresh",
    "code.dbt": "data_gcp_dbt",
    "code.udf": "base32_udf",
    "principal.scheduler": "airflow-composer",
    "principal.etl": "etl-jobs",
    "principal.partner": "qpi-exporter",
    "principal.antivirus": "file-guard",
    "principal.dashboard": "metabase-dashboards",
    "principal.bi": "looker-studio-reader",
    "principal.refresh": "env-refresh",
    "principal.features": "vertex-training",
    "principal.thermocline": "bucket-analysis",
    "person.analyst": "analyst",
    "person.analyst2": "second.analyst",
    "person.engineer": "data.engineer",
    "person.owner": "product.owner",
    "person.outsider": "contractor",
    "table.archive.0": "booking_2019",
    "table.archive.1": "offer_snapshot",
    "table.archive.2": "user_suspension_history",
    "table.archive.3": "firebase_events_2020",
    "table.archive.4": "adage_participation",
    "table.legacy.0": "matomo_visits",
    "table.legacy.1": "old_recommendation_log",
    "table.legacy.2": "typeform_answers",
    "table.tracking.0": "past_offer_context",
    "table.tracking.1": "native_event",
    "table.tracking.2": "pro_event",
    "table.int_firebase.0": "app_screen_view",
    "table.int_firebase.1": "app_consultation",
    "table.api_reco.0": "playlist_offer_log",
    "table.api_reco.1": "similar_offer_log",
    "table.applicative.0": "applicative_database_user",
    "table.applicative.1": "applicative_database_booking",
    "table.applicative.2": "applicative_database_stock",
    "table.applicative.3": "applicative_database_offerer",
    "table.applicative.4": "applicative_database_deposit",
    "table.cloudsql.0": "recommendable_offers_raw",
    "table.cloudsql.1": "enriched_user_mv",
    "table.cloudsql.2": "non_recommendable_items",
    "table.clickhouse.0": "exported_bookings",
    "table.clickhouse.1": "exported_offers",
    "table.feature.0": "user_embedding",
    "table.feature.1": "item_embedding",
    "table.feature.2": "click_through",
    **{f"table.seed.{i}": name for i, name in enumerate(SEED_TABLES)},
}


@dataclass(frozen=True)
class Names:
    """The lake's vocabulary: structural key → the name shown."""

    values: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.values[key]

    def tables(self, family: str) -> list[str]:
        """The names of one family of tables, in a fixed order."""
        return list(self._family(f"table.{family}."))

    def _family(self, start: str) -> Iterator[str]:
        index = 0
        while (name := self.values.get(f"{start}{index}")) is not None:
            yield name
            index += 1

    def render(self, text: str, **more: str) -> str:
        """Replace each `@@key@@` in a template; an unknown key is an error (KeyError)."""
        return re.sub(r"@@([\w.]+)@@", lambda match: more.get(match[1]) or self.values[match[1]], text)


DOCUMENT_NAMES = Names(_DOCUMENT)

_ONSETS = (*"bdfgjklmnprstvz", "br", "dr", "kl", "pr", "st", "tr")
_NUCLEI = (*"aeiou", "ai", "ou")


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(rng.choice((2, 3, 3))))


def random_names(seed: int) -> Names:
    """Fresh names for everything, equal for equal seeds; separators stay, words and their number do not."""
    rng = random.Random(f"names:{seed}")
    used: set[str] = set(_DOCUMENT.values())
    values = {}
    for key, original in _DOCUMENT.items():
        separator = next((mark for mark in "-_." if mark in original.removesuffix(".txt")), "_")
        candidate = original
        while candidate in used:
            candidate = separator.join(_word(rng) for _ in range(rng.choice((1, 2, 2))))
            if key == "file.root":
                candidate += ".txt"
        used.add(candidate)
        values[key] = candidate
    return Names(values)
