"""What a ready month is made of, and where it lies."""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

import tollbook
from tollbook.filetasks.results import result_store
from tollbook.reports.dataset import Made
from tollbook.reports.models import ReadyMonth
from tollbook.results.ready_rows import ReadyFile, ReadyRows

WRITTEN: Final = 1
"""Goes up with every change of the text of a row or of how a result is packed."""
FOLDER: Final = "ready"
RESULT: Final = ".parquet"
LINES: Final = ".csv.zst"

Names = Mapping[str, tuple[Sequence[int], Sequence[str | None]]]
"""By column key: ids that occur, and the name of each."""


@dataclass(frozen=True, order=True)
class Source:
    """The sealed segment of a reseller's month."""

    reseller_id: int
    digest: str
    key: str


def sealed_by_month(rows: Iterable[tuple[Any, ...]]) -> dict[date, list[Source]]:
    """The sealed segments of each month, of rows of :func:`closed_months`, in their order."""
    found: dict[date, list[Source]] = {}
    for reseller_id, month, key, digest in rows:
        if key:
            found.setdefault(month, []).append(Source(reseller_id, digest, key))
    return found


def whole_month(sources: Iterable[Source], resellers: Collection[int]) -> list[Source]:
    """What a month of several resellers is made of; nothing while one who spent has it open."""
    spent = of_spending(sources, resellers)
    return spent if set(resellers) <= {each.reseller_id for each in spent} else []


def of_spending(sources: Iterable[Source], resellers: Collection[int]) -> list[Source]:
    """Those of resellers who have expenses in the month.

    All of them where nobody has any: its expenses were taken out of the ledger.
    """
    return [each for each in sources if not resellers or each.reseller_id in resellers]


def sources_digest(month: date, sources: Iterable[Source]) -> str:
    """A digest of the segments of a month, in whatever order they come."""
    told = [month.isoformat(), *sorted([each.reseller_id, each.digest] for each in sources)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def layout_of(made: Sequence[Made]) -> str:
    """A digest of what decides the bytes of rows, besides facts and names.

    Each release makes ready months anew, for it may write them otherwise; ``WRITTEN`` goes up where
    one release does.
    """
    columns = [
        [each.column.key, str(each.column.type), each.column.repeats, each.facts] for each in made
    ]
    told = [WRITTEN, tollbook.__version__, pa.__version__, columns]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def new_key(month: date, sources: str) -> str:
    """A place for the files of a month where none have ever been."""
    return f"{FOLDER}/{month:%Y-%m}/{sources[:16]}-{secrets.token_hex(8)}"


def ready_rows(ready: ReadyMonth) -> ReadyRows:
    """The rows of the month, as they are appended to a result."""
    store = result_store()
    return ReadyRows(
        name=str(ready.pk),
        num_rows=ready.rows,
        result=ReadyFile(partial(store.open, ready.key + RESULT), ready.result_digest),
        end=ready.result_end,
        lines=ReadyFile(partial(store.open, ready.key + LINES), ready.lines_digest),
        frames=ready.frames,
    )


def names_of(ids: Iterable[int], names: pa.Table) -> tuple[list[int], list[str | None]]:
    """The ids in order, and the name of each."""
    ordered = sorted(ids)
    known, texts = (names.column(position).combine_chunks() for position in (0, 1))
    places = pc.index_in(pa.array(ordered, known.type), value_set=known)
    return ordered, texts.take(places).to_pylist()


def differing_names(told: Mapping[str, Any], names: Mapping[str, pa.Table]) -> list[str | None]:
    """The names in ``names`` that are others than were ``told``; None for one that is not there."""
    return [
        name
        for column, (ids, texts) in told.items()
        for name, text in zip(names_of(ids, names[column])[1], texts, strict=True)
        if name != text
    ]
