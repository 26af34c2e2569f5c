"""Where the expenses of a question lie: which months of which resellers are sealed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
import structlog
from django.db.models import QuerySet

from tollbook.clients.models import Reseller
from tollbook.expenses.segments import closed_months, segment_digest
from tollbook.kernel.periods import number_of_months
from tollbook.reports.expense_facts.asked import AskedExpenses
from tollbook.reports.snapshot import Snapshot

OPEN: Final = "open"
CLOSED: Final = "closed"
PARTLY_CLOSED: Final = "partly closed"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Segment:
    """One sealed month of one reseller, whose bytes are the ones that were sealed."""

    reseller_id: int
    month: date
    key: str


@dataclass(frozen=True)
class Places:
    """The ``segments`` to read, in order, and whose months the ledger must be asked for.

    ``state`` is of the whole period; ``warnings`` tell of segments that are not what was sealed:
    their months are read from the ledger.
    """

    segments: tuple[Segment, ...]
    resellers: frozenset[int]
    state: str
    clients: pa.Array | None
    warnings: tuple[dict[str, object], ...] = ()

    def segments_of(self, month: date) -> list[Segment]:
        """Those of one month, by reseller."""
        return [segment for segment in self.segments if segment.month == month]

    def sealed_in(self, month: date) -> set[int]:
        """The resellers whose month needs no look at the ledger."""
        return {segment.reseller_id for segment in self.segments_of(month)}

    def is_all_sealed(self, month: date) -> bool:
        """Whether the ledger need not be asked for the month at all."""
        return self.sealed_in(month) >= self.resellers


@dataclass(frozen=True)
class Closed:
    """The closed months of a question's resellers: ``rows`` as :func:`closed_months` has them.

    ``clients`` are the ids in sight, none is all.
    """

    resellers: frozenset[int]
    rows: tuple[Mapping[str, Any], ...]
    clients: pa.Array | None


def find_closed(asked: AskedExpenses, snapshot: Snapshot) -> Closed:
    """Look up, by the snapshot, which months are closed."""
    resellers = frozenset(snapshot.table(_resellers(asked)).column("id").to_pylist())
    rows = snapshot.table(closed_months(asked.days)).to_pylist()
    return Closed(
        resellers,
        tuple(row for row in rows if row["reseller_id"] in resellers),
        asked.clients_in_sight(snapshot),
    )


def find_places(asked: AskedExpenses, closed: Closed, *, unread: Collection[date] = ()) -> Places:
    """See that what is sealed is what was sealed.

    That is not seen of segments of the months ``unread``, which nobody will read.
    """
    sealed = [row for row in closed.rows if row["segment_key"]]
    faults = {
        row["segment_key"]: _fault(row["segment_key"], row["segment_digest"])
        for row in sealed
        if row["month"] not in unread
    }
    segments = tuple(
        Segment(row["reseller_id"], row["month"], row["segment_key"])
        for row in sealed
        if not faults.get(row["segment_key"])
    )
    return Places(
        segments,
        closed.resellers,
        state_of(len(closed.rows), len(closed.resellers) * number_of_months(asked.days)),
        closed.clients,
        tuple(_warning(key, fault) for key, fault in faults.items() if fault),
    )


def _resellers(asked: AskedExpenses) -> QuerySet[Reseller, tuple[int]]:
    own = asked.viewer.reseller_id
    return Reseller.objects.filter(**{} if own is None else {"pk": own}).values_list("id")


def state_of(closed: int, months: int) -> str:
    """The state of a period of so many months, counted for each reseller."""
    if not closed:
        return OPEN
    return CLOSED if closed == months else PARTLY_CLOSED


def _fault(key: str, digest: str) -> str:
    """What keeps a segment from being read; empty where nothing does."""
    try:
        found = segment_digest(key)
    except FileNotFoundError:
        return "is not in the store"
    except OSError as error:
        _log.warning("segment_unreadable", segment=key, error=str(error))
        return "cannot be read"
    return "" if found == digest else "is not what was sealed"


def _warning(key: str, fault: str) -> dict[str, object]:
    _log.error("segment_not_used", segment=key, fault=fault)
    message = f"The sealed file {key} {fault}; its month was read from the ledger."
    return {"code": "segment_not_used", "message": message, "retryable": False}
