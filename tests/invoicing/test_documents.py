"""Documents say exactly what was spent, and print it in minor units."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.invoicing.documents import ROUNDING, Document, Group, ItemKey, documents_of
from tollbook.invoicing.rules import MoveType
from tollbook.rating.exact import exact

OCTOBER = date(2026, 10, 1)
RATES = ("0", "8.25", "20", "22")
amounts = st.integers(-(10**18), 10**18).map(lambda units: Decimal(units).scaleb(-12))


def group(amount: str | Decimal, *, rate: str = "20", item: int = 1, kind: str = "usage") -> Group:
    key = ItemKey(1, item, 1, kind, OCTOBER, Decimal(rate))
    return Group(key, f"Item {item}", Decimal(2), Decimal(amount))


groups = st.lists(
    st.tuples(amounts, st.sampled_from(RATES), st.integers(1, 5)).map(
        lambda told: group(told[0], rate=told[1], item=told[2])
    ),
    min_size=1,
    max_size=12,
)


def only(billed: list[Group]) -> Document:
    (document,) = documents_of(billed, minor_unit=2)
    return document


@exact
def check_adds_up(document: Document, minor_unit: int) -> None:
    rounding = sum((i.amount for i in document.items if i.key is None), Decimal(0))
    assert document.expenses + rounding == document.untaxed
    assert sum((i.amount for i in document.items), Decimal(0)) == document.untaxed
    assert sum((i.printed for i in document.items), Decimal(0)) == document.untaxed
    assert abs(rounding) * 2 <= Decimal(1).scaleb(-minor_unit)
    assert document.untaxed >= 0
    assert document.tax >= 0
    for item in document.items:
        assert item.printed == item.printed.quantize(Decimal(1).scaleb(-minor_unit))


@exact
def owed(documents: Sequence[Document]) -> Decimal:
    refund = MoveType.OUT_REFUND
    signed = (d.expenses * (-1 if d.move_type is refund else 1) for d in documents)
    return sum(signed, Decimal(0))


@given(groups, st.sampled_from((0, 2, 3)))
def test_items_sum_to_the_documents_exactly_and_as_printed(
    billed: list[Group], minor_unit: int
) -> None:
    documents = documents_of(billed, minor_unit=minor_unit)

    for document in documents:
        check_adds_up(document, minor_unit)
    assert exact(sum)((each.amount for each in billed), Decimal(0)) == owed(documents)
    assert sum(len([i for i in d.items if i.key]) for d in documents) == len(billed)
    assert [d.move_type for d in documents] in (
        [MoveType.OUT_INVOICE],
        [MoveType.OUT_REFUND],
        [MoveType.OUT_INVOICE, MoveType.OUT_REFUND],
    )


@given(groups)
def test_what_is_owed_and_what_is_owed_back_are_the_same_documents_turned(
    billed: list[Group],
) -> None:
    turned = [
        Group(one.key, one.description, -one.quantity, one.amount.copy_negate()) for one in billed
    ]
    one, other = documents_of(billed, minor_unit=2), documents_of(turned, minor_unit=2)
    assert sorted((d.untaxed, d.tax) for d in one) == sorted((d.untaxed, d.tax) for d in other)
    if any(d.total for d in one):
        assert {d.move_type for d in (*one, *other) if d.total} == set(MoveType)


def test_the_drift_of_thirty_rows_is_seen_in_the_rounding_line() -> None:
    document = only([group("0.004", item=n) for n in range(30)])
    assert document.untaxed == Decimal("0.12")
    assert [str(item.printed) for item in document.items[:-1]] == ["0.00"] * 30
    assert (document.items[-1].name, document.items[-1].printed) == (ROUNDING, Decimal("0.12"))


def test_tax_is_taken_by_rate_from_unrounded_sums() -> None:
    billed = [group("0.125", item=n) for n in range(4)] + [group("1", rate="0", item=9)]
    document = only(billed)
    assert (document.untaxed, document.tax) == (Decimal("1.50"), Decimal("0.10"))


def test_corrections_and_credits_say_so_and_come_after_what_they_are_about() -> None:
    correction = Group(
        ItemKey(1, 1, 1, "correction", date(2026, 9, 1), Decimal(20)), "CDN", Decimal(1), Decimal(3)
    )
    credit = Group(ItemKey(1, 1, 1, "credit", OCTOBER, Decimal(20)), "CDN", Decimal(0), Decimal(-1))
    document = only([credit, correction, group("5"), group("5", item=2)])
    assert [item.name for item in document.items] == [
        "Item 1",
        "CDN, correction of 2026-09",
        "CDN, bonus credit",
        "Item 2",
    ]


@pytest.mark.parametrize(
    ("untaxed", "taxed", "documents"),
    [
        ("10", "5", [("out_invoice", "15.00", "1.10")]),
        ("-10", "-5", [("out_refund", "15.00", "1.10")]),
        ("10", "-5", [("out_invoice", "10.00", "0.00"), ("out_refund", "5.00", "1.10")]),
        ("-10", "5", [("out_invoice", "5.00", "1.10"), ("out_refund", "10.00", "0.00")]),
        ("-10", "9", [("out_invoice", "9.00", "1.98"), ("out_refund", "10.00", "0.00")]),
        ("-5", "5", [("out_invoice", "0.00", "1.10")]),
        ("5", "-5", [("out_refund", "0.00", "1.10")]),
        ("-3", "10", [("out_invoice", "7.00", "2.20")]),
    ],
)
def test_where_net_and_tax_differ_in_sign_there_is_an_invoice_and_a_refund(
    untaxed: str, taxed: str, documents: list[tuple[str, str, str]]
) -> None:
    billed = [group(untaxed, rate="0"), group(taxed, rate="22", item=2)]
    made = documents_of(billed, minor_unit=2)
    assert [(d.move_type.value, str(d.untaxed), str(d.tax)) for d in made] == documents
