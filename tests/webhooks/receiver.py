"""A real HTTP server on the loopback that takes messages, and answers as a test wants."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Message:
    """What arrived."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """``answers`` are the statuses of the next requests, the last of them of all after."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0
    messages: list[Message] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    before: Callable[[], None] = lambda: None
    drip: bool = False
    """Whether the answer comes a byte at a time, for ever."""


@contextmanager
def receiving(**told: Any) -> Iterator[Receiver]:
    """A receiver that listens until the block ends."""
    receiver = Receiver(**told)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?of=tollbook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def signed_with(secret: str, message: Message) -> bool:
    """Whether one of the signatures is the secret's, by the published scheme, in plain words."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join(
        (
            message.headers["webhook-id"].encode(),
            message.headers["webhook-timestamp"].encode(),
            message.body,
        )
    )
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in message.headers["webhook-signature"].split(" ")


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with receiver.lock:
                receiver.messages.append(Message(headers, body, time.time()))
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                status = receiver.answers.pop(0) if receiver.answers[1:] else receiver.answers[0]
            receiver.before()
            time.sleep(receiver.seconds)
            with receiver.lock:
                receiver.at_once -= 1
            self._answer(status)

        def _answer(self, status: int) -> None:
            try:
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                if receiver.drip:
                    self.end_headers()
                    while True:
                        self.wfile.write(b".")
                        self.wfile.flush()
                        time.sleep(0.05)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
