"""Everybody who makes the file; import it where Django is set up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from bench import ours
from bench.peers import cursor, drf, values
from bench.span import Span
from tollbook.results.columns import Column

type_of_write = Callable[[Span, Sequence[Column], Path], None]


class Output(StrEnum):
    """The form of the file."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Contender:
    """One way from PostgreSQL to a file."""

    code: str
    label: str
    output: Output
    write: type_of_write
    is_ours: bool = False


CONTENDERS: Final[tuple[Contender, ...]] = (
    Contender("ours-csv", "Tollbook", Output.CSV, ours.write_csv, is_ours=True),
    Contender("values-csv", ".values_list() + csv module", Output.CSV, values.write_csv),
    Contender("drf-csv", "DRF + djangorestframework-csv", Output.CSV, drf.write_csv),
    Contender("ours-json", "Tollbook", Output.JSON, ours.write_json, is_ours=True),
    Contender("cursor-orjson", "psycopg + orjson", Output.JSON, cursor.write_json),
    Contender("drf-orjson", "DRF flat + orjson", Output.JSON, drf.write_flat_orjson),
    Contender("drf-json", "DRF flat + JSONRenderer", Output.JSON, drf.write_flat_json),
    Contender("drf-nested", "DRF nested + JSONRenderer", Output.JSON, drf.write_nested_json),
    Contender("ours-xlsx", "Tollbook", Output.XLSX, ours.write_xlsx, is_ours=True),
    Contender("xlsxwriter", ".values_list() + XlsxWriter", Output.XLSX, values.write_xlsxwriter),
    Contender("openpyxl", ".values_list() + openpyxl", Output.XLSX, values.write_openpyxl),
    Contender("drf-excel", "DRF + drf-excel", Output.XLSX, drf.write_xlsx),
)


def find_contender(code: str) -> Contender:
    """The one that is called ``code``."""
    return next(contender for contender in CONTENDERS if contender.code == code)
