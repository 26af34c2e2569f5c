"""Around every request: an id, a limit on its size, and one line in the log."""

import io
import re
import time
import uuid
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from gunicorn.http.errors import ParseException

from tollbook.api.metrics import count_request
from tollbook.api.streamed import is_streamed

_SANE_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")

_log = structlog.get_logger("tollbook.api")


class RequestMiddleware:
    """Names the request, refuses a body that is too long, logs method, path, status and time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer ``request``; the answer carries ``X-Request-Id``."""
        started = time.perf_counter()
        request_id = sane_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.META["tollbook.request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = _refusal_of(request) or self._get_response(request)
            response["X-Request-Id"] = request_id
            seconds = time.perf_counter() - started
            count_request(
                method=request.method or "",
                route=_route(request),
                status=response.status_code,
                seconds=seconds,
            )
            _log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
                key=getattr(getattr(request, "auth", None), "pk", None),
            )
        return response


def sane_request_id(given: str) -> str:
    """The id that a client gives its request, or a new one where that cannot be taken."""
    return given if _SANE_ID.fullmatch(given) else str(uuid.uuid4())


def _route(request: HttpRequest) -> str:
    """The pattern that the path matched, so that there are only as many as operations."""
    return f"/{request.resolver_match.route}" if request.resolver_match else "other"


def _refusal_of(request: HttpRequest) -> JsonResponse | None:
    """An answer where the body cannot be taken in; one that is streamed is left to the view."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return _refusal(400, "Content-Length is no number.")
    return None if is_streamed(request) else _refuse_body(request)


def _refuse_body(request: HttpRequest) -> JsonResponse | None:
    """An answer where the body is too long or not whole; else it is taken in."""
    most = settings.MAX_REQUEST_BYTES
    length = request.META.get("CONTENT_LENGTH") or "0"
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    if int(length) > most:
        return _refusal(413, f"The body is longer than {most} bytes.")
    try:
        body = request.META["wsgi.input"].read(most + 1 if chunked else int(length))
    except (OSError, ParseException):
        return _refusal(400, "The body broke off, or its chunks are not as they should be.")
    if len(body) > most:
        return _refusal(413, f"The body is longer than {most} bytes.")
    if not chunked and len(body) < int(length):
        return _refusal(400, "The body is shorter than its Content-Length.")
    request.META["CONTENT_LENGTH"] = str(len(body)) if body else ""
    request._stream = io.BytesIO(body)  # noqa: SLF001
    return None


def _refusal(status: int, detail: str) -> JsonResponse:
    answer = JsonResponse({"detail": detail}, status=status)
    answer["Content-Length"] = str(len(answer.content))
    return answer
