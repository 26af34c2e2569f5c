"""Streams a file to disk or elsewhere, and goes on where a broken connection left off."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from tollbook_client.errors import DownloadBroken, InvalidRequest
from tollbook_client.transport import Transport

OnBytes = Callable[[int, int | None], None]
"""Called with the bytes received so far and, where the server tells, of how many."""

_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass(frozen=True)
class Download:
    """A file that came whole; ``path`` is none where it went to a stream."""

    name: str
    path: Path | None
    bytes: int
    sha256: str
    etag: str | None
    resumed: int
    """How often the connection broke on the way."""


def download(
    transport: Transport,
    path: str,
    *,
    parameters: Mapping[str, object],
    to: Path | str | BinaryIO,
    default_name: str,
    on_progress: OnBytes | None = None,
) -> Download:
    """Save what is at ``path`` of the API; ``to`` is a file, a folder or a binary stream.

    A file appears under its name only when it is whole; a folder takes the server's file name.
    """
    transfer = _Transfer(transport, path, parameters, on_progress or _ignore)
    if isinstance(to, Path | str):
        return _to_path(transfer, Path(to), default_name)
    transfer.run(to)
    return transfer.download(default_name, None)


def _to_path(transfer: "_Transfer", target: Path, default_name: str) -> Download:
    if target.exists() and not target.is_dir() and not target.is_file():
        with target.open("wb") as device:
            transfer.run(device)
        return transfer.download(target.name, target)
    folder = target if target.is_dir() else target.parent
    with _part_file(folder) as (part, stream):
        transfer.run(stream)
        stream.flush()
        if target.is_dir():
            target /= transfer.name or default_name
        part.replace(target)
    return transfer.download(target.name, target)


class _Transfer:
    """One file on its way: what came so far, and what it must be to fit."""

    def __init__(
        self,
        transport: Transport,
        path: str,
        parameters: Mapping[str, object],
        on_progress: OnBytes,
    ) -> None:
        self._transport = transport
        self._path = path
        self._parameters = parameters
        self._on_progress = on_progress
        self._received = 0
        self._skip = 0
        self._total: int | None = None
        self._etag: str | None = None
        self._digest = hashlib.sha256()
        self._broken = 0
        self.name = ""

    def download(self, name: str, path: Path | None) -> Download:
        """What has come, once it is whole."""
        return Download(
            name=self.name if path is None and self.name else name,
            path=path,
            bytes=self._received,
            sha256=self._digest.hexdigest(),
            etag=self._etag,
            resumed=self._broken,
        )

    def run(self, stream: BinaryIO) -> None:
        """Receive all of it; only so many breaks without a byte between them are borne."""
        retries, fruitless = self._transport.retries, 0
        while True:
            before = self._received
            try:
                self._receive(stream)
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
            else:
                if self._total is None or self._received == self._total:
                    return
                reason = f"{self._received} bytes came of {self._total}"
            self._broken += 1
            fruitless = 1 if self._received > before else fruitless + 1
            if fruitless >= retries.attempts:
                raise DownloadBroken(f"the download broke off again and again: {reason}")
            retries.sleep(retries.pause(fruitless))

    def _receive(self, stream: BinaryIO) -> None:
        try:
            with self._transport.stream(
                self._path, parameters=self._parameters, headers=self._headers()
            ) as response:
                self._fit(response, stream)
                for chunk in response.iter_bytes():
                    self._take(chunk, stream)
        except InvalidRequest as error:
            if error.status != 416:
                raise
            self._start_over(stream)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._received and self._etag:
            headers |= {"Range": f"bytes={self._received}-", "If-Range": self._etag}
        return headers

    def _fit(self, response: httpx.Response, stream: BinaryIO) -> None:
        """Make what is to come follow what came: the rest of it, or all of it once more."""
        start, total = _range_of(response)
        same = self._etag is not None and _strong_etag(response) == self._etag
        if self._received and not same:
            self._start_over(stream)
        if start > self._received:
            raise httpx.RemoteProtocolError("another part came than was asked for")
        self._skip = self._received - start
        self._total = total
        self._etag = _strong_etag(response)
        self.name = self.name or _file_name(response)

    def _take(self, chunk: bytes, stream: BinaryIO) -> None:
        fresh = chunk[self._skip :]
        self._skip = max(0, self._skip - len(chunk))
        stream.write(fresh)
        self._digest.update(fresh)
        self._received += len(fresh)
        self._on_progress(self._received, self._total)

    def _start_over(self, stream: BinaryIO) -> None:
        if self._received and not stream.seekable():
            raise DownloadBroken("the connection broke and the file cannot be begun again here")
        if self._received:
            stream.seek(0)
            stream.truncate()
        self._received, self._etag, self._digest = 0, None, hashlib.sha256()


@contextmanager
def _part_file(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file beside its place to be, gone unless it was renamed."""
    part = folder / f".{secrets.token_hex(6)}.part"
    try:
        with part.open("xb") as stream:
            yield part, stream
    finally:
        part.unlink(missing_ok=True)


def _range_of(response: httpx.Response) -> tuple[int, int | None]:
    """Where the body starts in the file, and the length of the file where it is told."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status_code == 206 and found is not None and found[1] is not None:
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = response.headers.get("Content-Length")
    encoded = response.headers.get("Content-Encoding", "identity") != "identity"
    return 0, None if length is None or encoded else int(length)


def _strong_etag(response: httpx.Response) -> str | None:
    etag: str | None = response.headers.get("ETag")
    return None if etag is None or etag.startswith("W/") else etag


def _file_name(response: httpx.Response) -> str:
    """The last part of the name that the server tells; never a path."""
    header = Message()
    header["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    return Path(header.get_filename("").replace("\\", "/")).name.lstrip(".")


def _ignore(_received: int, _total: int | None) -> None:
    return
