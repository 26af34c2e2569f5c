"""What an input file may be: CSV, JSON Lines or Parquet, each also compressed by gzip."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from isal import isal_zlib

from tollbook.kernel.errors import InvalidInput


class UsageFormat(StrEnum):
    """How the records of a file are written down."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


MEDIA_TYPES: Final[Mapping[str, UsageFormat]] = {
    "text/csv": UsageFormat.CSV,
    "application/x-ndjson": UsageFormat.JSON_LINES,
    "application/vnd.apache.parquet": UsageFormat.PARQUET,
}
SUFFIXES: Final[Mapping[str, UsageFormat]] = {
    ".csv": UsageFormat.CSV,
    ".jsonl": UsageFormat.JSON_LINES,
    ".ndjson": UsageFormat.JSON_LINES,
    ".parquet": UsageFormat.PARQUET,
}
_GZIP: Final = ".gz"
_GZIP_MARK: Final = b"\x1f\x8b"
_PARQUET_MARK: Final = b"PAR1"
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FileForm:
    """The format of a file, and whether it is compressed."""

    format: UsageFormat
    gzip: bool

    @property
    def suffix(self) -> str:
        """What the name of such a file ends with."""
        return f".{self.format}{_GZIP if self.gzip else ''}"


def form_of_name(name: str) -> FileForm:
    """The form that the name of a file tells; ``InvalidInput`` where it tells none."""
    lower = name.lower()
    gzip = lower.endswith(_GZIP)
    plain = lower.removesuffix(_GZIP)
    for suffix, form in SUFFIXES.items():
        if plain.endswith(suffix):
            return FileForm(form, gzip)
    raise InvalidInput(
        f"The name must end with {', '.join(SUFFIXES)}, or one of these and .gz.", field="file"
    )


def form_of_file(name: str, beginning: bytes) -> FileForm:
    """The form that the name tells, else what its first bytes look like."""
    try:
        return form_of_name(name)
    except InvalidInput:
        gzip = beginning.startswith(_GZIP_MARK)
        return FileForm(_format_of(_unpacked(beginning) if gzip else beginning), gzip)


def _format_of(beginning: bytes) -> UsageFormat:
    if beginning.startswith(_PARQUET_MARK):
        return UsageFormat.PARQUET
    text = beginning.removeprefix(_BOM).lstrip()
    return UsageFormat.JSON_LINES if text.startswith(b"{") else UsageFormat.CSV


def _unpacked(beginning: bytes) -> bytes:
    try:
        return isal_zlib.decompressobj(31).decompress(beginning, 1_024)
    except isal_zlib.error:  # type: ignore[misc]  # unknown to mypy
        return b""
