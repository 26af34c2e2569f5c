"""The demo book as FOCUS: it conforms, and it comes to what was invoiced and what was spent."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal

import pytest
from django.db.models import Sum

from tests.reports.demo import answered, viewer_named
from tests.reports.focus.reading import CODE, focus_csv, focus_file
from tests.reports.focus.standard import Row, complaints, odd_units
from tests.wire.demo_ledger import DemoLedger
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.rules import MoveType
from tollbook.rating.exact import exact

OCTOBER = {"date_from": "2026-10-01", "date_to": "2026-11-01"}
SUMMER = {"date_from": "2026-08-01", "date_to": "2026-10-01"}
OPEN_RESELLER = "admin3"
"""Its October is not closed yet."""


@pytest.fixture(scope="module")
def october(demo_ledger: DemoLedger) -> tuple[list[str], list[Row]]:
    """Everybody's October: closed for two resellers, open for the third."""
    return focus_file(viewer_named(demo_ledger, "operator"), **OCTOBER)


@exact
def sums(
    rows: Sequence[Row], column: str, by: Callable[[Row], Hashable]
) -> dict[Hashable, Decimal]:
    """The sums of a column, where any row has something of it."""
    found: dict[Hashable, Decimal] = defaultdict(Decimal)
    for row in rows:
        if (text := row[column]) is not None:
            found[by(row)] += Decimal(text)
    return found


def owner(row: Row) -> Hashable:
    return row["SubAccountId"], row["BillingAccountId"], row["BillingCurrency"]


def spent(**narrowed: object) -> dict[Hashable, Decimal]:
    """What live expenses of October come to, by whose they are."""
    live = Expense.objects.filter(
        deleted=False, for_date__gte="2026-10-01", for_date__lt="2026-11-01", **narrowed
    )
    added = live.order_by().values_list("client_id", "payer_id", "currency__char_code")
    return {
        (f"client/{client}", f"payer/{payer}", currency): amount
        for client, payer, currency, amount in added.annotate(amount=Sum("money_value"))
    }


def test_a_month_conforms(october: tuple[list[str], list[Row]]) -> None:
    columns, rows = october
    assert complaints(columns, rows) == []
    assert odd_units(rows) == set()
    assert len(rows) > 50_000


@pytest.mark.long
def test_several_months_of_a_reseller_conform(demo_ledger: DemoLedger) -> None:
    columns, rows = focus_file(viewer_named(demo_ledger, "admin1"), **SUMMER)
    assert complaints(columns, rows) == []
    assert {row["BillingPeriodStart"] for row in rows} == {
        "2026-08-01T00:00:00Z",
        "2026-09-01T00:00:00Z",
    }


@pytest.mark.long
def test_every_kind_of_charge_is_there(october: tuple[list[str], list[Row]]) -> None:
    _, rows = october
    seen = {
        (row["ChargeCategory"], row["ChargeClass"], row["CommitmentDiscountStatus"]) for row in rows
    }
    assert seen == {
        ("Usage", None, None),
        ("Usage", None, "Used"),
        ("Usage", None, "Unused"),
        ("Usage", "Correction", None),
        ("Credit", None, None),
        ("Purchase", None, None),
        ("Adjustment", None, None),
        ("Tax", None, None),
    }
    assert {row["CommitmentDiscountType"] for row in rows} == {
        None,
        "Monthly commit",
        "Hourly commit",
    }


@pytest.mark.long
def test_what_is_billed_under_an_invoice_is_what_it_says(
    october: tuple[list[str], list[Row]],
) -> None:
    _, rows = october
    payable = {
        invoice.reference: -invoice.amount_total
        if invoice.move_type == MoveType.OUT_REFUND
        else invoice.amount_total
        for invoice in Invoice.objects.filter(month="2026-10-01")
    }
    billed = sums(rows, "BilledCost", lambda row: row["InvoiceId"])
    assert billed.pop(None) > 0
    assert billed == payable
    assert len(billed) > 100


@pytest.mark.long
def test_effective_costs_are_what_was_spent_before_tax(
    october: tuple[list[str], list[Row]],
) -> None:
    _, rows = october
    charged = [row for row in rows if row["ChargeCategory"] not in {"Tax", "Adjustment"}]
    assert sums(charged, "EffectiveCost", owner) == spent()
    assert sums(charged, "BilledCost", owner) == spent()


@pytest.mark.long
def test_each_expense_is_there_with_all_that_was_used_and_billed(
    october: tuple[list[str], list[Row]],
) -> None:
    _, rows = october
    each = [row for row in rows if row["x_ExpenseId"] is not None]
    live = Expense.objects.filter(
        deleted=False, for_date__gte="2026-10-01", for_date__lt="2026-11-01"
    )
    assert sums(each, "BilledCost", lambda row: row["x_ExpenseId"]) == {
        str(pk): amount for pk, amount in live.values_list("id", "money_value")
    }
    at_once = _used_as_owed(each)
    consumed = [
        row
        for row in each
        if row["ConsumedQuantity"] is not None and row["CommitmentDiscountType"] != "Hourly commit"
    ]
    assert sums(consumed, "ConsumedQuantity", lambda row: row["x_ExpenseId"]) == {
        str(pk): usage
        for pk, kind, usage in live.values_list("id", "kind", "usage")
        if kind not in (ExpenseKind.FEE, ExpenseKind.CREDIT) or str(pk) in at_once
    }


def _used_as_owed(rows: Sequence[Row]) -> set[str | None]:
    """Fees of what nothing measures: they are used as they are owed."""
    fees = [row for row in rows if row["CommitmentDiscountType"] == "Monthly commit"]
    purchases = {row["x_ExpenseId"] for row in fees if row["ChargeCategory"] == "Purchase"}
    used = {row["x_ExpenseId"] for row in fees if row["CommitmentDiscountStatus"] == "Used"}
    return purchases & used


@pytest.mark.long
def test_hours_that_were_paid_for_are_used_or_unused(
    october: tuple[list[str], list[Row]],
) -> None:
    _, rows = october
    hours = [row for row in rows if row["CommitmentDiscountType"] == "Hourly commit"]
    bought = [row for row in hours if row["ChargeCategory"] == "Purchase"]
    parts = [row for row in hours if row["ChargeCategory"] == "Usage"]
    assert sums(parts, "PricingQuantity", lambda row: row["x_ExpenseId"]) == sums(
        bought, "CommitmentDiscountQuantity", lambda row: row["x_ExpenseId"]
    )
    quantities = sums(parts, "PricingQuantity", lambda row: row["CommitmentDiscountStatus"])
    assert quantities["Used"] > quantities["Unused"] > 0


@pytest.mark.long
def test_an_open_month_has_no_invoices_and_its_tax_is_not_rounded(
    demo_ledger: DemoLedger,
) -> None:
    viewer = viewer_named(demo_ledger, OPEN_RESELLER)
    _, rows = focus_file(viewer, **OCTOBER)
    assert {row["InvoiceId"] for row in rows} == {None}
    taxes = [row for row in rows if row["ChargeCategory"] == "Tax"]
    live = Expense.objects.filter(
        reseller_id=viewer.reseller_id,
        deleted=False,
        for_date__gte="2026-10-01",
        for_date__lt="2026-11-01",
    )
    owed = live.aggregate(Sum("tax_value"))["tax_value__sum"]
    (total,) = sums(taxes, "BilledCost", lambda _: None).values()
    assert total == owed
    assert len(taxes) > 10


@pytest.mark.long
@pytest.mark.parametrize("name", ["admin1", "seller1", "client"])
def test_nobody_sees_another_ones_charges(demo_ledger: DemoLedger, name: str) -> None:
    viewer, caller = viewer_named(demo_ledger, name), demo_ledger.callers[name]
    columns, rows = focus_file(viewer, **OCTOBER)
    assert complaints(columns, rows) == []
    shown = {int((row["SubAccountId"] or "").removeprefix("client/")) for row in rows}
    seen = {
        client_id
        for client_id, reseller_id, seller_id in Expense.objects.filter(deleted=False)
        .values_list("client_id", "client__reseller_id", "client__seller_id")
        .distinct()
        if caller.sees({"client_id": client_id, "reseller_id": reseller_id, "seller_id": seller_id})
    }
    assert shown
    assert shown <= seen


@pytest.mark.long
def test_days_of_a_month_have_their_own_part_of_it(
    demo_ledger: DemoLedger, october: tuple[list[str], list[Row]]
) -> None:
    viewer = viewer_named(demo_ledger, OPEN_RESELLER)
    parts = [("2026-10-01", "2026-10-12"), ("2026-10-12", "2026-11-01")]
    rows = [
        row
        for start, end in parts
        for row in focus_file(viewer, date_from=start, date_to=end)[1]
        if row["ChargeCategory"] != "Tax"
    ]
    name = rows[0]["ProviderName"]
    whole = [
        row for row in october[1] if row["ProviderName"] == name and row["ChargeCategory"] != "Tax"
    ]
    assert rows == whole


@pytest.mark.long
def test_a_product_has_neither_tax_nor_rounding(
    demo_ledger: DemoLedger, october: tuple[list[str], list[Row]]
) -> None:
    columns, rows = focus_file(viewer_named(demo_ledger, "operator"), product_id=1, **OCTOBER)
    assert rows == [row for row in october[1] if row["ServiceName"] == "CDN"]
    assert complaints(columns, rows) == []


@pytest.mark.long
def test_other_parameters_leave_whole_invoices(
    demo_ledger: DemoLedger, october: tuple[list[str], list[Row]]
) -> None:
    viewer = viewer_named(demo_ledger, "operator")
    client_id = october[1][0]["SubAccountId"]
    for name, value, column, text in (
        ("client_id", int((client_id or "").split("/")[1]), "SubAccountId", client_id),
        ("currency", "EUR", "BillingCurrency", "EUR"),
    ):
        rows = focus_file(viewer, **{name: value}, **OCTOBER)[1]
        assert rows == [row for row in october[1] if row[column] == text]


@pytest.mark.long
def test_the_same_question_gives_the_same_bytes(demo_ledger: DemoLedger) -> None:
    viewer = viewer_named(demo_ledger, "admin1")
    asked = {"date_from": "2026-10-01", "date_to": "2026-10-04"}
    assert focus_csv(viewer, **asked) == focus_csv(viewer, **asked)
    with answered(viewer, CODE, **asked) as dataset:
        rows = sum(batch.num_rows for batch in dataset.batches)
        assert 0 < dataset.records <= rows
        assert " expenses, newest 2026-" in dataset.data_version
        assert " invoices " in dataset.data_version
