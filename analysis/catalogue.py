"""The catalogue: one DuckDB file that everything known about a bucket goes into and is read from.

`Catalogue.open` reads (everyone), `Catalogue.create_or_migrate` writes (`ingest` and `analyze`). The schema lives in
`sql/migrations/NNN_name.sql`, applied in order and remembered by checksum; the `v_…` views are the analysts' interface,
documented in `docs/catalogue.md`. All timestamps are UTC and carry no zone.

DuckDB lets one process write, or many read. Whoever comes second gets `CatalogueLocked`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from analysis.errors import AnalysisError, BadInput, CatalogueLocked

if TYPE_CHECKING:
    import pandas as pd


MIGRATION_LEDGER = "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER, name VARCHAR, checksum VARCHAR)"


@cache
def load_sql(name: str) -> str:
    """The text of a query in `analysis/sql`, e.g. `ingest/rollup.sql`."""
    return files("analysis").joinpath("sql", *name.split("/")).read_text(encoding="utf-8")


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """(number, name, text) of every migration, in order."""
    folder = files("analysis").joinpath("sql", "migrations")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple((int(name[:3]), name.removesuffix(".sql"), load_sql(f"migrations/{name}")) for name in found)


class Catalogue:
    """An open catalogue; a context manager. `connection` is the DuckDB connection, in UTC."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        self.path = path
        self.connection = connection
        self.read_only = read_only
        # Set by `analysis.sources.privacy` where people are to be replaced by pseudonyms.
        self.pseudonym_key: str | None = None

    @classmethod
    def open(cls, path: Path | str, *, read_only: bool = True) -> Self:
        """Open an existing catalogue. Raises BadInput if there is none, CatalogueLocked if someone writes to it."""
        path = Path(path)
        if not path.is_file():
            raise BadInput(
                f"there is no catalogue at {path}", "run `thermocline ingest` first, or name another --catalogue"
            )
        catalogue = cls(path, _connect(path, read_only=read_only), read_only=read_only)
        try:
            catalogue._check_version()
        except BaseException:
            catalogue.close()
            raise
        return catalogue

    @classmethod
    def create_or_migrate(cls, path: Path | str) -> Self:
        """Open for writing, creating the file or bringing an older one up to date."""
        path = Path(path)
        if not path.parent.is_dir():
            raise BadInput(f"the folder {path.parent} does not exist", "create it, or name another --catalogue")
        catalogue = cls(path, _connect(path, read_only=False), read_only=False)
        try:
            catalogue._migrate()
        except BaseException:
            catalogue.close()
            raise
        return catalogue

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Close. Raises AnalysisError where DuckDB could not write, as on a full disk: a user can mend that."""
        with suppress(duckdb.Error):
            # All that was committed is in the file or its log already; closing only tidies up.
            self.close()
        if isinstance(error, duckdb.Error) and not self.read_only:
            text = _first_line(error)
            if any(word in text.lower() for word in ("could not write", "no space", "too large", "fsync", "truncate")):
                raise AnalysisError(
                    f"{self.path} cannot be written ({text})",
                    "free space, then run the same command again; what was stored before is unharmed",
                ) from error

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All that is written inside is kept, or none of it."""
        self.connection.begin()
        try:
            yield self.connection
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def frame(self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> "pd.DataFrame":
        """The result of a query as a DataFrame."""
        return self.connection.execute(query, parameters).df()

    def evidence(self) -> "pd.DataFrame":
        """Every input read so far: `v_evidence`."""
        return self.frame("FROM v_evidence ORDER BY file_id")

    def coverage(self) -> "pd.DataFrame":
        """Events per day, bucket and log type: `v_coverage`."""
        return self.frame("FROM v_coverage ORDER BY bucket, day, log_type")

    def folders(self) -> "pd.DataFrame":
        """Sums of the latest inventory for every folder at every depth: `v_folder`."""
        return self.frame("FROM v_folder ORDER BY bucket, folder")

    def subfolders(self) -> "pd.DataFrame":
        """What the latest analysis of each bucket says of its subfolders: `v_subfolder`."""
        return self.frame("FROM v_subfolder ORDER BY bucket, subfolder")

    def consumers(self) -> "pd.DataFrame":
        """Who uses which subfolder, from the latest analysis of each bucket: `v_consumer`."""
        return self.frame("FROM v_consumer ORDER BY bucket, subfolder, role, consumer")

    def buckets(self) -> list[str]:
        """Every bucket that a log or an inventory speaks of, by name."""
        rows = self.connection.execute(
            "SELECT bucket FROM v_inventory UNION SELECT bucket FROM v_coverage WHERE bucket <> '' ORDER BY 1"
        ).fetchall()
        return [row[0] for row in rows]

    def _migrate(self) -> None:
        with self.transaction() as connection:
            connection.execute(MIGRATION_LEDGER)
            applied = self._applied()
            for number, name, text in migrations():
                if number in applied:
                    self._check_unchanged(name, text, applied[number])
                    continue
                connection.execute(text)
                connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?)", [number, name, _checksum(text)])

    def _check_version(self) -> None:
        ours = {number for number, _, _ in migrations()}
        try:
            theirs = set(self._applied())
        except duckdb.CatalogException as error:
            raise BadInput(f"{self.path} is a DuckDB file, but no catalogue", "name another --catalogue") from error
        if theirs - ours:
            raise AnalysisError(f"{self.path} was written by a newer thermocline", "upgrade this installation")
        if ours - theirs:
            raise AnalysisError(
                f"{self.path} was written by an older thermocline", "run any `thermocline ingest` on it to upgrade it"
            )

    def _applied(self) -> dict[int, str]:
        return dict(self.connection.execute("SELECT number, checksum FROM schema_migration").fetchall())

    def _check_unchanged(self, name: str, text: str, checksum: str) -> None:
        if _checksum(text) != checksum:
            raise AnalysisError(
                f"{self.path} was made with another text of migration {name}", "make a new catalogue with this version"
            )


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise CatalogueLocked(
                f"another process has {path} open", "wait until it is done, or work on a copy of the file"
            ) from error
        raise BadInput(
            f"{path} cannot be opened as a catalogue ({_first_line(error)})", "name another --catalogue"
        ) from error
    except duckdb.ConnectionException as error:
        raise CatalogueLocked(f"this process already has {path} open", "close the other connection first") from error
    # Nothing here may reach for the network, and every timestamp is UTC whatever the machine's zone.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET enable_progress_bar = false")
    return connection


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
