"""What comes late for a closed month is corrected in an open one, once, with its own period."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F

from tests.expenses.rated_book import NOW, OCTOBER, RatedBook, open_rated_book, usage_and_amount
from tollbook.catalog.models import PlanItem, Price, PriceStage
from tollbook.expenses.explaining.explanation import explain_expense
from tollbook.expenses.explaining.steps import Origin
from tollbook.expenses.models import Expense, MonthState, RatedCorrection
from tollbook.expenses.rules import ExpenseKind, MonthStatus
from tollbook.expenses.services import (
    CORRECTION_REASON,
    RatingSummary,
    begin_closing,
    correct_closed_months,
    finish_closing,
    rate_asked,
    rate_imported,
)
from tollbook.usage.models import UsageSegment

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


@pytest.fixture
def book() -> RatedBook:
    """October is rated and closed for everybody."""
    made = open_rated_book()
    made.use_all(
        [
            made.record("requests", 1, "6"),
            made.record("requests", 2, "3"),
            made.record("storage", 3, "40"),
        ]
    )
    made.rate()
    for reseller_id in {made.fjord.reseller_id, made.book.sand.reseller_id}:
        close(reseller_id, OCTOBER)
    return made


def close(reseller_id: int, month: date) -> None:
    begin_closing(reseller_id=reseller_id, month=month)
    finish_closing(reseller_id=reseller_id, month=month, closed_at=datetime.now(UTC))


def corrections() -> list[tuple[date, int, str, str]]:
    """For date, day of October, usage and amount of live corrections."""
    found = Expense.objects.filter(kind=ExpenseKind.CORRECTION, deleted=False)
    return [
        (
            row.for_date,
            row.period_start.astimezone(UTC).day,
            *usage_and_amount(row),
        )
        for row in found.order_by("plan_item_id", "period_start")
    ]


def test_where_nothing_is_late_nothing_is_corrected(book: RatedBook) -> None:
    Price.objects.update(money_value=Decimal(9))

    assert correct_closed_months(now=NOW) == RatingSummary()
    assert corrections() == []


def test_a_month_whose_usage_all_came_in_time_is_left_alone(book: RatedBook) -> None:
    UsageSegment.objects.update(created_at=NOW - timedelta(days=9))
    MonthState.objects.update(closed_at=NOW)

    assert correct_closed_months(now=NOW, months=[OCTOBER]) == RatingSummary()
    assert corrections() == []


def test_late_usage_is_charged_on_top_of_the_month_with_its_period(book: RatedBook) -> None:
    october = list(Expense.objects.order_by("pk").values())
    imported = book.use_all([book.record("requests", 2, "3"), book.record("storage", 9, "70")])

    assert rate_imported(imported, now=NOW) == RatingSummary(added=2)
    assert corrections() == [(NOW.date(), 2, "3", "2"), (NOW.date(), 9, "70", "100")]
    assert list(Expense.objects.filter(for_date__lt=NOVEMBER).order_by("pk").values()) == october
    row = Expense.objects.get(plan_item=book.items["requests"], for_date__gte=NOVEMBER)
    assert (row.reason, row.revision) == (CORRECTION_REASON, 1)
    assert row.period_end == datetime(2026, 10, 3, tzinfo=UTC)
    assert str(row.tax_value) == "0.410000000000"
    assert RatedCorrection.objects.get(pk=row.pk).month == OCTOBER


def test_correcting_twice_is_correcting_once(book: RatedBook) -> None:
    imported = book.use("requests", 2, "3")
    rate_imported(imported, now=NOW)
    before = list(Expense.objects.order_by("pk").values())

    assert rate_imported(imported, now=NOW) == RatingSummary(unchanged=1)
    assert correct_closed_months(now=NOW.replace(day=20)) == RatingSummary(unchanged=1)
    assert list(Expense.objects.order_by("pk").values()) == before


def test_more_of_the_same_day_is_a_new_revision_while_the_month_is_open(book: RatedBook) -> None:
    book.use("requests", 2, "3")
    correct_closed_months(now=NOW)
    book.use("requests", 2, "4")

    assert correct_closed_months(now=NOW.replace(day=9)) == RatingSummary(replaced=1)
    assert corrections() == [(NOW.date(), 2, "7", "4")]


def test_once_the_correction_is_closed_too_only_the_rest_is_charged(book: RatedBook) -> None:
    book.use("requests", 2, "3")
    correct_closed_months(now=NOW)
    close(book.fjord.reseller_id, NOVEMBER)
    book.use("requests", 1, "4")

    assert correct_closed_months(now=NOW) == RatingSummary(added=1)
    assert corrections() == [
        (date(2026, 12, 1), 1, "4", "2"),
        (NOW.date(), 2, "3", "2"),
    ]


def test_a_closing_takes_corrections_into_its_own_month(book: RatedBook) -> None:
    book.use("storage", 9, "1")
    begin_closing(reseller_id=book.fjord.reseller_id, month=NOVEMBER)

    assert correct_closed_months(now=NOW, into=NOVEMBER) == RatingSummary()
    closing = correct_closed_months(now=NOW, into=NOVEMBER, during=MonthStatus.CLOSING)
    assert closing == RatingSummary(added=1)
    assert corrections() == [(NOW.date(), 9, "1", "3")]


def test_corrections_that_people_wrote_stay_and_count_for_nothing(book: RatedBook) -> None:
    own = book.live("requests")[1]
    own.pk, own.kind, own.for_date = None, "correction", NOVEMBER
    own.comment, own._state.adding = "goodwill", True
    own.save()
    book.use("requests", 2, "3")

    assert correct_closed_months(now=NOW) == RatingSummary(added=1)
    own.refresh_from_db()
    assert not own.deleted
    explained = explain_expense(own)
    assert (explained.origin, explained.matches) == (Origin.BY_HAND, True)
    assert explained.records is None


def test_late_usage_is_freed_by_a_commit_of_its_region_only(book: RatedBook) -> None:
    book.limit("commit", "Europe")
    book.use_all(
        [book.record("traffic", 2, "4000"), book.record("traffic", 3, "4000", region="Asia")]
    )
    correct_closed_months(now=NOW)

    assert corrections() == [(NOW.date(), 2, "4", "0"), (NOW.date(), 3, "4", "2")]
    assert all(explain_expense(row).matches for row in Expense.objects.filter(kind="correction"))


@pytest.mark.parametrize(
    ("late", "charged"),
    [
        ([(21, "4")], [(21, "4", "2.5")]),
        ([(6, "4")], [(6, "4", "2.5")]),
        ([(21, "4"), (6, "4")], [(6, "4", "2.5"), (21, "4", "2")]),
    ],
)
def test_items_that_follow_each_other_count_one_month_together(
    late: list[tuple[int, str]], charged: list[tuple[int, str, str]]
) -> None:
    book = open_rated_book()
    book.change("requests later", date(2026, 10, 16))
    book.use_all([book.record("requests", 5, "6"), book.record("requests", 20, "3")])
    book.rate()
    close(book.fjord.reseller_id, OCTOBER)

    book.use_all([book.record("requests", day, amount) for day, amount in late])
    correct_closed_months(now=NOW)

    assert sorted(row[1:] for row in corrections()) == charged
    found = Expense.objects.filter(kind=ExpenseKind.CORRECTION)
    assert all(explain_expense(row).matches for row in found)


def test_whoever_had_nothing_late_is_not_corrected_because_of_others(book: RatedBook) -> None:
    PlanItem.objects.update(unit_size=F("unit_size") * 2)
    UsageSegment.objects.update(created_at=NOW - timedelta(days=9))
    MonthState.objects.update(closed_at=NOW)
    imported = book.use_all(
        [
            book.record("requests", 9, "6", client=book.book.brook),
            book.record("storage", 9, "2"),
        ]
    )
    UsageSegment.objects.filter(file_task=imported).update(created_at=NOW + timedelta(days=1))

    assert correct_closed_months(now=NOW) == RatingSummary(added=2)
    assert corrections() == [(NOW.date(), 9, "3", "3"), (NOW.date(), 9, "1", "3")]


def test_an_expense_of_a_closed_month_is_explained_by_what_was_there_then(book: RatedBook) -> None:
    book.use_all([book.record("requests", day, "3") for day in (1, 2)])
    correct_closed_months(now=NOW)

    explained = [explain_expense(row) for row in book.live("requests", for_date__lt=NOVEMBER)]

    assert all(each.matches for each in explained)
    assert [each.records and each.records.count for each in explained] == [1, 1]


def test_a_correction_explains_itself(book: RatedBook) -> None:
    book.use_all([book.record("requests", day, "3") for day in (1, 2, 5)])
    correct_closed_months(now=NOW)
    found = Expense.objects.filter(kind=ExpenseKind.CORRECTION).order_by("period_start")

    explained = [explain_expense(row) for row in found]

    assert [each.origin for each in explained] == [Origin.CORRECTION] * 3
    assert all(each.matches for each in explained)
    months = [each.month for each in explained]
    assert [month and str(month.before.used.normalize()) for month in months] == ["9", "12", "15"]


def test_a_month_that_was_taken_out_of_the_ledger_is_not_billed_again(book: RatedBook) -> None:
    imported = book.use("requests", 2, "3")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE expenses_expense DETACH PARTITION expenses_expense_2026_10")
        assert rate_imported(imported, now=NOW) == RatingSummary()
        assert correct_closed_months(now=NOW) == RatingSummary()
        assert corrections() == []
        cursor.execute(
            "ALTER TABLE expenses_expense ATTACH PARTITION expenses_expense_2026_10 "
            "FOR VALUES FROM ('2026-10-01') TO ('2026-11-01')"
        )
    assert correct_closed_months(now=NOW) == RatingSummary(added=1)
    assert corrections() == [(NOW.date(), 2, "3", "2")]


def test_a_correction_has_the_price_of_now_whenever_its_month_is_rated(book: RatedBook) -> None:
    rate_imported(book.use("requests", 2, "3"), now=NOW)
    (before,) = corrections()
    Price.objects.all().update(money_value=F("money_value") * 2)
    PriceStage.objects.all().update(money_value=F("money_value") * 2)

    summary, left_out = rate_asked(month=NOVEMBER, now=NOW, reason="prices changed")
    assert (summary.replaced, left_out) == (1, ())
    (after,) = corrections()
    assert Decimal(after[3]) == 2 * Decimal(before[3])
    row = Expense.objects.get(kind=ExpenseKind.CORRECTION, deleted=False)
    assert explain_expense(row).matches
    assert rate_asked(month=NOVEMBER, now=NOW, reason="again")[0].changed == 0


def test_rating_a_month_leaves_corrections_of_other_months_alone(book: RatedBook) -> None:
    rate_imported(book.use("requests", 2, "3"), now=NOW)
    before = corrections()
    Price.objects.all().update(money_value=F("money_value") * 2)
    PriceStage.objects.all().update(money_value=F("money_value") * 2)
    rate_asked(month=date(2026, 12, 1), now=NOW, reason="another month")
    assert corrections() == before


def test_late_usage_that_no_contract_prices_is_counted(book: RatedBook) -> None:
    brook = book.book.brook
    brook.pk, brook.company_name = None, "New, without a contract"
    brook.save()
    imported = book.use_all(
        [
            book.record("requests", 2, "3"),
            book.record("requests", 2, "4", client=brook),
            book.record("storage", 3, "5", client=brook),
        ]
    )
    assert rate_imported(imported, now=NOW) == RatingSummary(added=1, unrated=2)
    assert rate_asked(month=NOVEMBER, now=NOW, reason="again")[0].unrated == 2
