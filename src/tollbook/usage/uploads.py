"""Files that were handed in, in the store until the import that they are for has ended."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final
from uuid import uuid4

import structlog
from pyarrow import NativeFile

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.kernel.errors import Gone
from tollbook.usage.forms import FileForm, UsageFormat

FOLDER: Final = "uploads"
_BEGINNING: Final = 4_096
_LONGEST_NAME: Final = 255
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Upload:
    """A file as it lies in the store."""

    key: str
    name: str
    form: FileForm
    bytes: int
    digest: str
    """SHA-256 of it as it came."""


class Arrival:
    """A file that is coming in: takes bytes, counts and digests them, keeps the first few."""

    def __init__(self, sink: BinaryIO, key: str) -> None:
        self._sink = sink
        self._key = key
        self._hash = hashlib.sha256()
        self.bytes = 0
        self.beginning = b""

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._sink.write(piece)
        self._hash.update(piece)
        self.bytes += len(piece)
        if len(self.beginning) < _BEGINNING:
            self.beginning += piece[:_BEGINNING]

    def upload(self, name: str, form: FileForm) -> Upload:
        """What has come, once it is all."""
        return Upload(self._key, name[:_LONGEST_NAME], form, self.bytes, self._hash.hexdigest())


@contextmanager
def receiving() -> Iterator[Arrival]:
    """Take a file in; where the block fails nothing of it stays."""
    key = f"{FOLDER}/{uuid4()}"
    with result_store().writing(key) as sink:
        yield Arrival(sink, key)


def shown(upload: Upload) -> dict[str, Any]:
    """The upload as a task shows it: what the same request asks again."""
    return {
        "file_name": upload.name,
        "format": upload.form.format.value,
        "gzip": upload.form.gzip,
        "bytes": upload.bytes,
        "sha256": upload.digest,
    }


def key_of(task: FileTask) -> str:
    """Where the file of an import lies."""
    return str((task.processing_notes.get("resolved_parameters") or {}).get("upload", ""))


def form_of(task: FileTask) -> FileForm:
    """How the file of an import is to be read."""
    return FileForm(UsageFormat(task.parameters["format"]), bool(task.parameters["gzip"]))


def opened(task: FileTask) -> NativeFile:
    """The file of an import; ``Gone`` where it is not kept any more."""
    try:
        return result_store().open(key_of(task))
    except FileNotFoundError as error:
        raise Gone("the file is not kept any more: hand it in again", field="file") from error


def discard(key: str) -> None:
    """Remove an upload; a store out of reach is logged."""
    try:
        result_store().delete(key)
    except OSError as error:
        _log.warning("upload_not_removed", key=key, error=str(error))
