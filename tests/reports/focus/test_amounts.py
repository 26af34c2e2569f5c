"""Known amounts in the words of the standard: commits, prices, corrections, credits, invoices."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from tests.reports.book import Book, add_expense, opened
from tests.reports.focus.reading import CODE, focus_file
from tests.reports.focus.standard import Row, complaints
from tests.reports.lake import fill_lake
from tests.reports.lake import used as measured
from tollbook.catalog.models import CalcRule, PlanItem, Price, Unit
from tollbook.contracts.models import Addendum, Subscription
from tollbook.credits.services import grant_credit
from tollbook.expenses.models import Expense
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.services import close_client
from tollbook.kernel.periods import DateRange, day_start

OCTOBER = DateRange(date(2026, 10, 1), date(2026, 11, 1))
ASKED = {"date_from": "2026-10-01", "date_to": "2026-11-01"}
NOVEMBER = datetime(2026, 11, 2, tzinfo=UTC)


def rows_of(book: Book, **asked: Any) -> list[Row]:
    """October as the admin has it, which conforms."""
    columns, rows = focus_file(book.admin, **ASKED | asked)
    assert complaints(columns, rows) == []
    return rows


def told(rows: Sequence[Row], *columns: str) -> list[tuple[str | None, ...]]:
    """Columns of the rows but those of tax; numbers without their last noughts."""
    return [
        tuple(_short(row[name]) for name in columns)
        for row in rows
        if row["ChargeCategory"] != "Tax"
    ]


def _short(text: str | None) -> str | None:
    if text is None or "." not in text or not text.replace(".", "").replace("-", "").isdigit():
        return text
    return text.rstrip("0").rstrip(".")


def committed(
    book: Book, quantity: str, fee: str, *, rule: str = "commit", **more: Any
) -> Addendum:
    """A contract on CDN with a fee for October; what exceeds the commit is ``overcommit``."""
    metered = book.items["CDN"]
    over = CalcRule.objects.create(name="Over", rule_type="overcommit")
    PlanItem.objects.filter(pk=metered.pk).update(calc_rule=over)
    if "commit" not in book.items:
        book.items["commit"] = _beside(metered, rule)
    addendum = more.pop("addendum", None) or Addendum.objects.create(
        client=book.fjord, plan=metered.plan, currency=book.usd, status="active"
    )
    facts = {
        "addendum": addendum,
        "kind": "fee",
        "calc_rule_type": rule,
        "usage": Decimal(quantity),
        "period_end": day_start(OCTOBER.end),
        "item": "commit",
    }
    add_expense(book, book.fjord, OCTOBER.start, fee, **(facts | more))
    return addendum


def _beside(item: PlanItem, rule: str) -> PlanItem:
    calc_rule = CalcRule.objects.create(name=rule, rule_type=rule)
    return PlanItem.objects.create(
        plan=item.plan, feature=item.feature, calc_rule=calc_rule, unit=item.unit
    )


def used(book: Book, addendum: Addendum, day: int, usage: str, money: str, **more: Any) -> Expense:
    """Usage of the contract, and what of it goes beyond the commit costs."""
    return add_expense(
        book,
        book.fjord,
        date(2026, 10, day),
        money,
        addendum=addendum,
        usage=Decimal(usage),
        calc_rule_type="overcommit",
        **more,
    )


COMMIT = (
    "ChargeCategory",
    "CommitmentDiscountStatus",
    "PricingQuantity",
    "BilledCost",
    "EffectiveCost",
)


def test_what_a_commit_covers_is_used_and_what_exceeds_it_is_charged(book: Book) -> None:
    addendum = committed(book, "100", "30")
    used(book, addendum, 2, "60", "0")
    used(book, addendum, 3, "70", "15", discount="5")
    assert told(rows_of(book), *COMMIT) == [
        ("Purchase", None, "100", "30", "0"),
        ("Usage", "Used", "60", "0", "18"),
        ("Usage", "Used", "40", "0", "12"),
        ("Usage", None, "30", "15", "15"),
    ]
    beyond = rows_of(book)[3]
    assert told([beyond], "ConsumedQuantity", "ListUnitPrice", "ContractedUnitPrice") == [
        ("30", "0.666666666666666667", "0.5")
    ]


def test_what_is_left_of_a_commit_is_unused_at_the_months_end(book: Book) -> None:
    addendum = committed(book, "100", "27", discount="3")
    used(book, addendum, 2, "25", "0")
    rows = rows_of(book)
    assert told(rows, *COMMIT) == [
        ("Purchase", None, "100", "27", "0"),
        ("Usage", "Used", "25", "0", "6.75"),
        ("Usage", "Unused", "75", "0", "20.25"),
    ]
    assert told(rows, "ListCost", "ListUnitPrice", "ContractedUnitPrice", "ConsumedQuantity") == [
        ("30", "0.3", "0.27", None),
        ("7.5", "0.3", "0.27", "25"),
        ("22.5", "0.3", "0.27", None),
    ]
    assert told(rows, "RegionName", "ResourceId", "ResourceType")[1:] == [
        ("Europe", None, None),
        (None, f"commit/{addendum.pk}/{book.items['commit'].pk}", "Commit"),
    ]
    assert rows[2]["ChargePeriodStart"] == "2026-10-01T00:00:00Z"
    assert rows[2]["ChargePeriodEnd"] == "2026-11-01T00:00:00Z"


def test_nothing_is_left_where_the_months_end_is_not_asked_for(book: Book) -> None:
    addendum = committed(book, "100", "30")
    used(book, addendum, 2, "25", "0")
    rows = focus_file(book.admin, date_from="2026-10-02", date_to="2026-10-31")[1]
    assert told(rows, *COMMIT) == [("Usage", "Used", "25", "0", "7.5")]


def test_a_commit_counts_whole_in_each_region(book: Book) -> None:
    addendum = committed(book, "100", "30")
    used(book, addendum, 2, "60", "0")
    used(book, addendum, 3, "120", "10", region="Asia")
    rows = rows_of(book)
    assert told(rows, *COMMIT, "CommitmentDiscountQuantity") == [
        ("Purchase", None, "100", "30", "0", "200"),
        ("Usage", "Used", "60", "0", "9", "60"),
        ("Usage", "Used", "100", "0", "15", "100"),
        ("Usage", None, "20", "10", "10", None),
        ("Usage", "Unused", "40", "0", "6", "40"),
    ]


def test_a_commit_covers_no_region_that_it_does_not_name(book: Book) -> None:
    addendum = committed(book, "100", "30")
    book.items["commit"].regions.set([book.regions["Europe"]])
    used(book, addendum, 2, "60", "0")
    used(book, addendum, 3, "120", "60", region="Asia")
    assert told(rows_of(book), *COMMIT) == [
        ("Purchase", None, "100", "30", "0"),
        ("Usage", "Used", "60", "0", "18"),
        ("Usage", None, "120", "60", "60"),
        ("Usage", "Unused", "40", "0", "12"),
    ]


def test_commits_of_one_feature_are_used_one_after_the_other(book: Book) -> None:
    addendum = committed(book, "10", "5")
    book.items["more"] = _beside(book.items["CDN"], "commit")
    committed(book, "20", "8", addendum=addendum, item="more")
    used(book, addendum, 2, "25", "0")
    assert told(rows_of(book), *COMMIT) == [
        ("Purchase", None, "10", "5", "0"),
        ("Purchase", None, "20", "8", "0"),
        ("Usage", "Used", "10", "0", "5"),
        ("Usage", "Used", "15", "0", "6"),
        ("Usage", "Unused", "5", "0", "2"),
    ]


def test_shares_of_a_fee_add_up_to_the_last_digit(book: Book) -> None:
    addendum = committed(book, "3", "1")
    for day in (2, 3, 4):
        used(book, addendum, day, "1", "0")
    assert told(rows_of(book), "EffectiveCost")[1:] == [
        ("0.333333333333",),
        ("0.333333333334",),
        ("0.333333333333",),
    ]


def test_the_use_of_another_contract_is_not_covered(book: Book) -> None:
    committed(book, "100", "30")
    stranger = Addendum.objects.create(
        client=book.fjord, plan=book.items["CDN"].plan, currency=book.usd, status="active"
    )
    used(book, stranger, 2, "10", "5")
    assert told(rows_of(book), *COMMIT) == [
        ("Purchase", None, "100", "30", "0"),
        ("Usage", None, "10", "5", "5"),
        ("Usage", "Unused", "100", "0", "30"),
    ]


def test_a_commit_that_nothing_measures_is_used_as_it_is_owed(book: Book) -> None:
    add_expense(
        book,
        book.fjord,
        OCTOBER.start,
        "199",
        kind="fee",
        calc_rule_type="commit",
        usage=Decimal(1),
        period_end=day_start(OCTOBER.end),
        item="Storage",
    )
    assert told(rows_of(book), *COMMIT, "ChargeFrequency") == [
        ("Purchase", None, "1", "199", "0", "Recurring"),
        ("Usage", "Used", "1", "0", "199", "Usage-Based"),
    ]


def hourly(book: Book, **more: Any) -> Addendum:
    """A contract on two units in every hour of October, whose first day is owed: 48 for 12."""
    addendum = committed(
        book, "48", "12", rule="commit_hourly", period_end=datetime(2026, 10, 2, tzinfo=UTC), **more
    )
    for name, quantity in (("commit", 2), ("CDN", 0)):
        item = book.items[name]
        Price.objects.create(plan_item=item, currency=book.usd, money_value=Decimal("0.25"))
        Subscription.objects.create(
            addendum=addendum,
            plan_item=item,
            quantity=Decimal(quantity),
            active_from=datetime(2026, 9, 30, tzinfo=UTC),
        )
    Addendum.objects.update(active_from=datetime(2026, 9, 30, tzinfo=UTC))
    return addendum


def test_hours_of_an_hourly_commit_are_used_as_far_as_the_lake_tells(book: Book) -> None:
    addendum = hourly(book)
    used(book, addendum, 1, "3", "1.5")
    midnight = datetime(2026, 10, 1, tzinfo=UTC)
    fill_lake(
        [
            measured(book, book.fjord, midnight + timedelta(hours=hour), amount)
            for hour, amount in ((0, "5"), (1, "1.5"), (7, "2"))
        ]
    )
    rows = rows_of(book)
    assert told(rows, *COMMIT, "ConsumedQuantity") == [
        ("Purchase", None, "48", "12", "0", None),
        ("Usage", "Used", "5.5", "0", "1.375", "5.5"),
        ("Usage", "Unused", "42.5", "0", "10.625", None),
        ("Usage", None, "3", "1.5", "1.5", "3"),
    ]
    assert told(rows, "CommitmentDiscountType")[:3] == [("Hourly commit",)] * 3
    assert {row["ChargePeriodEnd"] for row in rows[:3]} == {"2026-10-02T00:00:00Z"}


def test_an_hourly_commit_counts_whole_in_each_region(book: Book) -> None:
    hourly(book)
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    fill_lake(
        [
            measured(book, book.fjord, noon, "2"),
            measured(book, book.fjord, noon, "1", region="Asia"),
        ]
    )
    assert told(rows_of(book), *COMMIT, "CommitmentDiscountQuantity", "RegionName") == [
        ("Purchase", None, "48", "12", "0", "96", None),
        ("Usage", "Used", "2", "0", "0.25", "2", "Europe"),
        ("Usage", "Used", "1", "0", "0.125", "1", "Asia"),
        ("Usage", "Unused", "93", "0", "11.625", "93", None),
    ]


def test_an_hourly_commit_that_nobody_used_is_unused(book: Book) -> None:
    hourly(book)
    before = _version(book)
    assert told(rows_of(book), *COMMIT) == [
        ("Purchase", None, "48", "12", "0"),
        ("Usage", "Unused", "48", "0", "12"),
    ]
    fill_lake([measured(book, book.fjord, datetime(2026, 10, 1, 12, tzinfo=UTC), "2")])
    assert _version(book) != before


PRICES = ("PricingQuantity", "ConsumedQuantity", "ListUnitPrice", "ListCost", "ContractedUnitPrice")


@pytest.mark.parametrize(
    ("usage", "money", "discount", "expected"),
    [
        ("3", "7.5", "0", ("3", "3", "2.5", "7.5", "2.5")),
        ("655.808155542006", "9.678206449437", "1.075356272160",
         ("655.808155542006", "655.808155542006", "0.01639742145736126", "10.753562721597",
          "0.014757679311624677")),
        ("3", "10", "0", ("3", "3", "3.333333333333333333", "10", "3.333333333333333333")),
        ("1", "-90", "-10", ("-1", "1", "100", "-100", "90")),
        ("0", "5", "0", ("1", "0", "5", "5", "5")),
        ("2", "0", "4", ("2", "2", "2", "4", "0")),
        ("0", "0", "0", ("0", "0", "0", "0", "0")),
        ("7000000000.000000000007", "1234567890123.456789012345", "0",
         ("7000000000.000000000007", "7000000000.000000000007",
          "176.366841446208112715872919", "1234567890123.456789012345",
          "176.366841446208112715872919")),
    ],
)  # fmt: skip
def test_a_unit_price_gives_the_cost_with_as_few_digits_as_it_can(
    book: Book, usage: str, money: str, discount: str, expected: tuple[str, ...]
) -> None:
    add_expense(book, book.fjord, OCTOBER.start, money, discount=discount, usage=Decimal(usage))
    assert told(rows_of(book), *PRICES) == [expected]


def test_a_correction_is_of_the_month_that_it_corrects(book: Book) -> None:
    september = datetime(2026, 9, 30, tzinfo=UTC)
    for start, kind in ((september, "stepped"), (september, "commit"), (None, "stepped")):
        more = {"period_start": start, "period_end": day_start(OCTOBER.start)} if start else {}
        add_expense(
            book,
            book.fjord,
            date(2026, 10, 3),
            "-9",
            kind="correction",
            calc_rule_type=kind,
            usage=Decimal(-2),
            **more,
        )
    assert told(
        rows_of(book),
        "ChargeCategory",
        "ChargeClass",
        "BilledCost",
        "ConsumedQuantity",
        "ChargePeriodStart",
    ) == [
        ("Usage", "Correction", "-9", "-2", "2026-09-30T00:00:00Z"),
        ("Adjustment", "Correction", "-9", None, "2026-09-30T00:00:00Z"),
        ("Usage", None, "-9", "-2", "2026-10-03T00:00:00Z"),
    ]


def close(book: Book) -> list[Invoice]:
    """Bill Fjord's October, with the credit that it has."""
    return close_client(
        reseller_id=book.fjord.reseller_id,
        client_id=book.fjord.pk,
        month=OCTOBER,
        now=NOVEMBER,
    )


def billed(rows: Sequence[Row]) -> dict[str | None, Decimal]:
    """Σ BilledCost by invoice, nothing left out."""
    found: dict[str | None, Decimal] = {}
    for row in rows:
        found[row["InvoiceId"]] = found.get(row["InvoiceId"], Decimal(0)) + Decimal(
            row["BilledCost"] or ""
        )
    return found


def test_a_closed_month_adds_up_to_its_invoice(book: Book) -> None:
    addendum = committed(book, "100", "30.004", tax_rate=Decimal(22))
    used(book, addendum, 2, "130", "9.0001", tax_rate=Decimal(22), discount="1")
    grant_credit(
        viewer=book.operator,
        client_id=book.fjord.pk,
        amount=Decimal("2.5"),
        currency="USD",
        valid_from=datetime(2026, 9, 1, tzinfo=UTC),
        now=datetime(2026, 9, 1, tzinfo=UTC),
    )
    (invoice,) = close(book)
    rows = rows_of(book)
    assert billed(rows) == {invoice.reference: invoice.amount_total}
    assert invoice.amount_total == Decimal("44.53")
    assert told(rows, "ChargeCategory", "BilledCost", "EffectiveCost", "InvoiceId") == [
        ("Purchase", "30.004", "0", invoice.reference),
        ("Usage", "0", "30.004", invoice.reference),
        ("Usage", "9.0001", "9.0001", invoice.reference),
        ("Credit", "-2.5", "-2.5", invoice.reference),
        ("Adjustment", "-0.0041", "-0.0041", invoice.reference),
    ]
    (tax,) = [row for row in rows if row["ChargeCategory"] == "Tax"]
    amounts = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost", "x_TaxRate")
    assert [_short(tax[name]) for name in amounts] == [
        "8.03",
        "8.03",
        "8.030902",
        "8.250902",
        "22",
    ]
    assert tax["InvoiceId"] == invoice.reference


def test_a_refund_is_billed_below_nothing(book: Book) -> None:
    add_expense(
        book, book.fjord, date(2026, 10, 3), "-10.005", kind="correction", usage=Decimal(-1),
        tax_rate=Decimal(10),
    )  # fmt: skip
    (refund,) = close(book)
    assert refund.move_type == "out_refund"
    assert billed(rows_of(book)) == {refund.reference: -refund.amount_total}
    assert refund.amount_total == Decimal("11.01")


def test_what_is_rated_anew_after_its_invoice_is_billed_by_the_next_one(book: Book) -> None:
    expense = add_expense(book, book.fjord, OCTOBER.start, "10", tax_rate=Decimal(20))
    (first,) = close(book)
    Expense.objects.filter(pk=expense.pk).update(money_value=Decimal(17), tax_value=Decimal("3.4"))
    open_again = billed(rows_of(book))
    assert open_again == {first.reference: Decimal(12), None: Decimal("8.4")}
    (second,) = close(book)
    rows = rows_of(book)
    assert billed(rows) == {first.reference: Decimal(12), second.reference: Decimal("8.4")}
    assert told(rows, "ChargeCategory", "BilledCost", "InvoiceId") == [
        ("Usage", "17", second.reference),
        ("Adjustment", "10", first.reference),
        ("Adjustment", "-10", second.reference),
    ]


def test_what_was_billed_and_is_there_no_more_is_still_under_its_invoice(book: Book) -> None:
    expense = add_expense(book, book.fjord, OCTOBER.start, "10", tax_rate=Decimal(20))
    (first,) = close(book)
    Expense.objects.filter(pk=expense.pk).update(deleted=True, reason="sent twice")
    assert billed(rows_of(book)) == {first.reference: Decimal(12), None: Decimal(-12)}
    (second,) = close(book)
    assert second.move_type == "out_refund"
    assert billed(rows_of(book)) == {first.reference: Decimal(12), second.reference: Decimal(-12)}


def test_two_tax_rates_are_two_rows_that_are_rounded_apart(book: Book) -> None:
    for money, rate in (("10.33", 20), ("10.33", 7)):
        add_expense(book, book.fjord, OCTOBER.start, money, tax_rate=Decimal(rate))
    (invoice,) = close(book)
    taxes = [row for row in rows_of(book) if row["ChargeCategory"] == "Tax"]
    assert [(_short(row["x_TaxRate"]), _short(row["BilledCost"])) for row in taxes] == [
        ("7", "0.72"),
        ("20", "2.07"),
    ]
    assert invoice.amount_tax == Decimal("2.79")


def test_names_and_units_are_the_books_own(book: Book, settings: Settings) -> None:
    Unit.objects.filter(pk=book.items["CDN"].unit_id).update(internal_name="GB_HOUR")
    expense = add_expense(
        book, book.fjord, OCTOBER.start, "1",
        period_start=datetime(2026, 10, 1, 7, 30, 15, 999_999, tzinfo=UTC),
    )  # fmt: skip
    (row, *_) = rows_of(book)
    assert row["SubAccountName"] == book.fjord.company_name
    assert row["BillingAccountName"] == f"{book.fjord.company_name}, payer"
    assert row["ProviderName"] == row["InvoiceIssuerName"] == row["PublisherName"] == "North"
    assert row["PricingUnit"] == row["ConsumedUnit"] == "GB-Hours"
    assert row["ChargeDescription"] == "CDN Pro: CDN traffic"
    assert row["SubAccountId"] == f"client/{book.fjord.pk}"
    assert row["BillingAccountId"] == f"payer/{book.fjord.payer_id}"
    assert row["RegionId"] == f"region/{book.regions['Europe'].pk}"
    assert row["SkuId"] == f"feature/{book.items['CDN'].feature_id}"
    assert row["SkuPriceId"] == f"plan-item/{book.items['CDN'].pk}"
    assert row["Tags"] == f'{{"tollbook/addendum": "{expense.addendum_id}"}}'
    assert row["SkuPriceDetails"] == '{"x_CalcRule": "stepped", "x_PlanName": "CDN Pro"}'
    assert row["ChargePeriodStart"] == "2026-10-01T07:30:15Z"
    settings.PUBLISHER = "A cloud"
    assert rows_of(book)[0]["PublisherName"] == "A cloud"


def test_a_former_payer_keeps_its_name(book: Book) -> None:
    add_expense(book, book.fjord, OCTOBER.start, "1", payer_id=book.brook.payer_id)
    assert {row["BillingAccountName"] for row in rows_of(book)} == {"Brook, payer"}


def test_another_resellers_book_is_not_there(book: Book) -> None:
    add_expense(book, book.sand, OCTOBER.start, "1")
    add_expense(book, book.brook, OCTOBER.start, "2")
    assert focus_file(book.seller, **ASKED)[1] == []
    assert told(focus_file(book.stranger, **ASKED)[1], "BilledCost") == [("1",)]
    assert told(rows_of(book), "BilledCost") == [("2",)]
    assert len(told(focus_file(book.operator, **ASKED)[1], "BilledCost")) == 2


def test_nothing_is_an_empty_file_and_a_hundred_years_are_asked_at_once(book: Book) -> None:
    assert rows_of(book) == []
    add_expense(book, book.fjord, OCTOBER.start, "1")
    century = {"date_from": "2000-01-01", "date_to": "2100-01-01"}
    assert told(rows_of(book, **century), "BilledCost") == [("1",)]


def test_the_version_changes_with_invoices_and_names_and_the_publisher(
    book: Book, settings: Settings
) -> None:
    add_expense(book, book.fjord, OCTOBER.start, "1")
    versions = [_version(book)]
    close(book)
    versions.append(_version(book))
    Invoice.objects.update(number="INV/2026/00001")
    versions.append(_version(book))
    assert rows_of(book)[0]["x_InvoiceNumber"] == "INV/2026/00001"
    settings.PUBLISHER = "A cloud"
    versions.append(_version(book))
    book.items["CDN"].regions.set([book.regions["Asia"]])
    versions.append(_version(book))
    Unit.objects.filter(pk=book.items["CDN"].unit_id).update(name="Gigabytes")
    versions.append(_version(book))
    assert len(set(versions)) == len(versions)
    assert _version(book) == versions[-1]


def _version(book: Book) -> object:
    report = opened(book.admin, template_code=CODE)
    try:
        return report.result.metadata["data_version"]
    finally:
        report.close()
