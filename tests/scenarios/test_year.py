"""A year of a reseller: all that happens to contracts and usage, and books that balance each month.

The year is long over, so that nothing in it depends on today. Amounts are worked out by hand.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Sum
from pytest_django import Settings

from tests.expenses.rated_book import RatedBook, open_rated_book
from tests.invoicing.closings import check_books_balance, closed, contents
from tests.reports.book import open_book, rows_of
from tollbook.catalog.models import CalcRule, Plan, PlanItem, Price
from tollbook.clients.models import Client
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through
from tollbook.config.queue import ensure_queue
from tollbook.contracts.models import Addendum, Subscription, Trial, TrialRange
from tollbook.credits.models import Operation
from tollbook.credits.services import grant_credit
from tollbook.erp.models import ErpInvoice
from tollbook.erp.services import issue_invoices
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind, MonthStatus
from tollbook.expenses.segments import segment_digest
from tollbook.expenses.selectors import find_month_state
from tollbook.expenses.services import rate_imported, submit_stop, write_stop
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.services import run_file_task
from tollbook.invoicing.models import Invoice, InvoiceItem
from tollbook.invoicing.rules import MoveType
from tollbook.kernel.periods import next_month

pytestmark = [pytest.mark.timeout(600)]

CENT = Decimal("0.01")
Item = tuple[str, str, str]
"""Kind, charge month as ``MM``, exact amount."""


def moment(month: int, day: int) -> datetime:
    return datetime(2024, month, day, tzinfo=UTC)


class Year:
    """The reseller North in 2024: Fjord pays for what it uses, Brook commits itself."""

    def __init__(self, rated: RatedBook) -> None:
        self.rated, self.book = rated, rated.book
        self.fjord, self.brook = rated.book.fjord, rated.book.brook
        Addendum.objects.all().delete()
        for client, rate in ((self.fjord, 20), (self.brook, 0)):
            client.payer.tax_rate = Decimal(rate)
            client.payer.save()

    def agree(
        self,
        client: Client,
        items: dict[str, str],
        *,
        since: datetime,
        plan: Plan | None = None,
    ) -> Addendum:
        """A contract on some items, with what is committed of each."""
        addendum = Addendum.objects.create(
            client=client,
            plan=plan or self.rated.plan,
            currency=self.book.usd,
            status="active",
            active_from=since,
        )
        for name, quantity in items.items():
            Subscription.objects.create(
                addendum=addendum,
                plan_item=self.rated.items[name],
                quantity=Decimal(quantity),
                active_from=since,
            )
        return addendum

    def dearer_plan(self) -> Plan:
        """Requests at two dollars each, whatever their number."""
        plan = Plan.objects.create(product=self.rated.plan.product, name="Dearer")
        former = self.rated.items["requests"]
        item = PlanItem.objects.create(
            plan=plan,
            feature=former.feature,
            calc_rule=CalcRule.objects.get(rule_type="stepped", name="stepped"),
            unit=former.unit,
            unit_size=Decimal(1),
        )
        Price.objects.create(plan_item=item, currency=self.book.usd, money_value=Decimal(2))
        self.rated.items["dearer"] = item
        return plan

    def use(self, month: int, day: int, amount: str, item: str = "requests") -> None:
        """Usage of Fjord, imported; with rating woken as an import wakes it."""
        imported = self.rated.use(item, day, amount, month=date(2024, month, 1))
        rate_imported(imported, now=moment(month, day) + timedelta(days=1, hours=3))

    def use_late(self, month: int, day: int, amount: str) -> None:
        """The same, but rating is woken by nothing: the next closing has to find it."""
        self.rated.use("requests", day, amount, month=date(2024, month, 1))

    def give(self, amount: str, month: int) -> None:
        """Credit for Fjord, good for a month."""
        grant_credit(
            viewer=self.book.operator,
            client_id=self.fjord.pk,
            amount=Decimal(amount),
            currency="USD",
            valid_from=moment(month, 1),
            valid_to=moment(month + 1, 1),
            now=moment(month, 1),
        )

    def stop(self, client: Client, at: datetime) -> None:
        """Stop all subscriptions of the client."""
        task = submit_stop(
            viewer=self.book.admin, client_id=client.pk, at=at, request_id=uuid4(), now=at
        )
        run_file_task(task.uuid, work=write_stop)
        assert FileTask.objects.get(pk=task.pk).status == TaskStatus.COMPLETED

    def close(self, month: int) -> dict[int, list[Item]]:
        """Close the month; the items of its invoices by client, once the books are checked."""
        first = date(2024, month, 1)
        asked_at = datetime.combine(next_month(first), datetime.min.time(), UTC)
        task = closed(self.book.admin, f"{first:%Y-%m}", now=asked_at + timedelta(hours=5))
        assert task.status == TaskStatus.COMPLETED, task.processing_notes
        assert task.processing_notes["errors"] == []
        self.check_books(first)
        return {client.pk: _items(first, client) for client in (self.fjord, self.brook)}

    def check_books(self, month: date) -> None:
        """Expenses, items, invoices and reports say the same; the seal and the credits hold."""
        reseller_id = self.fjord.reseller_id
        check_books_balance(reseller_id, month)
        state = find_month_state(reseller_id, month)
        assert state.status == MonthStatus.CLOSED
        assert state.segment_digest == segment_digest(state.segment_key or "")
        reported = {
            row["client_id"]: row["money_value"].quantize(CENT, ROUND_HALF_UP)
            for row in rows_of(
                self.book.admin,
                date_from=f"{month}",
                date_to=f"{next_month(month)}",
                group_by="client",
            )
        }
        assert reported == {
            invoice.client_id: invoice.amount_untaxed
            for invoice in Invoice.objects.filter(month=month)
        }
        sides = Operation.objects.filter(action__deleted=False).aggregate(
            Sum("debit"), Sum("credit")
        )
        assert sides["debit__sum"] == sides["credit__sum"]

    def owed(self, month: int, client: Client) -> tuple[Decimal, Decimal]:
        """Without tax, and the tax."""
        invoice = Invoice.objects.get(month=date(2024, month, 1), client=client)
        return invoice.amount_untaxed, invoice.amount_tax


def _items(month: date, client: Client) -> list[Item]:
    found = InvoiceItem.objects.filter(invoice__month=month, invoice__client=client)
    return [
        (item.kind, f"{item.charge_month:%m}", f"{item.amount.normalize():f}")
        for item in found.filter(is_rounding=False).order_by("kind", "charge_month", "amount")
    ]


@pytest.fixture
def year(transactional_db: Any, settings: Settings, tmp_path: Path) -> Year:
    """The year before it has begun."""
    ensure_queue()
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""
    return Year(open_rated_book(open_book()))


@pytest.mark.long
def test_a_year_of_a_reseller_balances_each_month(year: Year) -> None:
    live_to_june(year)
    live_to_december(year)
    check_nothing_is_left(year)


def live_to_june(year: Year) -> None:
    """A trial, late usage, a contract from mid-month, another plan, another commit, more usage."""
    fjord, brook = year.fjord.pk, year.brook.pk

    first = year.agree(year.fjord, {"requests": "0", "storage": "0"}, since=moment(1, 1))
    trial = Trial.objects.create(client=year.fjord, product=year.rated.plan.product, days_limit=14)
    TrialRange.objects.create(trial=trial, active_from=moment(1, 1), active_to=moment(1, 15))
    year.use(1, 10, "400")
    year.use(1, 20, "4")
    assert year.close(1) == {fjord: [("usage", "01", "4")], brook: []}, "a trial is free"
    assert year.owed(1, year.fjord) == (Decimal("4.00"), Decimal("0.80"))

    commit = year.agree(year.brook, {"commit": "30"}, since=moment(2, 15) + timedelta(hours=9))
    year.use(2, 3, "12")
    assert year.close(2) == {
        fjord: [("usage", "02", "11")],
        brook: [("fee", "02", "28.965517241379")],
    }, "fourteen of twenty-nine days are owed"
    assert year.owed(2, year.brook) == (Decimal("28.97"), Decimal(0))

    year.use_late(2, 3, "2")
    year.use(3, 5, "50", "storage")
    assert year.close(3) == {
        fjord: [("correction", "02", "1"), ("usage", "03", "150")],
        brook: [("fee", "03", "60")],
    }, "late usage goes on where its own month's ladder stood"

    Addendum.objects.filter(pk=first.pk).update(active_to=moment(4, 15))
    dearer = year.dearer_plan()
    year.agree(year.fjord, {"dearer": "0"}, since=moment(4, 15), plan=dearer)
    year.use(4, 10, "5")
    year.use(4, 20, "5")
    assert year.close(4) == {
        fjord: [("usage", "04", "5"), ("usage", "04", "10")],
        brook: [("fee", "04", "60")],
    }, "each plan prices its own days"

    Subscription.objects.filter(addendum=commit).update(active_to=moment(5, 11))
    Subscription.objects.create(
        addendum=commit,
        plan_item=year.rated.items["commit"],
        quantity=Decimal(40),
        active_from=moment(5, 11),
    )
    assert year.close(5)[brook] == [("fee", "05", "70.967741935483")], (
        "ten days of thirty units, twenty of forty"
    )

    year.use(6, 7, "3")
    year.use(6, 7, "4")
    assert year.close(6)[fjord] == [("usage", "06", "14")]
    day = Expense.objects.filter(client=year.fjord, for_date=date(2024, 6, 7))
    assert sorted(day.values_list("revision", "deleted", "money_value")) == [
        (1, True, Decimal(6)),
        (2, False, Decimal(14)),
    ]


def live_to_december(year: Year) -> None:
    """A tax change, credits, a stop, and usage that is late by two months."""
    fjord, brook = year.fjord.pk, year.brook.pk

    year.use(7, 7, "1")
    year.brook.payer.tax_rate = Decimal(20)
    year.brook.payer.save()
    year.close(7)
    assert year.owed(6, year.brook) == (Decimal("80.00"), Decimal(0)), "what is closed stays"
    assert year.owed(7, year.brook) == (Decimal("80.00"), Decimal("16.00"))

    year.give("25", 8)
    year.use(8, 7, "10")
    assert year.close(8)[fjord] == [("credit", "08", "-20"), ("usage", "08", "20")]
    assert year.owed(8, year.fjord) == (Decimal(0), Decimal(0))

    year.give("8", 9)
    year.use(9, 7, "10")
    assert year.close(9)[fjord] == [("credit", "09", "-8"), ("usage", "09", "20")]
    assert year.owed(9, year.fjord) == (Decimal("12.00"), Decimal("2.40")), "credit before tax"

    year.stop(year.brook, moment(10, 16))
    assert year.close(10) == {fjord: [], brook: [("fee", "10", "38.709677419355")]}, "fifteen days"

    year.use_late(9, 30, "3")
    year.use(11, 7, "1")
    assert year.close(11) == {
        fjord: [("correction", "09", "6"), ("usage", "11", "2")],
        brook: [],
    }
    year.use(12, 31, "1")
    assert year.close(12) == {fjord: [("usage", "12", "2")], brook: []}


def check_nothing_is_left(year: Year) -> None:
    """Closing all of it again changes nothing, and the ERP has each invoice under a number."""
    expenses, invoices = list(Expense.objects.order_by("pk").values()), contents()
    for month in range(1, 13):
        year.close(month)
    assert (list(Expense.objects.order_by("pk").values()), contents()) == (expenses, invoices)
    assert not Expense.objects.filter(client=year.book.sand).exists()

    issue_invoices(now=datetime(2100, 1, 1, tzinfo=UTC))
    billed = Invoice.objects.exclude(amount_total=0)
    documents = ErpInvoice.objects.order_by("invoice_date", "id")
    numbers = list(documents.values_list("name", flat=True))
    assert sorted(numbers) == [
        *(f"INV/2024/{number:05d}" for number in range(1, len(numbers))),
        "INV/2025/00001",
    ]
    assert len(numbers) == billed.count()
    assert {i.move_type for i in billed} == {MoveType.OUT_INVOICE}
    total = billed.aggregate(total=Sum("amount_total"))["total"]
    assert total == documents.aggregate(total=Sum("amount_total"))["total"]
    kinds = set(Expense.objects.filter(deleted=False).values_list("kind", flat=True))
    assert kinds == {kind.value for kind in ExpenseKind}
