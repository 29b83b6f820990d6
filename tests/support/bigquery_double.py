"""A small BigQuery on this machine: it executes the SQL it is sent (by sqlglot, on DuckDB) and speaks the REST API.

It knows tables, tables per day under a wildcard, dry runs, `maximumBytesBilled`, and permissions (`granted`).
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

import duckdb
import sqlglot
from sqlglot import exp

CREATE_JOBS, READ_ROWS = "bigquery.jobs.create", "bigquery.tables.getData"
GET_TABLE, LIST_TABLES = "bigquery.tables.get", "bigquery.tables.list"

Tree = dict[str, Any]  # name -> type name, nested Tree (a struct), or [Tree] (an array of structs)
# The table of a log sink, as far as anybody reads it.
CALLER: Tree = {
    "principalEmail": "STRING",
    "principalSubject": "STRING",
    "serviceAccountKeyName": "STRING",
    "serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": "STRING"}}],
}
PAYLOAD: Tree = {
    "serviceName": "STRING",
    "methodName": "STRING",
    "resourceName": "STRING",
    "status": {"code": "INT64"},
    "authenticationInfo": CALLER,
    "requestMetadata": {"callerSuppliedUserAgent": "STRING"},
    "authorizationInfo": [{"resource": "STRING", "permission": "STRING", "granted": "BOOL"}],
    "metadataJson": "STRING",
}
LABELS: Tree = {"bucket_name": "STRING", "location": "STRING", "project_id": "STRING"}
SINK: Tree = {
    "logName": "STRING",
    "timestamp": "TIMESTAMP",
    "insertId": "STRING",
    "resource": {"type": "STRING", "labels": LABELS},
    "protopayload_auditlog": PAYLOAD,
}
PROJECT = "local"
BYTES_PER_ROW = 1_000
_TYPES = {"STRING": "VARCHAR", "INT64": "BIGINT", "BOOL": "BOOLEAN", "TIMESTAMP": "TIMESTAMP", "JSON": "JSON"}


def duck_type(kind: Any) -> str:
    if isinstance(kind, list):
        return f"{duck_type(kind[0])}[]"
    if isinstance(kind, dict):
        return "STRUCT(" + ", ".join(f'"{name}" {duck_type(inner)}' for name, inner in kind.items()) + ")"
    return _TYPES[kind]


def api_schema(tree: Tree) -> list[dict[str, Any]]:
    fields = []
    for name, kind in tree.items():
        inner = kind[0] if isinstance(kind, list) else kind
        field: dict[str, Any] = {"name": name, "mode": "REPEATED" if isinstance(kind, list) else "NULLABLE"}
        if isinstance(inner, dict):
            field |= {"type": "RECORD", "fields": api_schema(inner)}
        else:
            field["type"] = {"INT64": "INTEGER", "BOOL": "BOOLEAN"}.get(inner, inner)
        fields.append(field)
    return fields


class Denied(Exception):
    """A permission is missing; the message is the service's."""


class BigQueryDouble:
    def __init__(self) -> None:
        self.granted = frozenset({CREATE_JOBS, READ_ROWS, GET_TABLE, LIST_TABLES})
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.tables: dict[tuple[str, str], Tree] = {}
        self.results: dict[str, tuple[list[Any], list[Any]]] = {}
        self.queries: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.before_answer: Callable[[], None] = lambda: None

    def add_table(self, dataset: str, table: str, tree: Tree, rows: list[dict[str, Any]]) -> None:
        self.tables[dataset, table] = tree
        columns = ", ".join(f'"{name}" {duck_type(kind)}' for name, kind in tree.items())
        self.connection.execute(f'CREATE TABLE "{dataset}.{table}" ({columns})')
        if rows:
            shape = json.dumps([_as_shape(tree)])
            self.connection.execute(
                f'INSERT INTO "{dataset}.{table}" SELECT unnest(from_json(?, ?), max_depth := 2)',
                [json.dumps(rows), shape],
            )

    def run(self, config: dict[str, Any]) -> tuple[list[Any], list[Any], int]:
        """(columns, rows, bytes scanned) of a query."""
        self.queries.append(config)
        tree = sqlglot.parse_one(config["query"], read="bigquery")
        scanned = 0
        for table in list(tree.find_all(exp.Table)):
            if not table.db and "." not in table.name:
                continue
            dataset, name = (table.db, table.name) if table.db else table.name.split(".")[-2:]
            if READ_ROWS not in self.granted:
                # The one refusal that does not name its permission.
                where = f"{PROJECT}:{dataset}.{name}"
                said = f"User does not have permission to query table {where}, or perhaps it does not exist."
                raise Denied(f"Access Denied: Table {where}: {said}")
            relation, rows = self._relation(dataset, name)
            scanned += rows * BYTES_PER_ROW
            subquery = sqlglot.parse_one(relation, read="duckdb")
            table.replace(exp.Subquery(this=subquery, alias=exp.TableAlias(this=exp.to_identifier("r"))))
        sql = tree.sql(dialect="duckdb")
        parameters = {item["name"]: item["parameterValue"]["value"] for item in config.get("queryParameters", [])}
        sql = re.sub(r"[@$](\w+)", lambda m: _literal(config, m[1]) if m[1] in parameters else m[0], sql)
        if config.get("dryRun"):
            return [], [], scanned
        with self._lock:
            cursor = self.connection.execute(sql)
            return list(cursor.description or []), cursor.fetchall(), scanned

    def demand(self, permission: str, kind: str, name: str) -> None:
        """Raise unless the permission on this table or dataset is granted."""
        if permission not in self.granted:
            said = f"Permission {permission} denied on {kind.lower()} {name} (or it may not exist)."
            raise Denied(f"Access Denied: {kind} {name}: {said}")

    def _relation(self, dataset: str, name: str) -> tuple[str, int]:
        if name.endswith("*"):
            stem = name.rstrip("*")
            names = [table for data, table in self.tables if data == dataset and table.startswith(stem)]
            parts = [f"SELECT *, '{table[len(stem) :]}' AS _TABLE_SUFFIX FROM \"{dataset}.{table}\"" for table in names]  # noqa: S608
            sql = " UNION ALL BY NAME ".join(parts)
        else:
            sql = f'SELECT * FROM "{dataset}.{name}"'  # noqa: S608
        (rows,) = self.connection.execute(f"SELECT count(*) FROM ({sql})").fetchone() or (0,)  # noqa: S608
        return sql, rows


def _literal(config: dict[str, Any], name: str) -> str:
    item = next(item for item in config["queryParameters"] if item["name"] == name)
    value = item["parameterValue"]["value"]
    return f"TIMESTAMP '{value}'" if item["parameterType"]["type"] == "TIMESTAMP" else f"'{value}'"


def _as_shape(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_as_shape(kind[0])]
    if isinstance(kind, dict):
        return {name: _as_shape(inner) for name, inner in kind.items()}
    return _TYPES[kind]


def _api_type(kind: str) -> str:
    return {"BIGINT": "INTEGER", "HUGEINT": "INTEGER", "BOOLEAN": "BOOLEAN", "DATE": "DATE"}.get(
        kind.split("(", maxsplit=1)[0], "TIMESTAMP" if kind.startswith("TIMESTAMP") else "STRING"
    )


def _api_value(value: Any) -> Any:
    import datetime as dt

    if isinstance(value, dt.datetime):
        return str(int(value.replace(tzinfo=dt.UTC).timestamp()) * 1_000_000 + value.microsecond)
    return None if value is None else str(value)


@contextmanager
def running_bigquery() -> Iterator[tuple[BigQueryDouble, str]]:  # noqa: C901  one handler, one closure
    """The double and the address of its API."""
    double = BigQueryDouble()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def answer(self, body: dict[str, Any], status: int = 200) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def refuse(self, status: int, reason: str, message: str) -> None:
            errors = [{"reason": reason, "message": message}]
            self.answer({"error": {"code": status, "message": message, "errors": errors}}, status)

        def do_GET(self) -> None:
            double.before_answer()
            try:
                self.read()
            except Denied as error:
                self.refuse(403, "accessDenied", str(error))

        def read(self) -> None:
            url = urlparse(self.path)
            parts = url.path.split("/bigquery/v2/projects/")[1].split("/")
            if parts[1] == "queries":
                self.answer(self.page(parts[2], parse_qs(url.query)))
            elif parts[-1] == "data":
                self.answer(self.page(parts[4], parse_qs(url.query)))
            elif parts[1] == "jobs":
                self.answer(self.job(parts[2], {}, 0))
            elif len(parts) == 4:
                self.list_tables(parts[2])
            else:
                self.show_table(parts[2], parts[4])

        def list_tables(self, wanted: str) -> None:
            double.demand(LIST_TABLES, "Dataset", f"{PROJECT}:{wanted}")
            tables = [
                {"tableReference": {"projectId": PROJECT, "datasetId": wanted, "tableId": name}}
                for dataset, name in double.tables
                if dataset == wanted
            ]
            self.answer({"tables": tables, "totalItems": len(tables)})

        def show_table(self, dataset: str, table: str) -> None:
            double.demand(GET_TABLE, "Table", f"{PROJECT}:{dataset}.{table}")
            if (dataset, table) in double.tables:
                reference = {"projectId": PROJECT, "datasetId": dataset, "tableId": table}
                schema = {"fields": api_schema(double.tables[dataset, table])}
                self.answer({"tableReference": reference, "schema": schema})
            else:
                self.refuse(404, "notFound", "Not found: Table")

        def do_POST(self) -> None:
            double.before_answer()
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                raw = gzip.decompress(raw)
            body = json.loads(raw)
            config = body["configuration"]
            query = {**config["query"], "dryRun": config.get("dryRun", False)}
            if CREATE_JOBS not in double.granted:
                said = f"User does not have {CREATE_JOBS} permission in project {PROJECT}."
                self.refuse(403, "accessDenied", f"Access Denied: Project {PROJECT}: {said}")
                return
            try:
                columns, rows, scanned = double.run(query)
            except Denied as error:
                self.refuse(403, "accessDenied", str(error))
                return
            except Exception as error:  # noqa: BLE001  whatever is wrong with the query is the caller's to see
                self.refuse(400, "invalidQuery", str(error))
                return
            limit = int(query.get("maximumBytesBilled") or scanned)
            if not query["dryRun"] and scanned > limit:
                self.refuse(400, "bytesBilledLimitExceeded", f"Query exceeded limit for bytes billed: {limit}")
                return
            name = body["jobReference"]["jobId"]
            double.results[name] = (columns, rows)
            self.answer(self.job(name, config, scanned))

        def job(self, name: str, config: dict[str, Any], scanned: int) -> dict[str, Any]:
            return {
                "kind": "bigquery#job",
                "id": f"{PROJECT}:US.{name}",
                "jobReference": {"projectId": PROJECT, "jobId": name, "location": "US"},
                "configuration": {
                    "jobType": "QUERY",
                    "query": {**config.get("query", {}), "destinationTable": _result_table(name)},
                },
                "status": {"state": "DONE"},
                "statistics": {
                    "totalBytesProcessed": str(scanned),
                    "query": {"totalBytesProcessed": str(scanned), "statementType": "SELECT"},
                },
            }

        def page(self, name: str, asked: dict[str, list[str]]) -> dict[str, Any]:
            columns, rows = double.results[name]
            start = int(asked.get("pageToken", ["0"])[0])
            size = min(int(asked.get("maxResults", ["25"])[0]), 25)
            fields = [{"name": c[0], "type": _api_type(str(c[1])), "mode": "NULLABLE"} for c in columns]
            body: dict[str, Any] = {
                "jobComplete": True,
                "jobReference": {"projectId": PROJECT, "jobId": name, "location": "US"},
                "schema": {"fields": fields},
                "totalRows": str(len(rows)),
            }
            if size:
                body["rows"] = [{"f": [{"v": _api_value(v)} for v in row]} for row in rows[start : start + size]]
            if start + size < len(rows) and size:
                body["pageToken"] = str(start + size)
            return body

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield double, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        double.connection.close()


def _result_table(job: str) -> dict[str, str]:
    return {"projectId": PROJECT, "datasetId": "anonymous", "tableId": job}
