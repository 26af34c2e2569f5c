"""Sends requests with the key, again where that is safe, and raises what goes wrong."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID

import httpx

from tollbook_client.answers import error_of, read_object
from tollbook_client.errors import RateLimited, ServerUnavailable, TollbookError
from tollbook_client.retries import Repeatable, RetryPolicy

BASE_PATH: Final = "/billing/org/v1"
_PAGE: Final = 100


class Transport:
    """One server and one key; may be shared by threads."""

    def __init__(self, *, url: str, key: str, timeout: float, retries: RetryPolicy) -> None:
        self.url = checked_url(url)
        self.retries = retries
        self._timeout = timeout
        self._client = httpx.Client(
            base_url=self.url + BASE_PATH,
            headers={"Authorization": f"apikey {checked_key(key)}", "User-Agent": "tollbook"},
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5)),
            trust_env=not _is_loopback(httpx.URL(self.url).host),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: Repeatable = Repeatable.YES,
    ) -> httpx.Response:
        """The good answer to a request, read whole."""
        request = self._client.build_request(
            method,
            path,
            params=_query(parameters or {}),
            content=None if body is None else json.dumps(body, default=_plain),
            headers={**_content_type(body), **(headers or {})},
        )
        response = self._answer(lambda: request, repeatable)
        try:
            response.read()
        except httpx.TransportError as error:
            raise self._unavailable(error) from error
        return response

    def upload(
        self, path: str, pieces: Callable[[], Iterator[bytes]], *, headers: Mapping[str, str]
    ) -> httpx.Response:
        """The good answer to a POST of a long body, which is made anew for every attempt."""

        def request() -> httpx.Request:
            return self._client.build_request("POST", path, content=pieces(), headers=dict(headers))

        response = self._answer(request, Repeatable.YES)
        try:
            response.read()
        except httpx.TransportError as error:
            raise self._unavailable(error) from error
        return response

    def get(self, path: str, parameters: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """The object at ``path``."""
        return read_object(self.send("GET", path, parameters=parameters))

    def items(self, path: str, parameters: Mapping[str, object]) -> Iterator[object]:
        """Every item of a list, page by page, as they are asked for."""
        offset = 0
        while True:
            page = self.get(path, {"limit": _PAGE, **parameters, "offset": offset})
            results = page.get("results") or ()
            yield from results
            offset += len(results)
            if not results or not page.get("next"):
                return

    @contextmanager
    def stream(
        self, path: str, *, parameters: Mapping[str, object], headers: Mapping[str, str]
    ) -> Iterator[httpx.Response]:
        """The good answer to a GET, its body still to come: that may break off."""
        query = _query(parameters)
        request = self._client.build_request("GET", path, params=query, headers=dict(headers))
        response = self._answer(lambda: request, Repeatable.YES)
        try:
            yield response
        finally:
            response.close()

    def _answer(
        self, request: Callable[[], httpx.Request], repeatable: Repeatable
    ) -> httpx.Response:
        attempt = 1
        while True:
            try:
                return self._try(request())
            except TollbookError as error:
                pause = self._pause_after(error, attempt, repeatable)
                if pause is None:
                    raise
            self.retries.sleep(pause)
            attempt += 1

    def _try(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._client.send(request, stream=True)
            if response.is_success:
                return response
            response.read()
        except httpx.TransportError as error:
            raise self._unavailable(error) from error
        response.close()
        raise error_of(response)

    def _pause_after(
        self, error: TollbookError, attempt: int, repeatable: Repeatable
    ) -> float | None:
        """Seconds until the next attempt, or none where there shall be no other."""
        if attempt >= self.retries.attempts:
            return None
        match error:
            case RateLimited():
                asked = error.retry_after
            case ServerUnavailable() if repeatable is Repeatable.YES or not error.received:
                asked = error.retry_after
            case _:
                return None
        pause = max(asked, self.retries.pause(attempt))
        return pause if pause <= self.retries.longest_retry_after else None

    def _unavailable(self, error: httpx.TransportError) -> ServerUnavailable:
        unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return ServerUnavailable(f"{self.url}: {_reason(error)}", received=not unsent)


def checked_url(url: str) -> str:
    """``url`` without the API's path or a slash at its end; ``ValueError`` where it is none."""
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise ValueError(f"{url!r} is no address: {error}") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError(f"{url!r} is no address: it looks like http://127.0.0.1:8080")
    return str(parsed).rstrip("/").removesuffix(BASE_PATH)


def checked_key(key: str) -> str:
    """``key`` where it has the form of one; ``ValueError`` otherwise, which does not show it."""
    number, _, secret = key.strip().removeprefix("apikey ").partition("$")
    if not number.isdecimal() or not secret:
        raise ValueError(
            "the key is none: it looks like 1234$abcdef "
            "(in a shell put it between single quotes, or $abcdef is taken for a variable)"
        )
    if not (secret.isascii() and secret.isprintable()):
        raise ValueError("the key holds characters that no key has")
    return f"{number}${secret}"


def _query(parameters: Mapping[str, object]) -> httpx.QueryParams:
    """Leave out what is None, repeat what has many values."""
    pairs: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in parameters.items():
        values = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        pairs += [(name, _text(one)) for one in values if one is not None]
    return httpx.QueryParams(pairs)


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _plain(value: object) -> str:
    """What JSON does not know, as the API writes it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"a parameter cannot be a {type(value).__name__}")


def _content_type(body: object) -> dict[str, str]:
    return {} if body is None else {"Content-Type": "application/json"}


def _is_loopback(host: str) -> bool:
    """Whether no proxy could reach the host anyway."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: httpx.TransportError) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return "no connection in time"
        case httpx.TimeoutException():
            return "no answer in time"
        case httpx.ConnectError():
            return _without_number(str(error)) or "no connection"
        case _:
            return f"the connection broke ({_without_number(str(error)) or type(error).__name__})"


def _without_number(text: str) -> str:
    """Drop ``[Errno 111]`` before the words."""
    return text.partition("] ")[2].lower() if text.startswith("[Errno ") else text
