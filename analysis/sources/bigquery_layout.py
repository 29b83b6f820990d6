"""Recognises how logs lie in BigQuery: a partitioned table, one table per day, or a Log Analytics view.

A sink's table has only the columns that some entry has had, so every field that may be missing is looked up first.
"""

import re
from dataclasses import dataclass
from typing import Any

from analysis.catalogue import load_sql
from analysis.errors import AnalysisError, BadInput
from analysis.sources.rights import advice

_TABLE = re.compile(r"(?P<dataset>[A-Za-z0-9_:.-]+\.[A-Za-z0-9_]+)\.(?P<table>[A-Za-z0-9_$-]+\*?)")
_TEXT = "CAST(NULL AS STRING)"


@dataclass(frozen=True)
class Layout:
    """A log table and which of the fields we ask for it has."""

    table: str  # project.dataset.table; with `_*` at its end for one table per day
    analytics: bool  # snake_case columns of Log Analytics
    sharded: bool
    fields: frozenset[str]  # dotted paths, lower case

    def entries(self) -> str:
        """The query for its entries under common names."""
        sql = query_text("entries_analytics" if self.analytics else "entries_sink")
        root = "proto_payload.audit_log" if self.analytics else "protopayload_auditlog"
        spelt = _snake if self.analytics else str
        caller = f"{root}.{spelt('authenticationInfo')}"
        labels = "resource.labels"
        filled = {
            "table": f"`{self.table}`",
            "suffix": "_TABLE_SUFFIX BETWEEN @first_shard AND @last_shard" if self.sharded else "TRUE",
            "status_code": self._field(f"{root}.status.code", "0"),
            "principal": self._field(f"{caller}.{spelt('principalEmail')}"),
            "subject": self._field(f"{caller}.{spelt('principalSubject')}"),
            "key_name": self._field(f"{caller}.{spelt('serviceAccountKeyName')}"),
            "delegation": self._delegation(f"{caller}.{spelt('serviceAccountDelegationInfo')}", spelt),
            "user_agent": self._field(f"{root}.{spelt('requestMetadata')}.{spelt('callerSuppliedUserAgent')}"),
            "metadata": self._metadata(root),
            "bucket": self._label(labels, "bucket_name"),
            "location": self._label(labels, "location"),
            "project": self._label(labels, "project_id"),
            "other_payload": self._other_payload(spelt),
        }
        for name, text in filled.items():
            sql = sql.replace(f"{{{name}}}", text)
        return sql

    def _has(self, path: str) -> bool:
        return path.lower() in self.fields

    def _field(self, path: str, missing: str = _TEXT) -> str:
        return path if self._has(path) else missing

    def _delegation(self, path: str, spelt: Any) -> str:
        if not self._has(path):
            return _TEXT
        options = [f"{spelt('firstPartyPrincipal')}.{spelt('principalEmail')}", spelt("principalSubject")]
        names = ", ".join(f"d.{option}" for option in options if self._has(f"{path}.{option}"))
        if not names:
            return _TEXT
        # Names of columns, found in the table's schema.
        return f"(SELECT STRING_AGG(COALESCE({names}, ''), ',') FROM UNNEST({path}) AS d)"  # noqa: S608

    def _metadata(self, root: str) -> str:
        """Metadata is a JSON text in a sink's table and a JSON column in Log Analytics."""
        return self._field(f"{root}.metadata" if self.analytics else f"{root}.metadataJson")

    def _label(self, labels: str, name: str) -> str:
        # In Log Analytics the labels are one JSON column.
        if self._has(f"{labels}.{name}"):
            return f"{labels}.{name}"
        return f"JSON_VALUE({labels}, '$.{name}')" if self.analytics and self._has(labels) else _TEXT

    def _other_payload(self, spelt: Any) -> str:
        present = [name for name in (spelt("textPayload"), spelt("jsonPayload")) if self._has(name)]
        return " OR ".join(f"{name} IS NOT NULL" for name in present) or "FALSE"


def query_text(name: str) -> str:
    """A query that runs in BigQuery, without the comments above it: they name the places that are filled in."""
    lines = load_sql(f"bigquery/{name}.sql").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))


def recognise(client: Any, table: str) -> Layout:
    """Look a table up. Raises BadInput where it is no table of audit logs."""
    from google.api_core.exceptions import GoogleAPICallError

    match = _TABLE.fullmatch(table)
    if match is None:
        raise BadInput(f"{table!r} is no table", "write it as project.dataset.table")
    try:
        found = None if table.endswith("*") else _get_table(client, table)
        sharded = found is None
        if found is None:
            stem = match["table"].rstrip("*").rstrip("_")
            found = client.get_table(f"{match['dataset']}.{_newest_shard(client, match['dataset'], stem)}")
            table = f"{match['dataset']}.{stem}_*"
    except GoogleAPICallError as error:
        raise AnalysisError(
            f"{table} cannot be looked up ({error.message})",
            advice(str(error.message), "check the name and your rights"),
        ) from error
    fields = frozenset(_paths(found.schema))
    if "proto_payload.audit_log.methodname" in fields or "proto_payload.audit_log.method_name" in fields:
        return Layout(table, True, sharded, fields)
    if "protopayload_auditlog.methodname" in fields:
        return Layout(table, False, sharded, fields)
    raise BadInput(f"{table} holds no audit logs", "name the table of a log sink, or the _AllLogs view")


def _get_table(client: Any, table: str) -> Any:
    from google.api_core.exceptions import NotFound

    try:
        return client.get_table(table)
    except NotFound:
        return None


def _newest_shard(client: Any, dataset: str, stem: str) -> str:
    shard = re.compile(rf"{re.escape(stem)}_\d{{8}}")
    names = [str(item.table_id) for item in client.list_tables(dataset)]
    shards = [name for name in names if shard.fullmatch(name)]
    if not shards:
        raise BadInput(f"there is no table {dataset}.{stem}, nor one per day", "check the name")
    return max(shards)


def _paths(fields: Any, above: str = "") -> list[str]:
    found = []
    for field in fields:
        path = f"{above}{field.name.lower()}"
        found += [path, *_paths(field.fields, f"{path}.")]
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
