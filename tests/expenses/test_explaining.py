"""Every step from usage records to the amount, and steps that come to what is stored."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import F

from tests.expenses.rated_book import OCTOBER, RatedBook, open_rated_book
from tollbook.catalog.models import Price
from tollbook.contracts.models import Discount, Subscription
from tollbook.expenses.explaining.explanation import explain_expense
from tollbook.expenses.explaining.steps import Explanation, Origin
from tollbook.expenses.explaining.usage_steps import MOST_RECORDS
from tollbook.expenses.models import Expense
from tollbook.kernel.money import ZERO, round_money
from tollbook.rating.charge import charge

pytestmark = pytest.mark.django_db


@pytest.fixture
def book() -> RatedBook:
    """Usage under every rule, in several records a day; what is committed holds in Europe."""
    made = open_rated_book()
    made.limit("commit", "Europe")
    made.limit("reserved", "Europe")
    Discount.objects.create(
        addendum=made.addendums[made.fjord.pk], relative_value=Decimal("33.333333333333")
    )
    made.use_all(
        [
            *[made.record("traffic", day, "9500") for day in range(1, 8)],
            *[made.record("traffic", day, "9500", region="Asia") for day in (1, 2)],
            *[made.record("requests", 2, "0.07") for _ in range(MOST_RECORDS + 50)],
            made.record("requests", 3, "5.5"),
            made.record("storage", 1, "99.25"),
            made.record("storage", 4, "80", region="Asia"),
            made.record("storage", 5, "1"),
            *[made.record("cpu", 5, "3.25", hour=hour) for hour in range(4)],
            made.record("cpu", 5, "1", hour=9),
            made.record("cpu", 5, "7.5", region="Asia"),
        ]
    )
    made.rate()
    return made


def explained(book: RatedBook, item: str, day: int, region: str = "Europe") -> Explanation:
    (row,) = book.live(
        item,
        client=book.fjord,
        for_date=OCTOBER.replace(day=day),
        region=book.book.regions[region],
    )
    return explain_expense(row)


def recomputed(found: Explanation) -> tuple[Decimal, Decimal, Decimal]:
    """Net, discount and tax from the first numbers of the steps alone."""
    if found.month is None:
        rated = sum((fee.rated for fee in found.fees), ZERO)
    else:
        before = sum((each.quantity * each.price for each in found.month.before.slices), ZERO)
        after = sum((each.quantity * each.price for each in found.month.after.slices), ZERO)
        rated = after - before
    owed = charge(
        rated,
        discount_percent=found.charge.discount_percent,
        tax_percent=found.charge.tax_rate,
    )
    return owed.net, owed.discount, owed.tax


def test_every_expense_of_the_book_is_what_its_steps_come_to(book: RatedBook) -> None:
    rows = Expense.objects.all()
    assert rows.count() > 100
    for row in rows:
        found = explain_expense(row)
        assert found.matches, row
        assert recomputed(found) == (row.money_value, row.discount_value, row.tax_value)


def test_records_are_counted_and_summed_and_the_first_are_shown(book: RatedBook) -> None:
    found = explained(book, "requests", 2).records

    assert found is not None
    assert (found.count, str(found.measured)) == (150, "10.500000000000")
    assert len(found.shown) == MOST_RECORDS
    assert str(found.shown[0].amount) == "0.070000000000"


def test_units_and_rounding_are_shown(book: RatedBook) -> None:
    rounded = explained(book, "requests", 2).quantity
    converted = explained(book, "traffic", 1).quantity

    assert rounded is not None
    assert rounded.rounding is not None
    assert (rounded.charged, rounded.billed) == (Decimal("10.5"), Decimal(11))
    assert converted is not None
    assert (converted.charged, converted.unit_size) == (Decimal(9500), Decimal(1000))
    assert converted.billed == Decimal("9.5")


def test_the_commit_is_used_up_before_anything_is_priced(book: RatedBook) -> None:
    first, fourth = explained(book, "traffic", 1).month, explained(book, "traffic", 4).month

    assert first is not None
    assert (first.committed, first.commit_used, first.commit_left) == (
        Decimal(30),
        Decimal("9.5"),
        Decimal("20.5"),
    )
    assert first.after.cost == 0
    assert fourth is not None
    assert (fourth.commit_left, fourth.before.priced, fourth.after.priced) == (0, 0, 8)


def test_slices_are_those_of_the_ladder(book: RatedBook) -> None:
    graduated, volume = explained(book, "traffic", 5).month, explained(book, "storage", 5).month

    assert graduated is not None
    assert [(each.price, each.quantity) for each in graduated.after.slices] == [
        (Decimal("0.5"), Decimal(10)),
        (Decimal("0.4"), Decimal("7.5")),
    ]
    assert volume is not None
    assert [(each.price, each.quantity) for each in volume.before.slices] == [(3, Decimal("99.25"))]
    assert [(each.price, each.quantity) for each in volume.after.slices] == [(2, Decimal("100.25"))]


def test_regions_have_months_of_their_own(book: RatedBook) -> None:
    asia = explained(book, "storage", 4, region="Asia").month

    assert asia is not None
    assert (asia.before.used, asia.after.used) == (0, 80)


def test_a_commit_of_another_region_is_neither_used_nor_left(book: RatedBook) -> None:
    found = explained(book, "traffic", 2, region="Asia").month
    by_day = explained(book, "cpu", 5, region="Asia").quantity

    assert found is not None
    assert (found.committed, found.commit_used, found.commit_left) == (0, 0, 0)
    assert (found.before.priced, found.after.priced) == (Decimal("9.5"), 19)
    assert by_day is not None
    assert (by_day.hourly_commit, by_day.charged) == (None, Decimal("7.5"))


def test_what_exceeds_an_hourly_commit_is_told_hour_by_hour(book: RatedBook) -> None:
    found = explained(book, "cpu", 5)

    assert found.records is not None
    assert found.records.measured == 14
    assert found.quantity is not None
    assert (found.quantity.hourly_commit, found.quantity.charged) == (2, 5)


def test_fees_tell_what_is_owed_of_how_much(book: RatedBook) -> None:
    (monthly,), (hourly,) = (
        explained(book, "commit", 1, "Europe").fees,
        explained(book, "reserved", 9, "Europe").fees,
    )

    assert (monthly.owed, monthly.of, monthly.whole) == (31, 31, 60)
    assert (hourly.owed, hourly.of, hourly.quantity, hourly.rated) == (24, 24, 48, 12)


def test_discount_and_tax_come_last(book: RatedBook) -> None:
    found = explained(book, "storage", 1)

    net = round_money(Decimal("297.75") * (100 - Decimal("33.333333333333")) / 100)
    assert found.charge.charge.net == net
    assert found.charge.discount_percent == Decimal("33.333333333333")
    assert found.charge.charge.tax == round_money(net * Decimal("0.205"))


def test_a_replaced_revision_and_a_price_of_later_do_not_match(book: RatedBook) -> None:
    book.use("storage", 1, "1")
    book.rate()
    old = Expense.objects.get(deleted=True, for_date=OCTOBER)

    assert not explain_expense(old).matches
    row = book.live("storage", client=book.fjord, for_date=date(2026, 10, 4))[0]
    assert explain_expense(row).matches
    Price.objects.update(money_value=7)
    assert not explain_expense(row).matches


def test_an_expense_whose_contract_is_gone_says_so(book: RatedBook) -> None:
    row = book.live("storage")[0]
    gone = Subscription.objects.filter(pk=book.own("storage").pk)
    gone.update(active_to=F("active_from"))

    found = explain_expense(row)

    assert (found.origin, found.matches, found.records) == (Origin.USAGE, False, None)
