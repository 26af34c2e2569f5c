"""``FocusCostAndUsage``: the book as FOCUS 1.2, the FinOps Open Cost and Usage Specification."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Count, Max, QuerySet

from tollbook.clients.models import Reseller
from tollbook.clients.selectors import clients_seen_by
from tollbook.expenses.models import Expense
from tollbook.expenses.segments import closed_months
from tollbook.invoicing.models import Invoice
from tollbook.kernel.periods import DateRange, month_start, months_of, number_of_months
from tollbook.reports.dataset import Dataset, make_columns, read_names
from tollbook.reports.expense_facts.places import state_of
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot, literal_sql
from tollbook.reports.templates.asked import CLIENT_ID, CURRENCY, DATE_FROM, DATE_TO, PRODUCT_ID
from tollbook.reports.templates.focus.columns import FOCUS_COLUMNS
from tollbook.reports.templates.focus.facts import Words, read_words, worded
from tollbook.reports.templates.focus.hours import (
    Clients,
    hourly_use_sql,
    read_hourly_clients,
    read_segments,
    version_of_hours,
)
from tollbook.reports.templates.focus.statements import (
    WITHOUT_NESTED_LOOPS,
    expense_rows,
    month_rows,
)
from tollbook.reports.templates.template import ReportTemplate
from tollbook.reports.versions import RowsSeen, names_digest, rows_seen
from tollbook.usage.models import UsageSegment

AMOUNTS: Final = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")

_FACTS: Final = (
    "id",
    "reseller_id",
    "client_id",
    "payer_id",
    "currency_id",
    "addendum_id",
    "plan_id",
    "plan_item_id",
    "product_id",
    "feature_id",
    "region_id",
    "unit_id",
    "calc_rule_type",
    "kind",
    "for_date",
    "period_start",
    "period_end",
    "usage",
    "money_value",
    "discount_value",
    "tax_rate",
    "tax_value",
)
_OF_INVOICES: Final = ("id", "client_id", "currency_id", "payer_id", "move_type")
_SEEN_OF_INVOICES: Final = (*_OF_INVOICES, "number", "amount_total")


@dataclass(frozen=True)
class _Asked:
    """The live expenses of the months that the question touches, and the invoices of them."""

    question: Question
    expenses: QuerySet[Expense, Any]
    invoices: QuerySet[Invoice, Any]

    @property
    def whole(self) -> bool:
        """Whether invoices are shown whole; a product has no invoices of its own."""
        return self.question.values["product_id"] is None


@dataclass(frozen=True)
class _Beside:
    """What is read before the rows: months that have any, texts, and the lake's files of hours.

    ``names`` are of the columns, by their keys.
    """

    months: Collection[date]
    words: Words
    names: Mapping[str, pa.Table]
    hourly_clients: Clients
    segments: Mapping[date, list[UsageSegment]]


def answer_focus_cost_and_usage(question: Question, snapshot: Snapshot) -> Dataset:
    """Each expense as rows of the standard, month by month, each with its rows of the whole."""
    asked = _asked(question)
    known = snapshot.table(
        asked.expenses.values("for_date").annotate(records=Count("id"), newest=Max("created_at"))
    )
    invoices = rows_seen(snapshot, asked.invoices, _SEEN_OF_INVOICES)
    beside = _read_beside(asked, known, snapshot)
    snapshot.table(WITHOUT_NESTED_LOOPS)
    facts = _facts(asked, beside, snapshot)
    return Dataset(
        columns=tuple(each.column for each in FOCUS_COLUMNS),
        amounts=AMOUNTS,
        currency="BillingCurrency",
        records=_records(known, question.days),
        data_version=_version(known, invoices, beside),
        batches=make_columns(facts, FOCUS_COLUMNS, beside.names),
        period_state=_state(question, snapshot),
    )


def _read_beside(asked: _Asked, known: pa.Table, snapshot: Snapshot) -> _Beside:
    invoiced = snapshot.table(asked.invoices.order_by("month").values("month").distinct())
    clients = read_hourly_clients(asked.expenses, snapshot)
    return _Beside(
        months={
            *(month_start(day) for day in known["for_date"].to_pylist()),
            *invoiced["month"].to_pylist(),
        },
        words=read_words(asked.question.viewer, snapshot),
        names=read_names(FOCUS_COLUMNS, asked.question.viewer, snapshot),
        hourly_clients=clients,
        segments=read_segments(clients),
    )


def _asked(question: Question) -> _Asked:
    months = list(months_of(question.days))
    start, end = months[0].start, months[-1].end
    values, viewer = question.values, question.viewer
    narrowed = {
        "reseller_id": viewer.reseller_id,
        "client_id": values["client_id"],
        "currency__char_code": values["currency"],
    }
    given = {name: value for name, value in narrowed.items() if value is not None}
    seen = clients_seen_by(viewer, "client__")
    product_id = values["product_id"]
    of_product = {} if product_id is None else {"product_id": product_id}
    return _Asked(
        question,
        Expense.objects.filter(
            seen, for_date__gte=start, for_date__lt=end, deleted=False, **given, **of_product
        ),
        Invoice.objects.filter(seen, month__gte=start, month__lt=end, **given),
    )


def _facts(asked: _Asked, beside: _Beside, snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    for month in months_of(asked.question.days):
        if month.start in beside.months:
            for sql in _statements(asked, beside, month):
                yield from worded(snapshot.batches(sql), month, beside.words)


def _statements(asked: _Asked, beside: _Beside, month: DateRange) -> Iterator[str]:
    """The rows of a month's expenses, then those of the month."""
    expenses = asked.expenses.filter(for_date__gte=month.start, for_date__lt=month.end)
    invoices = asked.invoices.filter(month=month.start)
    clients = beside.hourly_clients.get(month.start, ())
    used = hourly_use_sql(month.start, clients, beside.segments.get(month.start, ()))
    days = asked.question.days
    sources = {
        "expenses": literal_sql(expenses.order_by().values(*_FACTS)),
        "invoices": literal_sql(invoices.order_by().values(*_OF_INVOICES)),
    }
    yield expense_rows(**sources, used=used, month=month, days=days)
    if of_month := month_rows(**sources, month=month, days=days, whole=asked.whole):
        yield of_month


def _records(known: pa.Table, days: DateRange) -> int:
    wanted = pc.and_(
        pc.greater_equal(known["for_date"], days.start), pc.less(known["for_date"], days.end)
    )
    return pc.sum(known.filter(wanted)["records"]).as_py() or 0


def _state(question: Question, snapshot: Snapshot) -> str:
    """Whether the months asked for are closed, for all the resellers that they could be of."""
    own = question.viewer.reseller_id
    resellers = Reseller.objects.filter(**{} if own is None else {"pk": own}).values_list("id")
    ids = set(snapshot.table(resellers)["id"].to_pylist())
    closed = snapshot.table(closed_months(question.days))["reseller_id"].to_pylist()
    months = len(ids) * number_of_months(question.days)
    return state_of(sum(1 for each in closed if each in ids), months)


def _version(known: pa.Table, invoices: RowsSeen, beside: _Beside) -> str:
    """The expenses of the months, their invoices, all names, and hours in the lake."""
    newest = pc.max(known["newest"]).as_py()
    records = pc.sum(known["records"]).as_py() or 0
    told = [f"{records} expenses, newest {newest.isoformat()}" if newest else "no expenses"]
    told.append(f"{invoices.rows} invoices {invoices.text}")
    told.append(f"names {names_digest({**beside.names, **beside.words.named})}")
    if beside.hourly_clients:
        told.append(f"hours {version_of_hours(beside.segments)}")
    return "; ".join(told)


FOCUS_COST_AND_USAGE: Final = ReportTemplate(
    id=6,
    code="FocusCostAndUsage",
    name_en="FOCUS 1.2 cost and usage",
    description=(
        "Cost and usage of a range of days in the form of the FinOps Open Cost and Usage "
        "Specification 1.2: expenses, commits used and unused, credits, corrections, rounding and "
        "tax."
    ),
    parameters=(DATE_FROM, DATE_TO, CLIENT_ID, PRODUCT_ID, CURRENCY),
    layouts={"row": tuple(each.column for each in FOCUS_COLUMNS)},
    answer=answer_focus_cost_and_usage,
)
