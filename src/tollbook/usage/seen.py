"""What was found in distinct values, kept from one piece of a file to the next.

A column whose values repeat has the same few in every piece, and each look at them costs more than
telling which of them are new.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

Check = Callable[[pl.Series], pl.DataFrame]
_MANY: Final = 8_192
"""So many values of one piece hardly come again."""
_MOST: Final = 65_536


@dataclass(frozen=True)
class Found:
    """Values and the columns that were found in them, a row for each value."""

    values: pa.Array
    columns: Mapping[str, pa.Array]

    @property
    def has_mistakes(self) -> bool:
        """Whether some value is told to be wrong."""
        reasons = self.columns.get("reason")
        return reasons is not None and reasons.null_count < len(reasons)


@dataclass
class Seen:
    """The findings of an import, by column; threads may share it, and at worst look twice."""

    _held: dict[str, Found] = field(default_factory=dict)

    def look(self, name: str, values: pa.Array, check: Check) -> tuple[Found, pa.Array | None]:
        """The findings of ``check`` in some values, and the place of each value among them.

        Without places the findings are in the order of the values.
        """
        held = self._held.get(name)
        if len(values) > _MANY or held is None or held.values.type != values.type:
            held = _looked_at(values, check)
            if len(values) <= _MANY:
                self._held[name] = held
            return held, None
        places = pc.index_in(values, value_set=held.values)
        if places.null_count:
            held = _joined(held, _looked_at(values.filter(pc.is_null(places)), check))
            places = pc.index_in(values, value_set=held.values)
            if len(held.values) <= _MOST:
                self._held[name] = held
        return held, places


def _looked_at(values: pa.Array, check: Check) -> Found:
    series = pl.from_arrow(values)
    if not isinstance(series, pl.Series):
        raise TypeError(f"{values.type} is no column")
    table = check(series).to_arrow(compat_level=pl.CompatLevel.oldest())
    return Found(values, {name: _whole(table[name]) for name in table.schema.names})


def _joined(one: Found, other: Found) -> Found:
    columns = {
        name: pa.concat_arrays([column, other.columns[name].cast(column.type)])
        for name, column in one.columns.items()
    }
    return Found(pa.concat_arrays([one.values, other.values]), columns)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.chunks else pa.nulls(0, column.type)
