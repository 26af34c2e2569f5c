"""Results → bytes, one module per format; each renders in pieces and flat memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tollbook import __version__
from tollbook.reports.renderers.csv_text import render_csv
from tollbook.reports.renderers.json_text import render_json
from tollbook.reports.renderers.parquet import render_parquet
from tollbook.reports.renderers.xlsx import render_xlsx
from tollbook.results.result_file import ResultFile

__all__ = [
    "RENDERERS",
    "Renderer",
    "ReportFormat",
    "copy_name",
    "render_csv",
    "render_json",
    "render_parquet",
    "render_xlsx",
]


class ReportFormat(StrEnum):
    """The formats a result can be had in."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    PARQUET = "parquet"


@dataclass(frozen=True)
class Renderer:
    """How a format is made and what it is called."""

    media_type: str
    extension: str
    render: Callable[[ResultFile], Iterator[bytes]]


def copy_name(form: "ReportFormat", *, raw: bool = False, gzip: bool = False) -> str:
    """What a copy in this form is called; another version of Tollbook may write other bytes."""
    return (
        f"{__version__}.{'raw.' if raw else ''}{RENDERERS[form].extension}{'.gz' if gzip else ''}"
    )


RENDERERS: Final[Mapping[ReportFormat, Renderer]] = {
    ReportFormat.CSV: Renderer("text/csv; charset=utf-8", "csv", render_csv),
    ReportFormat.JSON: Renderer("application/json", "json", render_json),
    ReportFormat.XLSX: Renderer(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", render_xlsx
    ),
    ReportFormat.PARQUET: Renderer("application/vnd.apache.parquet", "parquet", render_parquet),
}
