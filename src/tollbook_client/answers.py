"""Reads the server's answers: the JSON of a good one, the error that a bad one stands for."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

import httpx

from tollbook_client.errors import (
    Conflict,
    Expired,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    ReportFailed,
    ReportNotReady,
    ServerFailed,
    ServerUnavailable,
    TollbookError,
    Unauthorized,
    UnexpectedAnswer,
)
from tollbook_client.retries import retry_after_of

_Value = TypeVar("_Value")

_BY_STATUS: Final[Mapping[int, type[TollbookError]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
}


def read_object(response: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of a good answer; broken numbers come as exact decimals."""
    found = _read_json(response)
    if not isinstance(found, dict):
        raise _unexpected(response)
    return found


def read_value(read: Callable[[Mapping[str, Any]], _Value], found: object) -> _Value:
    """What ``read`` makes of one object of an answer."""
    if not isinstance(found, dict):
        raise UnexpectedAnswer(f"the server answered {found!r} where an object was due")
    try:
        return read(found)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise UnexpectedAnswer(f"the server's answer misses what is due: {error!r}") from error


def error_of(response: httpx.Response) -> TollbookError:
    """The error that an answer of 300 or more stands for; its body has been read."""
    body = _read_json(response)
    message = _message(body)
    status, request_id = response.status_code, _request_id(response)
    match status:
        case 429:
            wait = retry_after_of(response.headers, default=1)
            return RateLimited(
                message or "too many requests", retry_after=wait, request_id=request_id
            )
        case 502 | 503 | 504:
            return _unavailable(response, message)
        case _ if status >= 500:
            return ServerFailed(_failed(request_id), status=status, request_id=request_id)
        case _ if status < 400 or not isinstance(body, dict):
            return _unexpected(response)
        case _ if status in _BY_STATUS:
            text = message or response.reason_phrase
            if status == 404:
                text = f"{text.rstrip('.')} ({response.request.url.copy_with(query=None)})"
            return _BY_STATUS[status](text, status=status, request_id=request_id)
    return _bad_request(response, body)


def _unavailable(response: httpx.Response, message: str) -> ServerUnavailable:
    return ServerUnavailable(
        message or f"the server is not available (status {response.status_code})",
        received=response.status_code != 503,
        retry_after=retry_after_of(response.headers, default=0),
        status=response.status_code,
        request_id=_request_id(response),
    )


def _bad_request(response: httpx.Response, body: Mapping[str, Any]) -> TollbookError:
    request_id = _request_id(response)
    if isinstance(body.get("error"), str) and "Retry-After" in response.headers:
        retry_after = retry_after_of(response.headers, default=1)
        return ReportNotReady(body["error"], retry_after=retry_after, request_id=request_id)
    if isinstance(body.get("error"), str):
        return ReportFailed(body["error"], uuid=None)
    if isinstance(body.get("detail"), str):
        status = response.status_code
        return InvalidRequest(body["detail"], fields={}, status=status, request_id=request_id)
    fields = dict(_fields(body))
    message = "; ".join(_sentence(name, texts) for name, texts in fields.items())
    return InvalidRequest(
        message, fields=fields, status=response.status_code, request_id=request_id
    )


def _fields(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Sequence[str]]]:
    """Flatten nested fields to dotted names."""
    for name, found in body.items():
        if isinstance(found, dict):
            yield from _fields(found, f"{prefix}{name}.")
        elif isinstance(found, list):
            yield f"{prefix}{name}", [str(text) for text in found]
        else:
            yield f"{prefix}{name}", [str(found)]


def _sentence(field: str, texts: Sequence[str]) -> str:
    text = " ".join(texts).rstrip(".")
    return text if field == "non_field_errors" else f"{field}: {text}"


def _request_id(response: httpx.Response) -> str | None:
    """The number of the request itself; ``Request-Id`` alone may name a report."""
    found: str | None = response.headers.get("X-Request-Id")
    return found


def _message(body: object) -> str:
    if not isinstance(body, dict):
        return ""
    return str(body.get("detail") or body.get("error") or "")


def _failed(request_id: str | None) -> str:
    trace = f"; its log explains request {request_id}" if request_id else ""
    return f"the server failed on this request{trace}"


def _read_json(response: httpx.Response) -> object:
    try:
        return json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return None


def _unexpected(response: httpx.Response) -> UnexpectedAnswer:
    address = response.request.url.copy_with(query=None)
    found = f"status {response.status_code}"
    if response.has_redirect_location:
        found += f", see {response.headers['Location']}"
    else:
        found += f", {response.headers.get('Content-Type') or 'no content type'}"
    return UnexpectedAnswer(
        f"{address} does not answer as Tollbook does ({found}); is the address right?",
        status=response.status_code,
    )
