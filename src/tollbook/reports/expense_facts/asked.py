"""Which expenses a question is about, said once: to PostgreSQL as ``Q``, to segments as Arrow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q, QuerySet

from tollbook.catalog.models import Currency
from tollbook.clients.rules import Role
from tollbook.clients.selectors import clients_seen_by, visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import Expense
from tollbook.expenses.services.loading import EXPENSE_SCHEMA
from tollbook.kernel.periods import DateRange
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot

_IN_SIGHT: Final = "client_id IN (SELECT id FROM clients)"


@dataclass(frozen=True)
class AskedExpenses:
    """The viewer's own expenses of ``days``, narrowed by the column values of ``equal``."""

    viewer: Viewer
    days: DateRange
    equal: tuple[tuple[str, object], ...]

    @property
    def conditions(self) -> list[Q]:
        """The conditions on rows that have the columns of an expense, but for whose they are."""
        days = Q(for_date__gte=self.days.start, for_date__lt=self.days.end)
        return [days, *(Q(**{name: value}) for name, value in self.equal)]

    @property
    def reseller(self) -> dict[str, int]:
        """The one reseller that the viewer belongs to, if any, as a condition."""
        own = self.viewer.reseller_id
        return {} if own is None else {"reseller_id": own}

    def in_ledger(self) -> QuerySet[Expense, Any]:
        """The expenses as PostgreSQL has them."""
        seen = clients_seen_by(self.viewer, "client__")
        return Expense.objects.filter(seen, *self.conditions)

    def in_segments(self, column: Callable[[str], Any], clients: pa.Array | None) -> list[Any]:
        """The conditions on rows of segments, whose ``column`` is an array or an Arrow field.

        ``clients`` are the ids in sight, none is all.
        """
        found = [
            pc.greater_equal(column("for_date"), pa.scalar(self.days.start)),
            pc.less(column("for_date"), pa.scalar(self.days.end)),
            *(pc.equal(column(name), pa.scalar(value)) for name, value in self.equal),
        ]
        if clients is not None:
            found.append(pc.is_in(column("client_id"), value_set=clients))
        return found

    def in_sql(self, *, clients: bool) -> str:
        """The same in SQL that engines share; the table ``clients`` has the ids in sight."""
        found = [f"for_date >= DATE '{self.days.start}'", f"for_date < DATE '{self.days.end}'"]
        found += [f"{name} = {_literal(value)}" for name, value in self.equal]
        return " AND ".join([*found, *([_IN_SIGHT] if clients else [])])

    def clients_in_sight(self, snapshot: Snapshot) -> pa.Array | None:
        """The ids of the clients that the viewer may know of; none for who may know of all."""
        if self.viewer.role is Role.OPERATOR:
            return None
        ids = snapshot.table(visible_clients(self.viewer).order_by("id").values_list("id"))
        return ids["id"].combine_chunks().cast(EXPENSE_SCHEMA.field("client_id").type)


def asked_expenses(question: Question) -> AskedExpenses:
    """The expenses that the question is about: the viewer's own, and no others."""
    values, viewer = question.values, question.viewer
    narrowed: dict[str, object] = {
        "reseller_id": viewer.reseller_id,
        "client_id": values["client_id"],
        "product_id": values["product_id"],
        "currency_id": _currency_id(values["currency"]),
        "deleted": None if values["include_deleted"] else False,
    }
    given = tuple((name, value) for name, value in narrowed.items() if value is not None)
    return AskedExpenses(viewer, question.days, given)


def _literal(value: object) -> str:
    if not isinstance(value, bool | int):
        raise TypeError(f"{value!r} is no number and no truth")
    return str(value).lower()


def _currency_id(char_code: object) -> int | None:
    if char_code is None:
        return None
    return Currency.objects.values_list("id", flat=True).get(char_code=char_code)
