"""The file of lines of one sealed month: what it is called, what it holds, what it is good for.

Row for row it goes with the segment of the month, in the same row groups: the number of each
expense and its line. Anybody may delete it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tollbook.expenses.services.loading import EXPENSE_SCHEMA
from tollbook.filetasks.results import result_store
from tollbook.reports.dataset import Made
from tollbook.results.columns import LINE
from tollbook.results.csv_lines import TEXT_VERSION

FEWEST_ROWS: Final = 20_000
"""In months of fewer rows the text is made in no time."""
LINES_SCHEMA: Final = pa.schema(
    [EXPENSE_SCHEMA.field("id"), pa.field(LINE, pa.string(), nullable=False)]
)
_METADATA_KEY: Final = b"tollbook"

Names = Mapping[str, Mapping[int, str | None]]
"""By column key: which name stands for each id that occurs."""


@dataclass(frozen=True)
class LinesAbout:
    """What lines were made of: the segment's digest, the columns, and the names in them."""

    segment: str
    layout: str
    names: Names

    @classmethod
    def of_file(cls, key: str) -> Self | None:
        """What the file ``key`` says about itself; None where there is none that is whole."""
        try:
            with result_store().open(key) as file:
                told = (pq.read_metadata(file).metadata or {}).get(_METADATA_KEY)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowInvalid):
            return None
        return None if told is None else cls._read(json.loads(told))

    @classmethod
    def _read(cls, told: Mapping[str, Any]) -> Self:
        names = {
            column: dict(zip(ids, names, strict=True))
            for column, (ids, names) in told["names"].items()
        }
        return cls(told["segment"], told["layout"], names)

    def metadata(self) -> Mapping[bytes, bytes]:
        """The same, for the file."""
        names = {
            column: [list(of_ids), list(of_ids.values())] for column, of_ids in self.names.items()
        }
        told = {"segment": self.segment, "layout": self.layout, "names": names}
        return {_METADATA_KEY: json.dumps(told, sort_keys=True).encode()}

    def holds(self, segment: str, made: Sequence[Made], names: Mapping[str, pa.Table]) -> bool:
        """Whether the lines are what would be made of the segment now."""
        return (
            self.segment == segment
            and self.layout == layout_of(made)
            and all(
                _named(of_ids, names[column]) == list(of_ids.values())
                for column, of_ids in self.names.items()
            )
        )


def lines_key(reseller_id: int, month: date) -> str:
    """Where the lines of a reseller's month lie."""
    return f"segments/lines/{reseller_id}/{month:%Y-%m}.parquet"


def layout_of(made: Sequence[Made]) -> str:
    """A digest of what decides the text of a row besides facts and names."""
    told = [[each.column.key, str(each.column.type), each.facts] for each in made]
    return hashlib.sha256(json.dumps([TEXT_VERSION, told]).encode()).hexdigest()


def names_of(ids: Sequence[int], names: pa.Table) -> Mapping[int, str | None]:
    """The name of each of the ids."""
    return dict(zip(ids, _named(dict.fromkeys(ids), names), strict=True))


def _named(ids: Mapping[int, object], names: pa.Table) -> list[str | None]:
    known, texts = (names.column(position).combine_chunks() for position in (0, 1))
    places = pc.index_in(pa.array(ids, known.type), value_set=known)
    named: list[str | None] = texts.take(places).to_pylist()
    return named
