"""Addresses in SQL: the statement around one tells whether it is read or written."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from analysis.references.locations import Location, embedded
from analysis.references.model import Role, Site
from analysis.references.text import Text

_SQL = re.compile(
    r"\b(?:select|export\s+(?:data|model)|load\s+data|create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:external|function|table|stage|model|foreign|view|aggregate|snapshot|procedure)|"
    r"copy\s|insert\s+(?:into|overwrite)|location\s+'|merge\s+into|unload\b|library\s*=|read_(?:parquet|csv|json)|options\s*\(|from\s+files)",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"gs://|gcs://|storage\.(?:googleapis|cloud\.google)\.com|/gcs/", re.IGNORECASE)

# The nearest of these before an address decides; the order breaks no ties, positions do.
_RULES: tuple[tuple[re.Pattern[str], Role, str], ...] = (
    (re.compile(r"\bexport\s+data\b", re.IGNORECASE), "write", "EXPORT DATA"),
    (re.compile(r"\bexport\s+model\b", re.IGNORECASE), "write", "EXPORT MODEL"),
    (re.compile(r"\bload\s+data\b", re.IGNORECASE), "read", "LOAD DATA"),
    (
        re.compile(
            r"\bcreate\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:external|foreign)\s+table\b", re.IGNORECASE
        ),
        "read",
        "CREATE EXTERNAL TABLE",
    ),
    (re.compile(r"\b(?:create\s+(?:or\s+replace\s+)?|alter\s+)table\b", re.IGNORECASE), "read", "CREATE TABLE"),
    (re.compile(r"\bcreate\s+(?:or\s+replace\s+)?model\b", re.IGNORECASE), "read", "CREATE MODEL"),
    (re.compile(r"\blibrary\s*=", re.IGNORECASE), "read", "library"),
    (re.compile(r"\bcreate\s+(?:or\s+replace\s+)?stage\b", re.IGNORECASE), "reference", "CREATE STAGE"),
    (
        re.compile(r"\binsert\s+overwrite\s+(?:local\s+)?directory\b", re.IGNORECASE),
        "write",
        "INSERT OVERWRITE DIRECTORY",
    ),
    (re.compile(r"\binsert\s+into\s+(?:table\s+)?function\b", re.IGNORECASE), "write", "INSERT INTO FUNCTION"),
    (re.compile(r"\bunload\b", re.IGNORECASE), "write", "UNLOAD"),
    (re.compile(r"\bcopy\s+into\s+(?=['\"@])", re.IGNORECASE), "write", "COPY INTO"),
    (re.compile(r"\bto\s+(?=['\"](?:gs|gcs|s3|https?|az):)", re.IGNORECASE), "write", "COPY TO"),
    (
        re.compile(
            r"\b(?:read_parquet|read_csv|read_csv_auto|read_json|read_json_auto|read_ndjson|parquet_scan|read_text|read_blob|iceberg_scan|delta_scan)\s*\(",
            re.IGNORECASE,
        ),
        "read",
        "read_parquet",
    ),
    (re.compile(r"\bglob\s*\(", re.IGNORECASE), "list", "glob"),
    (re.compile(r"\b(?:s3|gcs|url|s3cluster|hdfs|icebergs3|iceberg|deltalake)\s*\(", re.IGNORECASE), "read", "s3()"),
    (re.compile(r"\blocation\s+(?=['\"])", re.IGNORECASE), "reference", "LOCATION"),
    (re.compile(r"\binsert\s+into\b", re.IGNORECASE), "reference", "INSERT INTO"),
    (
        re.compile(
            r"\b(?:from|join)\s+(?:(?:parquet|csv|json|orc|text|delta|avro|iceberg)\.)?(?=['\"`])", re.IGNORECASE
        ),
        "read",
        "FROM",
    ),
    (re.compile(r"\burls?\s*=", re.IGNORECASE), "read", "url"),
    (re.compile(r"\buris?\s*=", re.IGNORECASE), "read", "uris"),
    (re.compile(r"\bfrom\s+files\b", re.IGNORECASE), "read", "FROM FILES"),
)
# These name an option of the statement before them: the statement decides if there is one.
_OPTIONS = {"uris", "url", "LOCATION"}
_TABLE_FUNCTIONS = {"s3()"}
_AS_QUERY = re.compile(r"\bas\s+\(?\s*(?:select|with)\b", re.IGNORECASE)
_INTO_FUNCTION = re.compile(r"\binsert\s+into\s+(?:table\s+)?function\s+\w+\s*\([^)]*$", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|(?<=[\s;]))--[^\n]*|/\*.{0,20000}?\*/|(?:^|(?<=\n))[ \t]*#[^\n]*", re.DOTALL)
REACH = 4000  # how far before an address its statement may begin


def looks_like_sql(text: str) -> bool:
    """Whether a string is a query that names an address."""
    return bool(_ADDRESSED.search(text)) and bool(_SQL.search(text))


def touches(text: Text) -> Iterator[tuple[Role, Location, Site | None, str]]:
    """Every address of a query with its role, the line it stands on, and the statement that uses it."""
    flat = text.flat
    statements = Statements(flat)
    for start, _, place in embedded(text):
        if statements.commented(start):
            continue
        role, via = statements.role_at(start)
        # The address may come from a variable: the character before it stands where the query is written.
        site = next((piece.site for piece in text.cut(max(start - 1, 0), start + 1).pieces if piece.site), None)
        yield role, place, site or text.first_line, via


class Statements:
    """The words of a query that decide what it does with an address, found once."""

    def __init__(self, flat: str) -> None:
        self._flat = flat
        self._found: list[tuple[int, Role, str]] = sorted(
            (match.end(), role, via) for pattern, role, via in _RULES for match in pattern.finditer(flat)
        )
        self._ends = [end for end, _, _ in self._found]
        self._comments = [match.span() for match in _COMMENT.finditer(flat)]
        self._comment_starts = [start for start, _ in self._comments]

    def commented(self, position: int) -> bool:
        """Whether a position lies in a comment."""
        index = bisect_right(self._comment_starts, position) - 1
        return index >= 0 and position < self._comments[index][1]

    def role_at(self, position: int) -> tuple[Role, str]:
        """What the statement around `position` does with an address there."""
        begin = max(self._flat.rfind(";", max(position - REACH, 0), position) + 1, position - REACH)
        index = bisect_right(self._ends, position) - 1
        while index >= 0 and self._ends[index] > begin:
            _, role, via = self._found[index]
            earlier = self._ends[index - 1] > begin if index else False
            # An option belongs to the statement before it.
            if via not in _OPTIONS or not earlier:
                if via == "CREATE TABLE" and self._filled(position):
                    return "write", "CREATE TABLE AS"
                return self._inserted(begin, position) if via in _TABLE_FUNCTIONS else (role, via)
            index -= 1
        return "reference", "sql"

    def _filled(self, position: int) -> bool:
        """Whether the statement goes on with the query that fills the table it makes: others find their data there."""
        end = self._flat.find(";", position)
        return bool(_AS_QUERY.search(self._flat, position, len(self._flat) if end < 0 else end))

    def _inserted(self, begin: int, position: int) -> tuple[Role, str]:
        """A table function is read, unless the statement inserts into it."""
        if _INTO_FUNCTION.search(self._flat, begin, position):
            return "write", "INSERT INTO FUNCTION"
        return "read", "s3()"
