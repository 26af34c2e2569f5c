"""A TCP proxy in front of a service that a test may stop, freeze and start again."""

import socket
import threading
from contextlib import suppress
from typing import Final

_PIECE: Final = 65_536


class Proxy:
    """Passes connections on to ``target``; ``stop`` is what its clients see of a service that died.

    The port stays the same over stops and starts.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = 0
        self.breaks_after: int | None = None
        """The next connection is broken once the service sent so many bytes over it."""

    def start(self) -> None:
        """Take connections."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def stop(self) -> None:
        """Break every connection and refuse new ones."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            self._sockets.clear()

    def freeze(self) -> None:
        """Take connections and never answer on them."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self._listener = listener

    def _accept(self, listener: socket.socket) -> None:
        while self._listener is listener:
            try:
                inner, _ = listener.accept()
            except OSError:
                return
            try:
                outer = socket.create_connection(self._target, timeout=5)
            except OSError:
                inner.close()
                continue
            outer.settimeout(None)
            with self._lock:
                if self._listener is not listener:
                    inner.close()
                    outer.close()
                    return
                self._sockets |= {inner, outer}
            most, self.breaks_after = self.breaks_after, None
            for source, sink, left in ((inner, outer, None), (outer, inner, most)):
                ends = (source, sink, left)
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, left: int | None) -> None:
        with suppress(OSError):
            while left != 0 and (piece := source.recv(_PIECE)):
                sink.sendall(piece[:left])
                left = None if left is None else max(left - len(piece), 0)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            with self._lock:
                self._sockets.discard(each)
