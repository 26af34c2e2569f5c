"""One POST to an address that is checked when it is connected to, within a time, no step further.

The standard library's own client, as it takes a socket that somebody else has connected: so the
address that was looked up, checked and connected to is one and the same.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from tollbook.webhooks.addresses import may_connect

START_BYTES: Final = 1_000
"""How much of an answer is read."""
_LONGEST_REASON: Final = 300
_MOST_DIGITS: Final = 6


@dataclass(frozen=True)
class Answer:
    """What came of a request; without a ``status`` the ``error`` says why nothing came."""

    status: int | None
    start: str
    error: str
    milliseconds: int
    retry_after: int | None = None


class NotAllowed(OSError):
    """The name leads to no address that may be connected to."""


class TooLate(OSError):
    """The time is up."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, private: bool, seconds: float
) -> Answer:
    """Send the body and take the answer, all within ``seconds``; a redirect is just an answer."""
    began = time.monotonic()
    deadline = began + seconds
    try:
        status, start, retry_after = _exchange(
            urlsplit(url), body, headers, private=private, deadline=deadline
        )
    except (OSError, HTTPException, ValueError) as error:
        late = time.monotonic() >= deadline
        reason = f"no answer within {seconds:g} s" if late else _reason(error)
        return Answer(None, "", reason, _since(began))
    error_text = "a redirect is not followed" if 300 <= status < 400 else ""
    return Answer(status, start, error_text, _since(began), retry_after)


def _exchange(
    target: SplitResult,
    body: bytes,
    headers: Mapping[str, str],
    *,
    private: bool,
    deadline: float,
) -> tuple[int, str, int | None]:
    with _connected(target, private=private, deadline=deadline) as connected:
        connection = HTTPConnection("receiver")
        connection.sock, connection.auto_open = connected, 0
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        sent = {**headers, "Host": target.netloc, "Connection": "close"}
        connection.request("POST", path, body, sent)
        answer = connection.getresponse()
        start = answer.read(START_BYTES).decode("utf-8", "replace").replace("\0", "\ufffd")
        return answer.status, start, _seconds(answer.getheader("Retry-After"))


@contextmanager
def _connected(target: SplitResult, *, private: bool, deadline: float) -> Iterator[socket.socket]:
    """A socket to the endpoint, with TLS where its address says so, shut when the time is up."""
    secure = target.scheme == "https"
    port = target.port or (443 if secure else 80)
    raw = _connect(target.hostname or "", port, private=private, deadline=deadline)
    try:
        raw.settimeout(_left(deadline))
        if secure:
            context = ssl.create_default_context()
            raw = context.wrap_socket(
                raw, server_hostname=target.hostname, do_handshake_on_connect=False
            )
        clock = threading.Timer(_left(deadline), _shut, (raw,))
        clock.daemon = True
        clock.start()
        try:
            if isinstance(raw, ssl.SSLSocket):
                raw.do_handshake()
            yield raw
        finally:
            clock.cancel()
    finally:
        raw.close()


def _connect(host: str, port: int, *, private: bool, deadline: float) -> socket.socket:
    """A connection to the first address of the host that may be connected to and answers."""
    found = _look_up(host, port, _left(deadline))
    allowed = [each for each in found if _is_allowed(each, private=private)]
    if not allowed:
        raise NotAllowed(f"{host} is on no public address, which is not allowed")
    failed: OSError = NotAllowed("nothing to connect to")
    for family, place in allowed:
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(_left(deadline))
            opened.connect(place)
        except OSError as error:
            opened.close()
            failed = error
        else:
            return opened
    raise failed


def _look_up(host: str, port: int, seconds: float) -> list[tuple[int, Any]]:
    """The addresses of the host; the resolver knows no deadline, so it is left alone when late."""
    answers: queue.Queue[list[tuple[int, Any]] | Exception] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            answers.put(error)
        else:
            answers.put([(family, place) for family, _, _, _, place in found])

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TooLate("the name could not be looked up in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _is_allowed(found: tuple[int, Any], *, private: bool) -> bool:
    text = str(found[1][0]).partition("%")[0]
    return may_connect(ip_address(text), private=private)


def _shut(opened: socket.socket) -> None:
    """End whatever waits for the socket; it may be closed already."""
    try:
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        return


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooLate("the time is up")
    return left


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _seconds(text: str | None) -> int | None:
    """What ``Retry-After`` asks for, where it is a number; a date is not worth a clock's doubt."""
    plain = (text or "").strip()
    numeric = plain.isascii() and plain.isdigit() and len(plain) <= _MOST_DIGITS
    return int(plain) if numeric else None


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            text = f"its certificate is not trusted: {error.verify_message}"
        case socket.gaierror():
            text = "its name is not known"
        case ConnectionRefusedError():
            text = "the connection was refused"
        case TimeoutError():
            text = "no connection in time"
        case _:
            text = str(error) or type(error).__name__
    return text.replace("\0", "\ufffd")[:_LONGEST_REASON]
