"""Errors on the wire: always JSON, one table from the business's refusals to HTTP statuses."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.db import OperationalError
from django.http import HttpRequest, JsonResponse
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from tollbook.erp.gateway import ErpUnavailable
from tollbook.filetasks.opened import ResultNotReady
from tollbook.filetasks.rules import NOUNS, UNFINISHED
from tollbook.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    InvalidFields,
    InvalidInput,
    NotFound,
    Unavailable,
)

STATUSES: Final[Mapping[type[DomainError], int]] = {
    InvalidInput: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    ErpUnavailable: 502,
    Unavailable: 503,
    DomainError: 400,
}
"""The status of each refusal; a narrower class goes before the one it derives from."""

NO_FIELD: Final = "non_field_errors"
RETRY_SECONDS: Final = 5
POLL_SECONDS: Final = 1

_log = structlog.get_logger(__name__)


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to an expected error; none for a mistake of ours, which goes on as a 500."""
    if isinstance(error, DomainError):
        return _answer_refusal(error)
    if isinstance(error, APIException):
        return _answer_api_exception(error)
    if isinstance(error, OperationalError):
        _log.error("the database does not answer", exc_info=error)
        return _unavailable("The database does not answer now; try again.", 503)
    return None


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal of the business."""
    return next(status for kind, status in STATUSES.items() if isinstance(error, kind))


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's answer to a request that it cannot take at all."""
    return JsonResponse({NO_FIELD: ["The request cannot be understood."]}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's answer where a check of its own forbids."""
    return JsonResponse({"detail": "This is not allowed."}, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """The answer to a path that leads nowhere."""
    return JsonResponse({"detail": "There is nothing here."}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    """The answer to a mistake of ours: nothing of the inside, but the id to find it in the log."""
    request_id = request.META.get("tollbook.request_id", "")
    return JsonResponse(
        {"detail": "Something went wrong on our side.", "request_id": request_id}, status=500
    )


def _answer_refusal(error: DomainError) -> Response:
    if isinstance(error, InvalidFields):
        return Response(error.errors, status=400)
    if isinstance(error, InvalidInput):
        return Response({error.field or NO_FIELD: [error.message]}, status=400)
    if isinstance(error, ResultNotReady):
        headers = {"Retry-After": str(POLL_SECONDS)} if error.status in UNFINISHED else {}
        told = f"Failed to render {NOUNS[error.task_type]}: {error.reason}"
        return Response({"error": told}, status=400, headers=headers)
    status = status_of(error)
    if status >= 500:
        _log.warning("refused", code=error.code, reason=error.message)
        return _unavailable(error.message, status)
    return Response({"detail": error.message}, status=status)


def _answer_api_exception(error: APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, round(wait)))
    body = {NO_FIELD: [str(error.detail)]} if error.status_code == 400 else None
    return Response(
        body or {"detail": str(error.detail)}, status=error.status_code, headers=headers
    )


def _unavailable(message: str, status: int) -> Response:
    return Response({"detail": message}, status=status, headers={"Retry-After": str(RETRY_SECONDS)})
