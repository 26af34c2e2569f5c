"""Gunicorn's worker with threads, where a client that is slow or silent costs no thread.

The loop of the process takes requests in, as many at once as come, and a thread gets one only when
it is whole; the loop as well waits for clients to leave. A thread waits for nobody but for those
who read an answer, or send a body that is too long to be held, and for them only so long.
"""

import errno
import json
import selectors
import socket
import sys
import time
from functools import partial
from typing import Any, Final

import structlog
from django.conf import settings
from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from tollbook.api.requests import sane_request_id
from tollbook.api.streamed import is_streamed_line
from tollbook.cli.arriving import Arriving, Stage

_IDLE_SECONDS: Final = 10.0
_HEAD_SECONDS: Final = 30.0
_WHOLE_SECONDS: Final = 120.0
_STALL_SECONDS: Final = 60.0
"""So long a client may read nothing of its answer."""
_LEAVE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5
_PIECE: Final = 64 * 1024
_MOST_READ_AWAY: Final = 32 * 1024 * 1024
_MOST_HELD: Final = 32 * 1024 * 1024
"""Bytes of requests that are not whole yet, of all clients together."""
_STATUSES: Final[dict[type[Exception], tuple[int, str, str]]] = {
    errors.LimitRequestLine: (414, "URI Too Long", "The address is too long."),
    errors.LimitRequestHeaders: (
        431,
        "Request Header Fields Too Large",
        "The headers are too long, or too many.",
    ),
    errors.ExpectationFailed: (417, "Expectation Failed", "Only 100-continue can be expected."),
    errors.UnsupportedTransferCoding: (
        501,
        "Not Implemented",
        "This Transfer-Encoding is not known here.",
    ),
    errors.ForbiddenProxyRequest: (403, "Forbidden", "This proxy is not trusted."),
}
_BAD: Final = (400, "Bad Request", "This is no request of HTTP/1.1 that can be understood.")
_OURS: Final = (500, "Internal Server Error", "Something went wrong on our side.")
_LATE: Final = (408, "Request Timeout", "The request did not come whole in time.")
_FULL: Final = (503, "Service Unavailable", "Too many requests are half sent; try again.")

_log = structlog.get_logger("tollbook.api")


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Takes requests in by the loop and answers them in threads."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._coming: dict[TConn, _Visit] = {}
        self._leaving: dict[TConn, float] = {}
        self._held = 0
        self._next_look = 0.0

    def accept(self, listener: socket.socket) -> None:
        """Let a client in; where there are too many, the one that waited longest must go."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        client = _Socket(fileno=accepted.detach())
        _notice_the_lost(client)
        self.nr_conns += 1
        self._await_request(TConn(self.cfg, client, address, listener.getsockname()))
        if self.nr_conns >= self.worker_connections - 1 and self._coming:
            self._drop(next(iter(self._coming)))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Take in the next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def finish_request(self, conn: TConn, done: Any) -> None:
        """Go on with a connection whose request was answered: keep it or let it go."""
        if done.cancelled() or done.exception() is not None or not done.result():
            self._let_go(conn)
        elif following := conn.parser.unreader.take_buffered():
            self._await_request(conn, following)
        else:
            super().finish_request(conn, done)

    def murder_pending(self) -> None:
        """End what takes too long."""
        now = time.monotonic()
        if now < self._next_look and self.alive:
            return
        self._next_look = now + _LOOK_SECONDS
        for conn, visit in list(self._coming.items()):
            if visit.is_over(now) or not (self.alive or visit.arriving.bytes):
                self._end_wait(conn, visit)
        for conn in [conn for conn, end in self._leaving.items() if end <= now]:
            self._drop(conn)

    def handle(self, conn: TConn) -> bool:
        """Answer the request of ``conn``, in a thread."""
        refusal = conn.visit.arriving.refusal
        if refusal is None:
            return bool(super().handle(conn))
        self.handle_error(None, conn.sock, conn.client, refusal)
        return False

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Run the application; a body that is not whole ends the connection."""
        _check_host(req)
        req._expected_100_continue = False  # noqa: SLF001  the loop has said so where it is true
        if not conn.visit.arriving.whole:
            req.force_close()
        return bool(super().handle_request(req, conn))

    def handle_error(self, req: Any, client: socket.socket, _addr: Any, exc: Exception) -> None:
        """Answer a request that never reached the application, as the application would."""
        answer = _OURS
        if isinstance(exc, errors.ParseException):
            answer = _STATUSES.get(type(exc), _BAD)
        _refuse(client, answer, exc, _request_id(req or getattr(exc, "req", None)))

    def _await_request(self, conn: TConn, first: bytes = b"") -> None:
        visit = conn.visit = _Visit(self.cfg.keepalive)
        self._coming[conn] = visit
        conn.sock.setblocking(False)
        conn.sock.deaf = False
        self.poller.register(conn.sock, selectors.EVENT_READ, lambda _: self._receive(conn, visit))
        if first:
            self._take(conn, visit, first)
        else:
            self._receive(conn, visit)

    def _receive(self, conn: TConn, visit: "_Visit") -> None:
        if self._coming.get(conn) is not visit:
            return
        try:
            piece = conn.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._drop(conn)
            return
        if piece:
            self._take(conn, visit, piece)
        elif visit.arriving.stage is Stage.HEAD:
            self._drop(conn)
        else:
            self._dispatch(conn, visit)

    def _take(self, conn: TConn, visit: "_Visit", piece: bytes) -> None:
        self._held += len(piece)
        visit.touch()
        stage = visit.arriving.take(piece)
        if stage is Stage.STREAMED and visit.arriving.wants_continue:
            self._say(conn, b"HTTP/1.1 100 Continue\r\n\r\n")
        if conn in self._coming and stage in (Stage.WHOLE, Stage.CUT, Stage.STREAMED):
            self._dispatch(conn, visit)
        elif self._held > _MOST_HELD:
            self._refuse_coming(conn, _FULL)
        elif stage is Stage.BODY and visit.arriving.wants_continue:
            visit.arriving.wants_continue = False
            self._say(conn, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _say(self, conn: TConn, words: bytes) -> None:
        try:
            conn.sock.send(words)
        except OSError:
            self._drop(conn)

    def _dispatch(self, conn: TConn, visit: "_Visit") -> None:
        self._forget(conn)
        conn.sock.deaf = visit.arriving.stage is not Stage.STREAMED
        conn.init()
        conn.parser.unreader.unread(bytes(visit.arriving.bytes))
        visit.arriving.bytes.clear()
        self.enqueue_req(conn)

    def _end_wait(self, conn: TConn, visit: "_Visit") -> None:
        if visit.arriving.bytes:
            self._refuse_coming(conn, _LATE)
        else:
            self._drop(conn)

    def _refuse_coming(self, conn: TConn, answer: tuple[int, str, str]) -> None:
        self._forget(conn)
        _refuse(conn.sock, answer, None, sane_request_id(""))
        self._let_go(conn)

    def _let_go(self, conn: TConn) -> None:
        """Say good-bye and wait until the client has heard: what it still sends is forgotten."""
        conn.sock.deaf = False
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            read = partial(self._read_away, conn, [_MOST_READ_AWAY])
            self.poller.register(conn.sock, selectors.EVENT_READ, lambda _: read())
        except (OSError, ValueError, KeyError):
            self.nr_conns -= 1
            conn.close()
            return
        self._leaving[conn] = time.monotonic() + (_LEAVE_SECONDS if self.alive else 0.0)
        read()

    def _read_away(self, conn: TConn, left: list[int]) -> None:
        if conn not in self._leaving:
            return
        try:
            piece = conn.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        left[0] -= len(piece)
        if not piece or left[0] <= 0:
            self._drop(conn)

    def _forget(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        if visit := self._coming.pop(conn, None):
            self._held -= len(visit.arriving.bytes)
        self._leaving.pop(conn, None)

    def _drop(self, conn: TConn) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()


def _check_host(request: Any) -> None:
    """HTTP/1.1 asks for one ``Host``, and for 400 where there is none or another one as well."""
    hosts = sum(name == "HOST" for name, _ in request.headers)
    if hosts > 1 or (request.version >= (1, 1) and not hosts):
        raise errors.InvalidHeader("HOST")


class _Visit:
    """One request of a connection while it comes, and until when it must have come."""

    def __init__(self, keepalive: float) -> None:
        self.arriving = Arriving(settings.MAX_REQUEST_BYTES, is_streamed_line)
        self._began = time.monotonic()
        self._until = self._began + keepalive

    def touch(self) -> None:
        """Something came."""
        now = time.monotonic()
        if not self.arriving.bytes:
            self._began = now
        self._until = now + _IDLE_SECONDS

    def is_over(self, now: float) -> bool:
        """Whether it has taken too long."""
        in_head = self.arriving.stage is Stage.HEAD and self.arriving.bytes
        most = _HEAD_SECONDS if in_head else _WHOLE_SECONDS
        return now >= min(self._until, self._began + most)


class _Socket(socket.socket):
    """A connection in which nothing waits for ever: the limit is on silence, not on the whole."""

    deaf = False
    """A thread has it: what has not come yet does not come any more."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive, or learn that there is no more."""
        return b"" if self.deaf else super().recv(size, flags)

    def setblocking(self, flag: bool, /) -> None:
        """Wait for a client, but only so long."""
        self.settimeout(_STALL_SECONDS if flag else 0.0)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send everything; the client must take something of it now and then."""
        left = memoryview(data).cast("B")
        try:
            while left:
                left = left[self.send(left, flags) :]
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the client stopped reading") from error


def _notice_the_lost(client: socket.socket) -> None:
    """Have the kernel find out about clients that vanished."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_STALL_SECONDS * 1000))


def _request_id(req: Any) -> str:
    headers = dict(getattr(req, "headers", ()) or ())
    return sane_request_id(headers.get("X-REQUEST-ID", ""))


def _refuse(
    client: socket.socket, answer: tuple[int, str, str], error: Exception | None, request_id: str
) -> None:
    status, reason, detail = answer
    told = {"detail": detail} | ({"request_id": request_id} if status == 500 else {})
    body = json.dumps(told).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-Id: {request_id}\r\n"
    )
    if status in (408, 503):
        head += "Retry-After: 5\r\n"
    if status == 500:
        _log.error("request", status=status, request_id=request_id, exc_info=error)
    else:
        _log.info("request", status=status, request_id=request_id, reason=str(error or detail))
    try:
        util.write_nonblock(client, f"{head}\r\n".encode() + body)
    except OSError:
        _log.info("the client did not hear", request_id=request_id)
