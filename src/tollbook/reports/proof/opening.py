"""Which form a downloaded file has, by its first bytes, and how it is read."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

from tollbook.reports.proof.csv_file import csv_pieces, raw_csv_pieces
from tollbook.reports.proof.guarding import Kinds
from tollbook.reports.proof.json_file import json_pieces
from tollbook.reports.proof.parquet_file import parquet_about, parquet_pieces
from tollbook.reports.proof.pieces import About, FileForm, NotAsWritten, OnProgress, ReportFile
from tollbook.reports.proof.xlsx_file import xlsx_about, xlsx_pieces

_ZIP: Final = b"PK\x03\x04"
_PARQUET: Final = b"PAR1"
_GZIP: Final = b"\x1f\x8b"
_JSON: Final = b"{"

_Reader = Callable[[BinaryIO], Iterator[bytes]]


def open_report_file(
    path: Path, on_progress: OnProgress, *, kinds: Kinds | None = None
) -> ReportFile:
    """The file as Tollbook wrote it, compressed or not; ``NotAsWritten`` where it cannot be one.

    ``kinds`` are those of its columns, which JSON and raw CSV do not tell: without them a text that
    reads as a negative number is taken for one.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start == _ZIP:
        pieces = partial(xlsx_pieces, path, on_progress)
        return ReportFile(FileForm.XLSX, xlsx_about(path), pieces)
    if start == _PARQUET:
        pieces = partial(parquet_pieces, path, on_progress)
        return ReportFile(FileForm.PARQUET, parquet_about(path), pieces)
    about = About()
    if _text_form(path, start) is FileForm.JSON:
        read = partial(json_pieces, kinds=kinds)
        return ReportFile(FileForm.JSON, about, partial(_text_pieces, path, read, on_progress))
    plain, raw = partial(csv_pieces, about=about), partial(raw_csv_pieces, kinds=kinds)
    return ReportFile(
        FileForm.CSV,
        about,
        partial(_text_pieces, path, plain, on_progress),
        as_raw=partial(_text_pieces, path, raw, on_progress),
    )


def _text_form(path: Path, start: bytes) -> FileForm:
    if start.startswith(_GZIP):
        try:
            with gzip.open(path) as file:
                start = file.read(1)
        except (OSError, EOFError, zlib.error) as error:
            raise NotAsWritten(f"the compressed file is damaged: {error}") from error
    if not start:
        raise NotAsWritten("the file is empty")
    return FileForm.JSON if start.startswith(_JSON) else FileForm.CSV


def _text_pieces(path: Path, read: _Reader, on_progress: OnProgress) -> Iterator[bytes]:
    size = path.stat().st_size
    with ExitStack() as held:
        stored = held.enter_context(path.open("rb"))
        packed = stored.read(len(_GZIP)) == _GZIP
        stored.seek(0)
        plain = held.enter_context(gzip.GzipFile(fileobj=stored)) if packed else stored
        try:
            for piece in read(cast(BinaryIO, plain)):
                yield piece
                on_progress(stored.tell(), size)
        except (OSError, EOFError, zlib.error) as error:
            raise NotAsWritten(f"the compressed file is damaged: {error}") from error
