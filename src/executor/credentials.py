"""Who we are to the storage service: Application Default Credentials, or nobody with an emulator.

Tokens live in memory only; nothing in this room writes one to a journal, a log or an error.
"""

import asyncio
import os
from typing import Any, Protocol

from executor.errors import StorageError

SCOPE = "https://www.googleapis.com/auth/devstorage.full_control"
PRODUCTION = "https://storage.googleapis.com"


class Credentials(Protocol):
    """Gives the authorization header, and a new one after the service refused it."""

    async def header(self) -> str | None:
        """The value of the Authorization header, or None."""

    async def renew(self, refused: str | None) -> None:
        """Fetch a new token, unless another caller has already replaced the one that was refused."""


class Anonymous:
    """No credentials, for the sandbox and other emulators."""

    async def header(self) -> str | None:
        """No header."""
        return None

    async def renew(self, refused: str | None) -> None:
        """Nothing to renew."""


class ApplicationDefault:
    """Application Default Credentials; one refresh at a time, however many requests wait for it."""

    def __init__(self) -> None:
        self._source: Any = None
        self._lock = asyncio.Lock()

    async def header(self) -> str | None:
        """`Bearer …`, fetched or renewed when it is about to expire."""
        if self._source is None or not self._source.valid:
            async with self._lock:
                if self._source is None or not self._source.valid:
                    await asyncio.to_thread(self._refresh)
        return f"Bearer {self._source.token}"

    async def renew(self, refused: str | None) -> None:
        """Refresh once for all callers that were refused with the same token."""
        async with self._lock:
            if self._source is None or refused == f"Bearer {self._source.token}":
                await asyncio.to_thread(self._refresh)

    def _refresh(self) -> None:
        import google.auth
        import google.auth.exceptions
        from google.auth.transport.requests import Request

        try:
            if self._source is None:
                self._source, _ = google.auth.default(scopes=[SCOPE])
            self._source.refresh(Request())
        except google.auth.exceptions.GoogleAuthError as error:
            raise StorageError(
                0,
                "credentials",
                f"no usable credentials ({type(error).__name__})",
                "run `gcloud auth application-default login`",
            ) from None


def endpoint_from_environment() -> str:
    """`STORAGE_EMULATOR_HOST`, or production."""
    host = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    if not host:
        return PRODUCTION
    return host if "://" in host else f"http://{host}"


def credentials_for(endpoint: str) -> Credentials:
    """Nobody for an emulator, Application Default Credentials for production."""
    return ApplicationDefault() if endpoint == PRODUCTION else Anonymous()
