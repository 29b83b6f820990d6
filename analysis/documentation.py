"""Writes `docs/catalogue.md` from the comments on the catalogue's views, so that it cannot drift from the schema.

`python -m analysis.documentation docs/catalogue.md`
"""

import sys
import tempfile
from pathlib import Path

from analysis.catalogue import Catalogue

_HEAD = """# The catalogue

Everything that Thermocline knows about a bucket is in one DuckDB file. Open it read-only with anything that speaks
DuckDB; the views below are the interface, the tables behind them may change. Times are UTC. This page is generated
from the comments on the views (`python -m analysis.documentation docs/catalogue.md`), and a test holds it to them.

```sql
-- Who read what last, among services and people:
SELECT folder, principal, agent, max(last_at) AS last_read
FROM v_access WHERE op = 'read' AND outcome = 'ok' AND copied_to = '' GROUP BY ALL ORDER BY last_read;
```

What the numbers mean:

- `lines = kept + duplicates + rejected + not_storage` for every input in `v_evidence`.
- An event is known by its log, its time to the microsecond and its insert id; parts of a split entry are one event.
- A folder is the directory of an object with its closing slash, six levels at most; lists have none.
- A day that came home from BigQuery as a rollup counts as a whole: log files of it are duplicates, and vice versa.
- Addresses of callers are not stored, in no table.
"""


def describe(catalogue: Catalogue) -> str:
    """The page, as Markdown."""
    views = catalogue.connection.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE starts_with(view_name, 'v_') ORDER BY view_name"
    ).fetchall()
    parts = [_HEAD]
    for name, comment in views:
        columns = catalogue.connection.execute(
            "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns() WHERE table_name = ? "
            "ORDER BY column_index",
            [name],
        ).fetchall()
        rows = "\n".join(f"| `{column}` | {kind} | {text} |" for column, kind, text in columns)
        parts.append(f"\n## {name}\n\n{comment}\n\n| column | type | |\n|---|---|---|\n{rows}\n")
    return "".join(parts)


def main(path: str) -> None:
    """Write the page for an empty catalogue of this version."""
    with tempfile.TemporaryDirectory() as folder, Catalogue.create_or_migrate(Path(folder) / "c.duckdb") as catalogue:
        Path(path).write_text(describe(catalogue), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
