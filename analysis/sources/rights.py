"""What to grant when a Google service refuses a read: it names the permission in its message, mostly."""

import re

PERMISSION = re.compile(r"\b(?:bigquery|logging|storage)\.[a-zA-Z]+\.[a-zA-Z]+\b(?!\.)")
# BigQuery names the permission everywhere but here.
QUERY_DENIED = "permission to query table"


def advice(message: str, otherwise: str) -> str:
    """The next step after a refusal with this message; `otherwise` where it names no permission."""
    named = PERMISSION.search(message)
    if named is None and QUERY_DENIED not in message:
        return otherwise
    return f"grant {named[0] if named else 'bigquery.tables.getData'} to this identity"
