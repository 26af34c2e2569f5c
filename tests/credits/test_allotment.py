"""Which credit pays for what: known cases, and laws."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.credits.allotment import CreditLine, Purse, allot
from tollbook.credits.rules import CreditStatus, credit_status
from tollbook.rating.charge import charge

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
CATEGORIES = ("Delivery", "Security", "Cloud")


def purse(number: int, left: str, *categories: str, days: int | None = None, age: int = 0) -> Purse:
    return Purse(
        id=UUID(int=number),
        left=Decimal(left),
        categories=frozenset(categories),
        given_at=OCTOBER - timedelta(days=age),
        valid_to=None if days is None else OCTOBER + timedelta(days=days),
    )


def line(category: str, net: str, key: str = "") -> CreditLine:
    return CreditLine(key or category, category, Decimal(net), Decimal(20))


def paid(purses: list[Purse], lines: list[CreditLine]) -> list[tuple[int, str, str]]:
    return [(each.purse.id.int, each.line.key, str(each.amount)) for each in allot(purses, lines)]


def test_b1_twenty_of_ninety_are_paid_before_tax() -> None:
    owed = charge(Decimal(100), discount_percent=Decimal(10))
    ((_, _, amount),) = allot([purse(1, "20")], [line("Delivery", str(owed.net))])
    after = charge(owed.net, bonus_available=amount, tax_percent=Decimal(22))
    assert (str(amount), after.taxable, after.tax, after.due) == (
        "20",
        Decimal(70),
        Decimal("15.40"),
        Decimal("85.40"),
    )


def test_what_expires_first_is_used_first() -> None:
    purses = [purse(1, "5"), purse(2, "5", days=90), purse(3, "5", days=31)]
    assert paid(purses, [line("Delivery", "12")]) == [
        (3, "Delivery", "5"),
        (2, "Delivery", "5"),
        (1, "Delivery", "2"),
    ]


def test_of_those_that_end_together_what_is_limited_comes_first_then_the_oldest() -> None:
    purses = [
        purse(1, "5", days=31, age=9),
        purse(2, "5", days=31, age=40),
        purse(3, "5", "Delivery", days=31),
    ]
    assert [number for number, _, _ in paid(purses, [line("Delivery", "100")])] == [3, 2, 1]


def test_a_limited_credit_pays_only_for_its_categories() -> None:
    lines = [line("Security", "10"), line("Delivery", "4")]
    assert paid([purse(1, "50", "Delivery", "Cloud")], lines) == [(1, "Delivery", "4")]


def test_a_credit_for_everything_leaves_to_limited_ones_what_they_alone_can_pay() -> None:
    purses = [purse(1, "10", days=31), purse(2, "10", "Delivery")]
    lines = [line("Delivery", "10"), line("Security", "10")]
    assert paid(purses, lines) == [(1, "Security", "10"), (2, "Delivery", "10")]


@pytest.mark.parametrize(
    ("nets", "used"),
    [
        (("100", "-30"), "70"),
        (("100", "-100"), "0"),
        (("100", "-130"), "0"),
        (("-5", "-5"), "0"),
        (("0", "0"), "0"),
    ],
)
def test_credit_is_never_paid_out_where_corrections_reduce_what_is_owed(
    nets: tuple[str, str], used: str
) -> None:
    lines = [line("Delivery", net, f"{number}") for number, net in enumerate(nets)]
    amounts = (each.amount for each in allot([purse(1, "500")], lines))
    assert sum(amounts, Decimal(0)) == Decimal(used)


def test_two_lines_under_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="same key"):
        allot([], [line("Delivery", "1"), line("Delivery", "2")])


amounts = st.decimals(min_value=0, max_value=1000, places=12)
purses = st.lists(
    st.tuples(amounts, st.frozensets(st.sampled_from(CATEGORIES)), st.none() | st.integers(1, 90)),
    max_size=5,
)
nets = st.lists(
    st.tuples(st.sampled_from(CATEGORIES), st.decimals(min_value=-300, max_value=1000, places=12)),
    max_size=6,
)


@given(purses, nets)
def test_never_more_than_there_is_never_more_than_is_owed(
    held: list[tuple[Decimal, frozenset[str], int | None]], owed: list[tuple[str, Decimal]]
) -> None:
    given_purses = [
        purse(number, str(left), *sorted(limits), days=days)
        for number, (left, limits, days) in enumerate(held)
    ]
    lines = [line(category, str(net), f"{number}") for number, (category, net) in enumerate(owed)]
    found = allot(given_purses, lines)
    for each in given_purses:
        spent = sum((one.amount for one in found if one.purse is each), Decimal(0))
        assert spent <= each.left
    for each_line in lines:
        used = sum((one.amount for one in found if one.line is each_line), Decimal(0))
        assert used <= max(each_line.net, Decimal(0))
    total = sum((one.amount for one in found), Decimal(0))
    assert total <= max(sum((each_line.net for each_line in lines), Decimal(0)), Decimal(0))
    assert all(one.amount > 0 and one.purse.pays_for(one.line) for one in found)
    without_end = [one for one in given_purses if not one.categories and one.valid_to is None]
    if sum((one.left for one in without_end), Decimal(0)) > 6000:
        assert total == sum((each_line.net for each_line in lines), Decimal(0))


@pytest.mark.parametrize(
    ("left", "expired", "start", "end", "status"),
    [
        ("5", "0", 1, None, CreditStatus.UPCOMING),
        ("5", "0", 0, None, CreditStatus.ACTIVE),
        ("5", "0", -9, 1, CreditStatus.ACTIVE),
        ("5", "0", -9, 0, CreditStatus.EXPIRED),
        ("0", "0", -9, 0, CreditStatus.USED),
        ("0", "0", -9, None, CreditStatus.USED),
        ("0", "3", -9, -1, CreditStatus.EXPIRED),
    ],
)
def test_where_a_credit_stands(
    left: str, expired: str, start: int, end: int | None, status: CreditStatus
) -> None:
    stands = {
        "left": Decimal(left),
        "expired": Decimal(expired),
        "valid_from": OCTOBER + timedelta(days=start),
        "valid_to": None if end is None else OCTOBER + timedelta(days=end),
        "now": OCTOBER,
    }
    assert credit_status(taken_back=False, **stands) is status
    assert credit_status(taken_back=True, **stands) is CreditStatus.TAKEN_BACK
