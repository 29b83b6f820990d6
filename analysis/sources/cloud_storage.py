"""The Cloud Storage client that evidence is read with; its requests say that they are ours."""

import os
import secrets
from typing import Any

# Audit logs keep headers of this name, so that our own reading is never taken for a consumer's.
AUDIT_HEADER = "x-goog-custom-audit-thermocline"


def storage_client() -> Any:
    """A google-cloud-storage client; anonymous where STORAGE_EMULATOR_HOST is set, else with default credentials."""
    from google.auth import credentials
    from google.cloud import storage

    # The library ships no type information for its constructors.
    client: Any = storage.Client
    anonymous: Any = credentials.AnonymousCredentials
    headers = {AUDIT_HEADER: f"ingest-{secrets.token_hex(6)}"}
    if os.environ.get("STORAGE_EMULATOR_HOST"):
        return client(project="local", credentials=anonymous(), extra_headers=headers)
    return client(extra_headers=headers)
