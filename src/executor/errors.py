"""Errors of the executor.

ExecutorError                exit 1
├── MoveRefused              exit 2   a move that cannot be carried out as planned; nothing was done
├── BucketRefused            exit 2   a bucket that we may not create or adopt
├── Unfinished               exit 3   partly done; the same command resumes it
├── ValidationMismatch       exit 4   the two sides differ
├── ApprovalNeeded           exit 5   the phase carries no approval
├── PlanEdited               exit 6   the plan is not the one that was approved
├── PlanDrifted              exit 6   the folder is not the one that was approved
├── ExecutorLocked           exit 11  another executor works on this plan
├── JournalBroken            exit 1   the journal cannot be read or written; nothing more happens
├── GuardRefused             exit 1   a deletion that its guards do not allow
└── StorageError             exit 1   what the storage service answered
    ├── NotFound             404
    ├── Forbidden            403
    ├── Conflict             409
    ├── Gone                 410
    ├── PreconditionFailed   412
    └── Unavailable          retries used up
"""

from analysis.errors import ExplainedError


class ExecutorError(ExplainedError):
    """Root of the executor's errors."""


class MoveRefused(ExecutorError):
    """A move that cannot be carried out as planned; nothing was done."""

    exit_code = 2


class BucketRefused(ExecutorError):
    """A bucket that we may not create, or may not adopt."""

    exit_code = 2


class Unfinished(ExecutorError):
    """Partly done; running the same command again goes on."""

    exit_code = 3


class ValidationMismatch(ExecutorError):
    """Source and target differ where they must not."""

    exit_code = 4


class ApprovalNeeded(ExecutorError):
    """The phase carries no approval."""

    exit_code = 5


class PlanEdited(ExecutorError):
    """The plan is not the one that was approved, or not the one that the journal belongs to."""

    exit_code = 6


class PlanDrifted(ExecutorError):
    """The folder holds much more, or much less, than what was approved."""

    exit_code = 6


class ExecutorLocked(ExecutorError):
    """Another executor works on this plan."""

    exit_code = 11


class JournalBroken(ExecutorError):
    """The journal cannot be read or written; nothing more may happen."""


class GuardRefused(ExecutorError):
    """A destructive act that its guards do not allow."""


class StorageError(ExecutorError):
    """What the storage service answered: HTTP status, its `reason` and message."""

    def __init__(self, status: int, reason: str, message: str, hint: str = "") -> None:
        super().__init__(f"storage answered {status} {reason}: {message}" if status else message, hint)
        self.status = status
        self.reason = reason
        self.attempts = 1


class NotFound(StorageError):
    """404: the object, generation or bucket is not there."""


class Forbidden(StorageError):
    """403: a permission is missing, or retention or a hold forbids the act."""


class Conflict(StorageError):
    """409: the name is taken, or the bucket is not empty."""


class Gone(StorageError):
    """410: a rewrite token or an upload session has expired."""


class PreconditionFailed(StorageError):
    """412: a generation or metageneration is not the expected one."""


class Unavailable(StorageError):
    """The service could not be reached, or kept answering that we should try again."""

    exit_code = 3


BY_STATUS: dict[int, type[StorageError]] = {
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: PreconditionFailed,
}
