"""Which months of a report are ready: all that is in them, as the report would have it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import pyarrow as pa
import structlog

from tollbook.clients.rules import Role
from tollbook.expenses.segments import closed_months
from tollbook.kernel.periods import DateRange, month_start
from tollbook.reports.dataset import Made
from tollbook.reports.expense_facts.asked import AskedExpenses
from tollbook.reports.expense_facts.counted import CountedDays
from tollbook.reports.models import ReadyMonth
from tollbook.reports.ready_months.sources import (
    Source,
    are_named_so,
    layout_of,
    sources_digest,
)
from tollbook.reports.snapshot import Snapshot

_SEE_WHOLE_RESELLERS: Final = frozenset({Role.OPERATOR, Role.ADMIN})
_OF_EVERYTHING: Final = {"deleted": False}
"""What a report asks for that leaves nothing of a reseller out."""
_log = structlog.get_logger(__name__)


def sealed_sources(
    days: DateRange, snapshot: Snapshot, *, reseller_id: int | None = None
) -> Mapping[date, list[Source]]:
    """The sealed segments of each month, by reseller; of one only where it is given."""
    found: dict[date, list[Source]] = {}
    for row in snapshot.table(closed_months(days)).to_pylist():
        if row["segment_key"] and reseller_id in (None, row["reseller_id"]):
            source = Source(row["reseller_id"], row["segment_digest"], row["segment_key"])
            found.setdefault(row["month"], []).append(source)
    return found


def find_ready_months(
    asked: AskedExpenses,
    counted: CountedDays,
    made: Sequence[Made],
    names: Mapping[str, pa.Table],
    snapshot: Snapshot,
) -> Mapping[date, ReadyMonth]:
    """The ready months whose rows are the very ones that the report has of the month.

    One that has other names than the book has today is forgotten, so that it is made again.
    """
    reseller_id = asked.viewer.reseller_id
    own = {} if reseller_id is None else {"reseller_id": reseller_id}
    if asked.viewer.role not in _SEE_WHOLE_RESELLERS or dict(asked.equal) != own | _OF_EVERYTHING:
        return {}
    sealed = sealed_sources(asked.days, snapshot, reseller_id=reseller_id)
    digests = {sources_digest(month, sources): month for month, sources in sealed.items()}
    clients = asked.clients_in_sight(snapshot) if digests else None
    kept = ReadyMonth.objects.filter(sources__in=digests, layout=layout_of(made)).exclude(key="")
    return {
        ready.month: ready
        for ready in kept
        if _has_all(ready, asked.days, counted, sealed[ready.month])
        and _are_in_sight(ready, clients)
        and _has_names(ready, names)
    }


def forget_month(sources: str) -> None:
    """Have the month made again; its files go when nobody reads them any more."""
    _log.warning("ready_month_not_used", sources=sources)
    ReadyMonth.objects.filter(sources=sources).delete()


def _has_all(
    ready: ReadyMonth, days: DateRange, counted: CountedDays, sources: Sequence[Source]
) -> bool:
    """Whether all rows of the month are of the days, and none lie in the ledger alone."""
    resellers = {source.reseller_id for source in sources}
    in_ledger = any(
        of_day.keys() - resellers
        for day, of_day in counted.rows.items()
        if month_start(day) == ready.month
    )
    first, last = ready.first_day, ready.last_day
    return not (in_ledger or first is None or last is None) and first in days and last in days


def _are_in_sight(ready: ReadyMonth, clients: pa.Array | None) -> bool:
    """Whether the viewer knows of every client that the month has."""
    if clients is None:
        return True
    ids, _ = ready.names["client_name"]
    return set(ids) <= set(clients.to_pylist())


def _has_names(ready: ReadyMonth, names: Mapping[str, pa.Table]) -> bool:
    if are_named_so(ready.names, names):
        return True
    forget_month(ready.sources)
    return False
