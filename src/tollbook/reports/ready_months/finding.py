"""Which months of a report are ready: all that is in them, as the report would have it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import pyarrow as pa
import structlog
from django.db.models.functions import Now

from tollbook.kernel.periods import DateRange, month_start
from tollbook.reports.dataset import Made
from tollbook.reports.expense_facts.asked import AskedExpenses
from tollbook.reports.expense_facts.counted import SEE_WHOLE_RESELLERS, CountedDays
from tollbook.reports.expense_facts.places import Closed
from tollbook.reports.models import ReadyMonth, ReadyState
from tollbook.reports.ready_months.sources import (
    differing_names,
    layout_of,
    sealed_by_month,
    sources_digest,
    whole_month,
)

_CLIENT_NAME: Final = "client_name"
_OF_EVERYTHING: Final = {"deleted": False}
"""What a report asks for that leaves nothing of a reseller out."""
_log = structlog.get_logger(__name__)


def find_ready_months(
    asked: AskedExpenses,
    counted: CountedDays,
    closed: Closed,
    made: Sequence[Made],
    names: Mapping[str, pa.Table],
) -> Mapping[date, ReadyMonth]:
    """The ready months whose rows are the very ones that the report has of the month.

    One that has other names than the book has today is given up, so that it is made again.
    """
    reseller_id = asked.viewer.reseller_id
    own = {} if reseller_id is None else {"reseller_id": reseller_id}
    if asked.viewer.role not in SEE_WHOLE_RESELLERS or dict(asked.equal) != own | _OF_EVERYTHING:
        return {}
    digests = [
        sources_digest(month, sources)
        for month, sealed in sealed_by_month(tuple(row.values()) for row in closed.rows).items()
        if (sources := whole_month(sealed, _spending(counted, month)))
    ]
    kept = ReadyMonth.objects.filter(
        sources__in=digests, layout=layout_of(made), state=ReadyState.READY
    ).exclude(key="")
    return {
        ready.month: ready
        for ready in kept
        if _is_within(ready, asked.days)
        and _tells_of(ready, names)
        and _are_in_sight(ready, closed.clients)
        and _has_names(ready, names)
    }


def give_up_month(number: int, why: str) -> None:
    """Have the month made again; its files go when nobody reads them any more."""
    _log.warning("ready_month_given_up", ready_month=number, why=why)
    ReadyMonth.objects.filter(pk=number, state=ReadyState.READY).update(
        state=ReadyState.GIVEN_UP, state_since=Now()
    )


def _spending(counted: CountedDays, month: date) -> set[int]:
    """The resellers who have expenses in the month, as far as the ledger has it."""
    days = (of_day for day, of_day in counted.rows.items() if month_start(day) == month)
    return {reseller_id for of_day in days for reseller_id in of_day}


def _tells_of(ready: ReadyMonth, names: Mapping[str, pa.Table]) -> bool:
    if ready.names.keys() == names.keys():
        return True
    give_up_month(ready.pk, "it has names of other columns")
    return False


def _are_in_sight(ready: ReadyMonth, clients: pa.Array | None) -> bool:
    """Whether the viewer knows of every client that the month has."""
    if clients is None:
        return True
    ids, _ = ready.names[_CLIENT_NAME]
    return set(ids) <= set(clients.to_pylist())


def _has_names(ready: ReadyMonth, names: Mapping[str, pa.Table]) -> bool:
    """Whether every name is still what it was; one that the viewer cannot see may be."""
    differing = differing_names(ready.names, names)
    if any(name is not None for name in differing):
        give_up_month(ready.pk, "a name has changed")
    return not differing


def _is_within(ready: ReadyMonth, days: DateRange) -> bool:
    first, last = ready.first_day, ready.last_day
    return first is not None and last is not None and first in days and last in days
