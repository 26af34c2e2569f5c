"""Usage files as batches of records: one module for each format, bytes unpacked on the way."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

from tollbook.usage.forms import FileForm, UsageFormat
from tollbook.usage.readers.csv_file import read_csv
from tollbook.usage.readers.json_lines import read_json_lines
from tollbook.usage.readers.packed import blocks_of, unpacked
from tollbook.usage.readers.parquet_file import read_parquet
from tollbook.usage.readers.raw import RawBatch, Unread

__all__ = ["RawBatch", "Unread", "read_records"]

_LINES: Final[Mapping[UsageFormat, Callable[[Iterable[bytes]], Iterator[Unread]]]] = {
    UsageFormat.CSV: read_csv,
    UsageFormat.JSON_LINES: read_json_lines,
}


def read_records(
    file: pa.NativeFile | BinaryIO, form: FileForm, *, most: int, folder: Path
) -> Iterator[Unread]:
    """The records of ``file`` in pieces, in order; each is read when it is called.

    ``most`` is how many bytes may come out of gzip; ``folder`` is where a compressed Parquet file,
    which must be read at any place, is unpacked. ``InvalidInput`` where the file as a whole cannot
    be taken.
    """
    if form.format is not UsageFormat.PARQUET:
        blocks = blocks_of(file)
        yield from _LINES[form.format](unpacked(blocks, most=most) if form.gzip else blocks)
    elif form.gzip:
        with tempfile.TemporaryFile(dir=folder) as plain:
            _unpack(file, plain, most=most)
            yield from read_parquet(pa.PythonFile(plain, mode="r"))
    else:
        yield from read_parquet(file)


def _unpack(file: Any, target: BinaryIO, *, most: int) -> None:
    target.writelines(unpacked(blocks_of(file), most=most))
    target.seek(0)
