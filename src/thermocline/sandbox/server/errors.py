"""Errors as the JSON API answers them: a status, a message, and `errors[].reason`.

ApiError is the only class; the functions below build the answers that clients tell apart.
"""

from typing import Any


class ApiError(Exception):
    """One error answer; `status` is the HTTP status, `reason` what clients switch on."""

    def __init__(self, status: int, reason: str, message: str, location: str = "", kind: str = "header") -> None:
        super().__init__(status, reason, message)
        self.status = status
        self.reason = reason
        self.message = message
        self.location = location
        self.location_kind = kind
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The error document."""
        detail: dict[str, Any] = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            detail |= {"locationType": self.location_kind, "location": self.location}
        return {"error": {"code": self.status, "message": self.message, "errors": [detail]}}


def invalid(message: str, reason: str = "invalid") -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, reason, message)


def required(message: str) -> ApiError:
    """400: a parameter is missing."""
    return ApiError(400, "required", message)


def no_bucket() -> ApiError:
    """404: the bucket does not exist."""
    return ApiError(404, "notFound", "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> ApiError:
    """404: the object, or that generation of it, does not exist."""
    return ApiError(404, "notFound", f"No such object: {bucket}/{name}")


def precondition_failed(parameter: str = "If-Match") -> ApiError:
    """412: a precondition did not hold."""
    message = "At least one of the pre-conditions you specified did not hold."
    return ApiError(412, "conditionNotMet", message, parameter)


def not_modified() -> ApiError:
    """304: what the client holds is current."""
    return ApiError(304, "notModified", "Not Modified")


def conflict(message: str) -> ApiError:
    """409: the state of the bucket forbids it."""
    return ApiError(409, "conflict", message)


def forbidden(message: str, reason: str = "forbidden") -> ApiError:
    """403: not allowed by IAM, a hold or a retention policy."""
    return ApiError(403, reason, message)
