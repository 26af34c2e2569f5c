"""One typed table on its way: facts from a snapshot, made into the declared columns of a report."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet

from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import DomainError
from tollbook.reports.snapshot import Snapshot
from tollbook.results.columns import MONEY, Column
from tollbook.results.ready_rows import ReadyRows

_ADDS_IN_128_BITS: Final = pa.decimal128(37, 12)
_ADDS_ANYTHING: Final = pa.decimal256(38, 12)


class AmountTooLarge(DomainError):
    """A sum that the ledger's amounts cannot hold: more than 26 digits before the point."""

    code = "amount_too_large"


NameQuery = Callable[[Viewer], QuerySet[Any, Any]]


@dataclass(frozen=True)
class Dataset:
    """The rows of one report; ``records`` of the ledger go into them.

    ``amounts`` are the columns to total for each value of the column ``currency``. Equal
    ``data_version`` under equal parameters means equal rows; it may be known only once the batches
    were read. What comes among the batches as :class:`ReadyRows` was made before: ``months`` is
    the column of days by whose months the rows are kept apart. ``period_state`` tells whether the
    months it is about are closed; ``warnings`` are notes for who asked.
    """

    columns: tuple[Column, ...]
    amounts: tuple[str, ...]
    currency: str | None
    records: int
    data_version: str | Callable[[], str]
    batches: Iterator[pa.RecordBatch | ReadyRows]
    months: str | None = None
    period_state: str = "open"
    warnings: tuple[Mapping[str, object], ...] = ()

    @property
    def version(self) -> str:
        """The ``data_version``, once the batches were read."""
        known = self.data_version
        return known if isinstance(known, str) else known()


@dataclass(frozen=True)
class Made:
    """A column and what it is made of.

    One fact is taken as it is, two are added up; with ``names``, a query of ids and their names,
    the fact is an id and the column holds its name.
    """

    column: Column
    facts: tuple[str, ...]
    names: NameQuery | None = None


def facts_of(made: Sequence[Made]) -> list[str]:
    """What must be read to make the columns, each once."""
    return list(dict.fromkeys(fact for each in made for fact in each.facts))


def read_names(made: Sequence[Made], viewer: Viewer, snapshot: Snapshot) -> Mapping[str, pa.Table]:
    """The ids and names that the columns need, by column key."""
    return {each.column.key: snapshot.table(each.names(viewer)) for each in made if each.names}


def plain_facts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches with exact decimals in place of PostgreSQL's numeric."""
    for batch in batches:
        arrays = [_plain(array) for array in batch.columns]
        yield pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def make_columns(
    batches: Iterable[pa.RecordBatch], made: Sequence[Made], names: Mapping[str, pa.Table]
) -> Iterator[pa.RecordBatch]:
    """Make the columns of every batch of facts; nothing is rounded, else ``AmountTooLarge``."""
    keys = [each.column.key for each in made]
    for batch in batches:
        try:
            facts = {name: _plain(batch.column(name)) for name in batch.schema.names}
            arrays = [_make(each, facts, names) for each in made]
        except pa.ArrowInvalid as error:
            raise AmountTooLarge(
                f"A sum has more than 26 digits before the point: {error}"
            ) from error
        yield pa.RecordBatch.from_arrays(arrays, names=keys)


def _make(each: Made, facts: Mapping[str, pa.Array], names: Mapping[str, pa.Table]) -> pa.Array:
    first, *more = (facts[fact] for fact in each.facts)
    if each.names is not None:
        return _named(first, names[each.column.key])
    return add_exactly(first, *more) if more else first


def _plain(array: pa.Array) -> pa.Array:
    """PostgreSQL's numeric arrives as text of an opaque type."""
    return array.storage.cast(MONEY) if isinstance(array.type, pa.OpaqueType) else array


def _named(ids: pa.Array, names: pa.Table) -> pa.DictionaryArray:
    known, texts = (names.column(position).combine_chunks() for position in (0, 1))
    return pa.DictionaryArray.from_arrays(pc.index_in(ids, value_set=known), texts)


def add_exactly(first: pa.Array, second: pa.Array) -> pa.Array:
    """The sums of two columns of amounts; ``ArrowInvalid`` where one has more than 26 digits.

    128 bits hold the sum of any two amounts of 25 integer digits; only for more it takes 256, which
    are forty times slower.
    """
    try:
        narrow = first.cast(_ADDS_IN_128_BITS), second.cast(_ADDS_IN_128_BITS)
    except pa.ArrowInvalid:
        return pc.add(first.cast(_ADDS_ANYTHING), second.cast(_ADDS_ANYTHING)).cast(MONEY)
    return pc.add(*narrow)
