"""The file that ``tollbook backup`` writes: a tar of what is kept, and last what it must hold.

Being last, ``manifest.json`` is missing from an archive that was cut off.
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from tollbook.kernel.errors import InvalidInput

FUNCTIONS: Final = "functions.sql"
DUMP: Final = "database.dump"
STORAGE: Final = "storage/"

_MANIFEST: Final = "manifest.json"
_FORMAT: Final = 2
_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class ArchivedFile:
    """One file of the archive, as it must come out."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive holds; ``rows`` counts those of every table at the moment of the dump."""

    format: int
    tollbook: str
    created_at: str
    migrations: list[str]
    rows: dict[str, int]
    storage_included: bool
    files: dict[str, ArchivedFile]


class ArchiveWriter:
    """Adds files and notes what was added."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._files: dict[str, ArchivedFile] = {}

    def add(self, name: str, path: Path) -> int:
        """Put the file under ``name``; returns its length in bytes."""
        with path.open("rb") as opened:
            entry = self._archive.gettarinfo(arcname=name, fileobj=opened)
            reading = _Digesting(opened)
            self._archive.addfile(entry, reading)
        self._files[name] = ArchivedFile(entry.size, reading.digest.hexdigest())
        return entry.size

    def close(self, notes: Mapping[str, Any]) -> None:
        """Write the manifest: ``notes`` and every file that was added."""
        manifest = Manifest(format=_FORMAT, files=self._files, **notes)
        content = json.dumps(asdict(manifest), indent=1).encode()
        entry = tarfile.TarInfo(_MANIFEST)
        entry.size = len(content)
        self._archive.addfile(entry, BytesIO(content))


@contextmanager
def written_archive(path: Path) -> Iterator[ArchiveWriter]:
    """An archive that appears under ``path`` when the block has ended well; readable by us only."""
    fresh = path.with_name(f"{path.name}.part")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    try:
        with fresh.open("wb") as opened:
            with tarfile.open(fileobj=opened, mode="w") as archive:
                yield ArchiveWriter(archive)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(path)
        _sync_folder(path.absolute().parent)
    finally:
        fresh.unlink(missing_ok=True)


def check_archive(path: Path) -> Manifest:
    """Read all of it; ``InvalidInput`` unless every file is there, whole and as it was written."""
    found: dict[str, ArchivedFile] = {}
    manifest: Manifest | None = None
    try:
        for name, content in read_archive(path):
            if name == _MANIFEST:
                manifest = _read_manifest(path, content.read())
            else:
                found[name] = _measure(content)
    except tarfile.TarError as error:
        raise InvalidInput(f"{path} is cut off, or no backup of Tollbook: {error}") from error
    if manifest is None:
        raise InvalidInput(f"{path} is cut off, or no backup of Tollbook: it has no manifest")
    for name, expected in manifest.files.items():
        if found.get(name) != expected:
            raise InvalidInput(f"{path} is damaged: {name} is not what was put in")
    return manifest


def read_archive(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Every file of the archive with its content, in the order of writing."""
    with tarfile.open(path, "r:") as archive:
        for entry in archive:
            content = archive.extractfile(entry)
            if content is not None:
                yield entry.name, content


def _read_manifest(path: Path, content: bytes) -> Manifest:
    try:
        notes = json.loads(content)
        files = {name: ArchivedFile(**file) for name, file in notes.pop("files").items()}
        manifest = Manifest(files=files, **notes)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(f"{path} has a manifest that cannot be read: {error}") from error
    if manifest.format > _FORMAT:
        raise InvalidInput(f"{path} was written by Tollbook {manifest.tollbook}, which is newer")
    return manifest


def _measure(content: IO[bytes]) -> ArchivedFile:
    digest, length = hashlib.sha256(), 0
    while block := content.read(_BLOCK):
        digest.update(block)
        length += len(block)
    return ArchivedFile(length, digest.hexdigest())


def _sync_folder(folder: Path) -> None:
    """Have the disk keep the names in it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class _Digesting:
    """Reads through and digests what passes."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        block = self._opened.read(size)
        self.digest.update(block)
        return block
