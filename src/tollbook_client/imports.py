"""Imports of usage: files handed in, followed, and what was refused fetched."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from tollbook_client.answers import read_object, read_value
from tollbook_client.downloads import OnBytes
from tollbook_client.tasks import Tasks
from tollbook_client.values import FileTask, read_file_task

MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".csv": "text/csv",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
}
_GZIP: Final = ".gz"
_PIECE: Final = 1 << 18


class Imports(Tasks):
    """The imports of one server that the key may see."""

    folder = "imports"
    noun = "import"

    def create(
        self,
        file: Path | str,
        *,
        request_id: UUID | None = None,
        on_progress: OnBytes | None = None,
    ) -> FileTask:
        """Hand a usage file in; the same ``request_id`` and file again is the same import.

        One is made up where none is given, so that a repeated request never makes two.
        ``ValueError`` for a name that does not tell what the file is; ``on_progress`` hears how
        many of its bytes are sent.
        """
        path = Path(file)
        headers = {**media_headers(path.name), "Request-Id": str(request_id or uuid4())}
        length = path.stat().st_size
        response = self._transport.upload(
            "/imports",
            lambda: _pieces(path, length, on_progress),
            headers={**headers, "Content-Length": str(length)},
        )
        return read_value(read_file_task, read_object(response))


def media_headers(name: str) -> dict[str, str]:
    """The headers that say what a file is, by its name; ``ValueError`` where that does not tell."""
    lower = name.lower()
    for suffix, media_type in MEDIA_TYPES.items():
        if lower.removesuffix(_GZIP).endswith(suffix):
            coding = {"Content-Encoding": "gzip"} if lower.endswith(_GZIP) else {}
            return {"Content-Type": media_type, **coding}
    raise ValueError(f"{name}: a usage file ends with {', '.join(MEDIA_TYPES)}, or these and .gz")


def _pieces(path: Path, length: int, on_progress: OnBytes | None) -> Iterator[bytes]:
    sent = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
            sent += len(piece)
            if on_progress is not None:
                on_progress(sent, length)
