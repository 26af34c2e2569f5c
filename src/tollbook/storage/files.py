"""Files by key: a folder, or a bucket of any store that speaks S3.

Keys are relative paths with ``/``. A file appears whole or not at all: it is written under a key
beside its own that ends with ``.part``, and moved from there. A store that speaks S3 copies in one
step no more than 5 GB, which is then the largest file.
"""

import errno
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

import pyarrow.fs as pafs
from pyarrow import NativeFile

from tollbook.kernel.errors import Unavailable
from tollbook.storage.address import BucketAddress, FolderAddress, read_storage_url
from tollbook.storage.folders import make_private

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PIECE: Final = 1 << 20
_PART: Final = re.compile(r"\.\d+-[0-9a-f]{8}\.part$")


class StorageUnavailable(Unavailable):
    """The store cannot be written or read now; ``code`` tells a full one from one out of reach."""

    code = "storage_unavailable"


@dataclass(frozen=True)
class FileStore:
    """Files under ``root`` of a file system; made by :func:`open_file_store`."""

    filesystem: pafs.FileSystem
    root: str

    def path(self, key: str) -> str:
        """The path of ``key`` inside the file system; ``ValueError`` for one that leads out."""
        parts = key.split("/")
        if not key or any(part in ("", ".", "..") for part in parts):
            raise ValueError(f"{key!r} is no key of a file")
        return f"{self.root}/{key}"

    @contextmanager
    def writing(self, key: str) -> Iterator[BinaryIO]:
        """Open ``key`` for writing; on an error nothing of it stays.

        ``StorageUnavailable`` where the store fails; errors of the block come out as they are.
        """
        place = self.path(key)
        part = f"{place}.{os.getpid()}-{secrets.token_hex(4)}.part"
        with _storage_errors():
            self._make_room(place)
            stream = self.filesystem.open_output_stream(part)
        try:
            yield cast(BinaryIO, _Sink(stream))
            with _storage_errors():
                stream.close()
                self._keep(part, place)
        except BaseException as error:
            with suppress(OSError):
                stream.close()
            with suppress(OSError):
                self.filesystem.delete_file(part)
            if isinstance(error, _Refused):
                raise _unavailable(error) from error
            raise

    def adopt(self, file: Path, key: str) -> None:
        """Take a finished file of this machine in under ``key``; it is gone from its place.

        Who has it open goes on reading it. ``StorageUnavailable`` where the store fails.
        """
        place = self.path(key)
        if isinstance(self.filesystem, pafs.LocalFileSystem):
            with _storage_errors():
                self._make_room(place)
                _sync(file)
                if _moved(file, Path(place)):
                    _sync(Path(place).parent)
                    return
        with self.writing(key) as sink, file.open("rb") as source:
            while piece := source.read(_PIECE):
                sink.write(piece)
        file.unlink()

    def open(self, key: str) -> NativeFile:
        """Open ``key`` for reading at any place; ``FileNotFoundError`` where there is none."""
        return self.filesystem.open_input_file(self.path(key))

    def exists(self, key: str) -> bool:
        """Whether there is a file under ``key``."""
        kind = self.filesystem.get_file_info(self.path(key)).type
        return bool(kind == pafs.FileType.File)

    def size(self, key: str) -> int:
        """Its length in bytes; ``FileNotFoundError`` where there is none."""
        found = self.filesystem.get_file_info(self.path(key))
        if found.type != pafs.FileType.File:
            raise FileNotFoundError(key)
        return int(found.size)

    def keys(self, prefix: str) -> list[str]:
        """Every key that lies under the folder ``prefix``, in order."""
        cut = len(self.root) + 1
        return sorted(info.path[cut:] for info in self._files(self.path(prefix)))

    def old_keys(self, prefix: str, before: datetime) -> list[str]:
        """Every key under the folder ``prefix`` whose file was last written ``before``."""
        cut = len(self.root) + 1
        files = self._files(self.path(prefix))
        return sorted(file.path[cut:] for file in files if file.mtime < before)

    def delete(self, key: str) -> None:
        """Remove ``key``; nothing happens where there is none."""
        with suppress(FileNotFoundError):
            self.filesystem.delete_file(self.path(key))

    def delete_folder(self, prefix: str) -> None:
        """Remove every file under the folder ``prefix``."""
        with suppress(FileNotFoundError):
            self.filesystem.delete_dir(self.path(prefix))

    def sweep_parts(self, older_than: datetime) -> int:
        """Remove what killed writers left half before ``older_than``; how many files that were."""
        halves = [file for file in self._files(self.root) if _PART.search(file.path)]
        left = [file for file in halves if file.mtime < older_than]
        for file in left:
            with suppress(FileNotFoundError):
                self.filesystem.delete_file(file.path)
        return len(left)

    def _files(self, folder: str) -> list[pafs.FileInfo]:
        selector = pafs.FileSelector(folder, recursive=True, allow_not_found=True)
        found = self.filesystem.get_file_info(selector)
        return [info for info in found if info.type == pafs.FileType.File]

    def _make_room(self, place: str) -> None:
        if isinstance(self.filesystem, pafs.LocalFileSystem):
            make_private(Path(place).parent)

    def _keep(self, part: str, place: str) -> None:
        if not isinstance(self.filesystem, pafs.LocalFileSystem):
            self.filesystem.move(part, place)
            return
        _sync(Path(part))
        self.filesystem.move(part, place)
        _sync(Path(place).parent)


def open_file_store(storage_url: str, *, home: Path) -> FileStore:
    """The store of ``STORAGE_URL``: empty, ``file:///folder`` or ``s3://bucket/prefix``.

    S3 takes ``?endpoint_override=host:port&scheme=http&region=…``; the keys come from the usual
    ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY`` or from ``s3://key:secret@bucket``. Parts of
    an upload are sent one after the other: those that wait would all be kept in memory.
    """
    if not storage_url:
        return FileStore(pafs.LocalFileSystem(), str((home / "storage").resolve()))
    match read_storage_url(storage_url):
        case FolderAddress(folder):
            return FileStore(pafs.LocalFileSystem(), str(folder))
        case BucketAddress(place, options):
            return FileStore(pafs.S3FileSystem(**options, background_writes=False), place)


class _Refused(OSError):
    """An error of the store itself, told from those of whoever writes."""


class _Sink(io.RawIOBase):
    """What a writer gets: whole writes, and the store's own errors marked as such."""

    def __init__(self, stream: NativeFile) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._stream.tell())

    def write(self, content: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        try:
            self._stream.write(content)
        except OSError as error:
            raise _Refused(error.errno, str(error)) from error
        return memoryview(content).nbytes


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unavailable(error) from error


def _unavailable(error: OSError) -> StorageUnavailable:
    if error.errno in _FULL:
        return StorageUnavailable("the storage is full: nothing was written", code="storage_full")
    return StorageUnavailable(f"the storage cannot be written: {error}")


def _moved(file: Path, place: Path) -> bool:
    """Whether the file could be moved there: not from one disk to another."""
    try:
        file.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _sync(place: Path) -> None:
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
