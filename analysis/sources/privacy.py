"""`--pseudonymise`: people's addresses become keyed hashes, the same person always the same one.

The key lies in a file beside the catalogue, readable by its owner only; without it nobody can check who a pseudonym
is. A catalogue that was pseudonymised once stays so: later ingests do it unasked, and what was there is rewritten:
accesses, rejected lines, and whatever analyses said. The domain stays, because who is external is judged by it.
"""

import hashlib
import re
import secrets
from pathlib import Path

import duckdb

from analysis.catalogue import Catalogue, load_sql
from analysis.errors import BadInput
from analysis.whole_files import write_whole

_PERSON = re.compile(r"[\w.+-]+@(?P<domain>[\w-]+(?:\.[\w-]+)+)")


def key_file_of(catalogue: Path) -> Path:
    """Where a catalogue's key lies unless another file is named."""
    return catalogue.with_name(catalogue.name + ".pseudonym-key")


def protect(catalogue: Catalogue, *, wanted: bool, key_file: Path | None = None) -> None:
    """Turn pseudonyms on where they are wanted or were turned on before. Raises BadInput for a missing or wrong key."""
    row = catalogue.connection.execute("SELECT key_fingerprint FROM pseudonym_setting").fetchone()
    if row is None and not wanted:
        return
    path = key_file or key_file_of(catalogue.path)
    if not path.is_file():
        if row is not None:
            raise BadInput(
                f"{catalogue.path} holds pseudonyms, but their key {path} is missing", "put the key file back"
            )
        try:
            write_whole({path: secrets.token_hex(32) + "\n"}, private=True)
        except OSError as error:
            raise BadInput(f"cannot write the key {path} ({error.strerror})", "free space, or name another") from error
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if not key:
        # Pseudonyms made with it would be anybody's to make.
        raise BadInput(f"the key {path} is empty", "put the right file back, or delete an empty one of a first run")
    fingerprint = hashlib.sha256(f"fingerprint {key}".encode()).hexdigest()[:16]
    if row is not None and row[0] != fingerprint:
        raise BadInput(f"{path} is not the key of the pseudonyms in {catalogue.path}", "name the right --pseudonym-key")
    catalogue.pseudonym_key = key
    if row is None:
        with catalogue.transaction() as connection:
            connection.execute("INSERT INTO pseudonym_setting VALUES (?)", [fingerprint])
            connection.execute(load_sql("ingest/pseudonym.sql"))
            _hide_in_analyses(connection, key)
            connection.execute(load_sql("ingest/hide_people_in_access.sql"), {"key": key})
            _hide_in_rejects(connection)


def _hide_in_analyses(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Put pseudonyms into the sentences and lists of earlier analyses, person by person; this happens once."""
    people = connection.execute(load_sql("ingest/list_people.sql"), {"key": key}).fetchall()
    for table, column, is_list in connection.execute(load_sql("ingest/text_columns.sql")).fetchall():
        text = f"list_transform({column}, lambda t: replace(t, $1, $2))" if is_list else f"replace({column}, $1, $2)"
        found = f"contains({column}::VARCHAR, $1)"
        for identity, shown in people:
            # Names of tables and columns, out of the catalogue's own schema.
            connection.execute(f"UPDATE {table} SET {column} = {text} WHERE {found}", [identity, shown])  # noqa: S608


def _hide_in_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("SELECT rowid, text FROM reject WHERE contains(text, '@')").fetchall()
    for row_id, text in rows:
        connection.execute("UPDATE reject SET text = ? WHERE rowid = ?", [hide_people(text), row_id])


def hide_people(text: str) -> str:
    """A rejected line without the addresses of people; services keep theirs."""

    def hide(match: re.Match[str]) -> str:
        return match[0] if match["domain"].endswith("gserviceaccount.com") else f"…@{match['domain']}"

    return _PERSON.sub(hide, text)
