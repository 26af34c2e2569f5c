"""A rating run writes what should be and is not there, and touches nothing else."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from tests.expenses.rated_book import NOW, OCTOBER, RatedBook, open_rated_book, usage_and_amount
from tollbook.catalog.models import Price, PriceStage
from tollbook.contracts.models import (
    Discount,
    Subscription,
    Trial,
    TrialOption,
    TrialOptionType,
    TrialRange,
)
from tollbook.expenses.models import DayCount, Expense
from tollbook.expenses.rules import ExpenseKind, MonthStatus
from tollbook.expenses.services import (
    RatingSummary,
    begin_closing,
    finish_closing,
    rate_imported,
    rate_open_months,
    rate_stopped,
    submit_stop,
    write_stop,
)
from tollbook.filetasks.services import run_file_task
from tollbook.kernel.errors import Conflict, InvalidInput

pytestmark = pytest.mark.django_db
FEES = 3 * (1 + 31)
"""Of three clients: a month's commit, and an hourly one each day."""


@pytest.fixture
def book() -> RatedBook:
    """Contracts, some usage of Fjord under every rule, all of it rated."""
    made = open_rated_book()
    made.use_all(
        [
            made.record("traffic", 1, "20000"),
            made.record("traffic", 2, "15000"),
            made.record("traffic", 3, "4000"),
            made.record("requests", 1, "4.2"),
            made.record("requests", 2, "8"),
            made.record("requests", 9, "1"),
            made.record("storage", 1, "99"),
            made.record("storage", 2, "1"),
            made.record("cpu", 5, "3.5", hour=7),
            made.record("cpu", 5, "1", hour=8),
            made.record("cpu", 6, "2", hour=8),
        ]
    )
    assert made.rate() == RatingSummary(added=FEES + 9)
    return made


def amounts(book: RatedBook, item: str) -> list[tuple[int, str, str]]:
    """Day, usage and amount before tax of Fjord's live expenses."""
    return [
        (row.for_date.day, *usage_and_amount(row)) for row in book.live(item, client=book.fjord)
    ]


def test_each_rule_posts_its_differences_of_the_month_to_date(book: RatedBook) -> None:
    assert amounts(book, "traffic") == [(1, "20", "0"), (2, "15", "2.5"), (3, "4", "2")]
    assert amounts(book, "requests") == [(1, "5", "5"), (2, "8", "6.5"), (9, "1", "0.5")]
    assert amounts(book, "storage") == [(1, "99", "297"), (2, "1", "-97")]
    assert amounts(book, "cpu") == [(5, "1.5", "1.125")]
    assert amounts(book, "commit") == [(1, "30", "60")]
    assert amounts(book, "reserved") == [(day, "48", "12") for day in range(1, 32)]


def by_region(book: RatedBook, item: str) -> dict[str, tuple[str, str]]:
    """Usage and amount before tax of Fjord's only live expense in each region."""
    found = book.live(item, client=book.fjord)
    assert len({row.region_id for row in found}) == len(found)
    return {row.region.ext_name: usage_and_amount(row) for row in found}


def test_a_commit_of_some_regions_frees_usage_in_these_and_in_no_other() -> None:
    """30 are committed in Europe: 5 of 35 go beyond it there, all 12 do in Asia."""
    book = open_rated_book()
    book.limit("commit", "Europe")
    book.use("traffic", 1, "35000")
    book.use("traffic", 1, "12000", region="Asia")
    book.rate()

    assert by_region(book, "traffic") == {"Europe": ("35", "2.5"), "Asia": ("12", "5.8")}
    assert by_region(book, "commit") == {"Europe": ("30", "60")}


def test_a_commit_without_regions_frees_its_whole_quantity_in_each() -> None:
    book = open_rated_book()
    book.use("traffic", 1, "35000")
    book.use("traffic", 1, "31000", region="Asia")
    book.rate()

    assert by_region(book, "traffic") == {"Europe": ("35", "2.5"), "Asia": ("31", "0.5")}


@pytest.fixture
def regional() -> RatedBook:
    """30 committed in Europe and Asia, 8 more in Asia, 5 more everywhere; all of it rated."""
    made = open_rated_book()
    made.limit("commit", "Europe", "Asia")
    made.commit("traffic", "8", "Asia")
    made.commit("traffic", "5")
    made.use_all(
        [
            made.record("traffic", 1, "36000"),
            made.record("traffic", 1, "44000", region="Asia"),
            made.record("traffic", 1, "15000", region="Africa"),
        ]
    )
    assert made.rate() == RatingSummary(added=FEES + 2 + 3)
    return made


def test_several_commits_of_a_feature_count_each_where_they_cover(regional: RatedBook) -> None:
    assert by_region(regional, "traffic") == {
        "Europe": ("36", "0.5"),
        "Asia": ("44", "0.5"),
        "Africa": ("15", "5"),
    }


def test_a_commit_that_changes_in_one_region_touches_no_other(regional: RatedBook) -> None:
    (more,) = (own for own in regional.subscriptions.values() if own.quantity == 8)
    Subscription.objects.filter(pk=more.pk).update(quantity=6)
    before = {row.pk for row in regional.live()}

    assert regional.rate("changed") == RatingSummary(replaced=2, unchanged=FEES + 3)
    new = [row for row in regional.live() if row.pk not in before]
    assert {(row.region.ext_name, *usage_and_amount(row)) for row in new} == {
        ("Asia", "44", "1.5"),
        ("Asia", "6", "12"),
    }
    assert regional.rate("again") == RatingSummary(unchanged=FEES + 5)


def test_an_hourly_commit_counts_hours_only_in_its_regions() -> None:
    """Elsewhere usage may come by the day, and all of it is priced."""
    book = open_rated_book()
    book.limit("reserved", "Europe")
    book.use_all(
        [
            book.record("cpu", 5, "3.5", hour=7),
            book.record("cpu", 5, "1", hour=8),
            book.record("cpu", 5, "6", region="Asia"),
            book.record("cpu", 6, "6"),
        ]
    )

    assert book.rate() == RatingSummary(added=FEES + 2, unrated=1)
    assert by_region(book, "cpu") == {"Europe": ("1.5", "1.125"), "Asia": ("6", "4.5")}


def test_an_expense_carries_all_that_its_contract_says(book: RatedBook) -> None:
    (row,) = book.live("requests", client=book.fjord, for_date=date(2026, 10, 2))
    item = book.items["requests"]
    assert (row.reseller_id, row.payer_id) == (book.fjord.reseller_id, book.fjord.payer_id)
    assert row.addendum_id == book.addendums[book.fjord.pk].pk
    assert row.subscription_id == book.own("requests").pk
    assert (row.plan_id, row.product_id) == (book.plan.pk, book.plan.product_id)
    assert row.product_category_id == book.plan.product.category_id
    assert (row.feature_id, row.metric_id) == (item.feature_id, item.feature.metric_id)
    assert (row.unit_id, row.currency_id) == (item.unit_id, book.book.usd.pk)
    assert (row.calc_rule_type, row.kind, row.revision) == ("stepped", "usage", 1)
    assert row.description == "Everything: requests"
    assert row.period_start == datetime(2026, 10, 2, tzinfo=UTC)
    assert row.period_end == datetime(2026, 10, 3, tzinfo=UTC)
    assert (str(row.tax_rate), str(row.tax_value)) == ("20.50", "1.332500000000")
    assert (row.reason, row.comment, row.created_at) == (None, None, NOW)


def test_rating_twice_is_rating_once(book: RatedBook) -> None:
    before = list(Expense.objects.order_by("pk").values())

    assert book.rate() == RatingSummary(unchanged=FEES + 9)
    assert list(Expense.objects.order_by("pk").values()) == before


def test_late_usage_replaces_its_day_and_what_it_moves(book: RatedBook) -> None:
    book.use("requests", 1, "3")

    assert book.rate("late") == RatingSummary(replaced=2, unchanged=FEES + 7)
    assert amounts(book, "requests") == [(1, "8", "8"), (2, "8", "5"), (9, "1", "0.5")]
    reasons = Expense.objects.filter(deleted=True).order_by("for_date").values_list("reason")
    assert list(reasons) == [("late (usage changed)",), ("late (amount changed)",)]


def test_usage_of_a_new_day_adds_and_replaces_what_comes_after(book: RatedBook) -> None:
    book.use("storage", 31, "4")

    assert book.rate() == RatingSummary(added=1, unchanged=FEES + 9)
    assert amounts(book, "storage")[-1] == (31, "4", "8")


def test_a_day_without_a_billed_quantity_is_not_posted(book: RatedBook) -> None:
    book.use("cpu", 9, "2", hour=3)
    book.use("storage", 12, "0")

    assert book.rate() == RatingSummary(unchanged=FEES + 9)


def _dearer(book: RatedBook) -> None:
    Price.objects.filter(plan_item=book.items["requests"]).update(money_value="1.1")


def _other_stage(book: RatedBook) -> None:
    PriceStage.objects.filter(price__plan_item=book.items["requests"]).update(money_value="0.6")


def _other_tax(book: RatedBook) -> None:
    book.fjord.payer.tax_rate = Decimal(22)
    book.fjord.payer.save()


def _discount(book: RatedBook) -> None:
    Discount.objects.create(
        addendum=book.addendums[book.fjord.pk],
        relative_value=Decimal("12.5"),
        active_from=datetime(2026, 10, 2, tzinfo=UTC),
        active_to=datetime(2026, 10, 4, tzinfo=UTC),
    )


def _trial(book: RatedBook) -> None:
    trial = Trial.objects.create(
        client=book.fjord, product=book.plan.product, plan=book.plan, days_limit=30
    )
    TrialRange.objects.create(
        trial=trial,
        active_from=datetime(2026, 10, 1, tzinfo=UTC),
        active_to=datetime(2026, 10, 3, tzinfo=UTC),
    )
    kind = TrialOptionType.objects.create(
        internal_name="STORAGE_LIMIT",
        product=book.plan.product,
        feature=book.items["storage"].feature,
        unit=book.items["storage"].unit,
        name="Storage",
        is_limit=False,
    )
    TrialOption.objects.create(trial=trial, option_type=kind, value=90)


def _smaller_commit(book: RatedBook) -> None:
    Subscription.objects.filter(pk=book.own("commit").pk).update(quantity=25)


def _smaller_hourly_commit(book: RatedBook) -> None:
    Subscription.objects.filter(pk=book.own("reserved").pk).update(quantity=1)


def _stop(book: RatedBook) -> None:
    stopped = Subscription.objects.filter(pk__in=[book.own("storage").pk, book.own("reserved").pk])
    stopped.update(active_to=datetime(2026, 10, 2, tzinfo=UTC))


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "expected", "item", "found"),
    [
        (
            _dearer,
            RatingSummary(replaced=2, unchanged=FEES + 7),
            "requests",
            [(1, "5", "5.5"), (2, "8", "7"), (9, "1", "0.5")],
        ),
        (
            _other_stage,
            RatingSummary(replaced=2, unchanged=FEES + 7),
            "requests",
            [(1, "5", "5"), (2, "8", "6.8"), (9, "1", "0.6")],
        ),
        (
            _other_tax,
            RatingSummary(replaced=32 + 9, unchanged=2 * 32),
            "requests",
            [(1, "5", "5"), (2, "8", "6.5"), (9, "1", "0.5")],
        ),
        (
            _discount,
            RatingSummary(replaced=6, unchanged=FEES + 3),
            "storage",
            [(1, "99", "297"), (2, "1", "-84.875")],
        ),
        (
            _trial,
            RatingSummary(replaced=4, removed=4, unchanged=FEES + 1),
            "storage",
            [(1, "9", "27"), (2, "1", "3")],
        ),
        (
            _smaller_commit,
            RatingSummary(replaced=3, unchanged=FEES + 6),
            "traffic",
            [(1, "20", "0"), (2, "15", "5"), (3, "4", "1.6")],
        ),
        (
            _smaller_hourly_commit,
            RatingSummary(added=1, replaced=32, unchanged=FEES - 31 + 8),
            "cpu",
            [(5, "2.5", "1.875"), (6, "1", "0.75")],
        ),
        (
            _stop,
            RatingSummary(replaced=0, removed=31, unrated=1, unchanged=FEES - 30 + 8),
            "storage",
            [(1, "99", "297")],
        ),
    ],
)
def test_a_change_of_the_contract_touches_what_it_changes_and_nothing_else(
    book: RatedBook,
    change: Callable[[RatedBook], None],
    expected: RatingSummary,
    item: str,
    found: list[tuple[int, str, str]],
) -> None:
    before = {row.pk for row in book.live()}
    change(book)

    assert book.rate("changed") == expected
    assert amounts(book, item) == found
    after = {row.pk for row in book.live()}
    assert len(before & after) == expected.unchanged
    assert len(before - after) == expected.replaced + expected.removed
    assert book.rate("again") == RatingSummary(unchanged=len(after), unrated=expected.unrated)


def test_a_reason_says_what_differs(book: RatedBook) -> None:
    _other_tax(book)
    _discount(book)
    book.rate("contract of October")

    reasons = set(Expense.objects.filter(deleted=True).values_list("reason", flat=True))
    assert reasons == {
        "contract of October (tax rate changed)",
        "contract of October (discount, tax rate changed)",
    }


def test_a_replaced_row_stays_and_a_comment_goes_on(book: RatedBook) -> None:
    old = book.live("requests", for_date=OCTOBER)[0]
    Expense.objects.filter(pk=old.pk).update(comment="agreed by phone")
    book.use("requests", 1, "1")
    book.rate("late")

    new = book.live("requests", for_date=OCTOBER)[0]
    old.refresh_from_db()
    assert (old.deleted, old.revision, old.comment) == (True, 1, "agreed by phone")
    assert (new.deleted, new.revision, new.comment) == (False, 2, "agreed by phone")
    assert new.pk > Expense.objects.exclude(revision=2).latest("pk").pk
    assert str(old.usage) == "5.000000000000"


def test_what_was_removed_and_comes_back_is_another_revision(book: RatedBook) -> None:
    _stop(book)
    book.rate()
    Subscription.objects.update(active_to=None)

    assert book.rate() == RatingSummary(added=31, unchanged=FEES - 30 + 8)
    rows = Expense.objects.filter(plan_item=book.items["storage"], for_date=date(2026, 10, 2))
    assert sorted(rows.values_list("revision", "deleted")) == [(1, True), (2, False)]


def test_what_people_wrote_is_left_alone(book: RatedBook) -> None:
    own = book.live("requests")[0]
    own.pk, own.kind, own.money_value = None, "correction", Decimal(-7)
    own._state.adding = True
    own.save()

    assert book.rate() == RatingSummary(unchanged=FEES + 9)
    own.refresh_from_db()
    assert not own.deleted


def test_a_run_for_one_client_leaves_the_others(book: RatedBook) -> None:
    Price.objects.update(money_value="7")

    assert book.rate(client_ids=[book.book.brook.pk]) == RatingSummary(replaced=32)
    assert book.rate(client_ids=[book.fjord.pk]).replaced == 32 + 7


def test_usage_that_no_contract_prices_is_counted(book: RatedBook) -> None:
    book.use_all(
        [
            book.record("traffic", 5, "1") | {"addendum_id": book.addendums[book.book.sand.pk].pk},
            book.record("cpu", 6, "1"),
        ]
    )
    assert book.rate() == RatingSummary(unchanged=FEES + 9, unrated=2)


def test_a_subscription_without_a_price_is_counted_and_billed_nothing(book: RatedBook) -> None:
    Price.objects.filter(plan_item=book.items["storage"], currency=book.book.usd).delete()

    assert book.rate() == RatingSummary(removed=2, unchanged=FEES + 7, unrated=2, unpriced=3)


def test_days_that_have_not_come_owe_nothing_yet() -> None:
    made = open_rated_book()
    third = datetime(2026, 10, 3, 12, tzinfo=UTC)

    assert made.rate(now=third) == RatingSummary(added=3 * (1 + 3))
    made.use("storage", 6, "1")
    assert made.rate(now=third) == RatingSummary(added=3 * 3 + 1, unchanged=3 * 4)
    assert made.rate(now=third - timedelta(days=40)).changed == 0


def test_the_counts_by_day_are_kept(book: RatedBook) -> None:
    _other_tax(book)
    book.rate()

    kept = sum(row.expenses for row in DayCount.objects.all())
    assert kept == Expense.objects.count() == FEES + 9 + 41


def close(reseller_id: int) -> None:
    begin_closing(reseller_id=reseller_id, month=OCTOBER)
    finish_closing(reseller_id=reseller_id, month=OCTOBER, closed_at=NOW)


def test_a_closed_month_is_refused_and_an_open_one_beside_it_is_rated(book: RatedBook) -> None:
    close(book.fjord.reseller_id)
    Price.objects.update(money_value="7")

    with pytest.raises(Conflict, match="2026-10 is not open for any of these clients"):
        book.rate(client_ids=[book.fjord.pk, book.book.brook.pk])
    assert book.rate() == RatingSummary(replaced=32)
    close(book.book.sand.reseller_id)
    with pytest.raises(Conflict, match="becomes a correction in the next open one"):
        book.rate()


def test_while_a_month_is_being_closed_only_its_closing_rates_it(book: RatedBook) -> None:
    begin_closing(reseller_id=book.fjord.reseller_id, month=OCTOBER)
    book.use("storage", 9, "1")

    with pytest.raises(Conflict):
        book.rate(client_ids=[book.fjord.pk])
    assert book.rate(during=MonthStatus.CLOSING) == RatingSummary(added=1, unchanged=2 * 32 + 9)


def test_an_import_rates_its_clients_in_the_months_that_it_touches(book: RatedBook) -> None:
    Price.objects.filter(plan_item=book.items["commit"]).update(money_value="7")
    imported = book.use_all(
        [
            book.record("storage", 9, "1", client=book.book.brook),
            book.record("storage", 9, "1", client=book.book.brook, month=date(2026, 9, 1)),
        ]
    )

    october = RatingSummary(added=1, replaced=1, unchanged=31)
    assert rate_imported(imported, now=NOW) == october + RatingSummary(added=1 + 1 + 30)
    assert rate_imported(imported, now=NOW) == RatingSummary(unchanged=33 + 32)


def test_expenses_that_came_without_their_usage_stay_and_others_on_their_days_are_rated(
    book: RatedBook,
) -> None:
    """Those of the 20th were kept elsewhere; the lake has usage of the 2nd, so rating knows it."""
    (example,) = book.live("requests", for_date=date(2026, 10, 2))
    for day, region in ((20, "Europe"), (2, "Asia"), (2, "Europe")):
        at = OCTOBER.replace(day=day)
        given = {"for_date": at, "region": book.region(region), "plan_item": book.items["storage"]}
        if (day, region) == (2, "Europe"):
            given |= {"plan_item": book.items["requests"], "subscription": None, "revision": 2}
            given |= {"addendum": book.addendums[book.book.brook.pk]}
        for name, value in given.items():
            setattr(example, name, value)
        example.feature = example.plan_item.feature
        example.pk = None
        example.save(force_insert=True)

    assert book.rate() == RatingSummary(removed=1, unchanged=FEES + 9 + 2)
    kept = {(row.for_date.day, row.region.ext_name) for row in book.live("storage")}
    assert kept >= {(20, "Europe"), (2, "Asia")}
    assert rate_open_months(now=NOW).removed == 0


def test_each_night_the_open_months_are_rated(book: RatedBook) -> None:
    Price.objects.filter(plan_item=book.items["commit"]).update(money_value="7")
    close(book.book.sand.reseller_id)

    november = RatingSummary(added=3 * (1 + 2))
    october = RatingSummary(replaced=2, unchanged=2 * 31 + 9)
    assert rate_open_months(now=NOW) == october + november


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_write_once() -> None:
    book = open_rated_book()
    book.use("storage", 1, "5")
    together, found = Barrier(3), []

    def run() -> None:
        together.wait(60)
        found.append(book.rate())
        connection.close()

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)

    assert sorted(summary.added for summary in found) == [0, 0, FEES + 1]
    assert sum(summary.unchanged for summary in found) == 2 * (FEES + 1)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_fails_leaves_everything_as_it_was() -> None:
    book = open_rated_book()
    book.use("storage", 1, "5")
    book.rate()
    before = list(Expense.objects.order_by("pk").values())
    book.use("storage", 2, "5")

    def fail_after_the_run() -> None:
        with transaction.atomic():
            assert book.rate().added == 1
            Expense.objects.filter(for_date=OCTOBER).update(period_end=F("period_start"))

    with pytest.raises(IntegrityError):
        fail_after_the_run()

    assert list(Expense.objects.order_by("pk").values()) == before


def test_a_stop_ends_the_fees_of_its_client_and_touches_no_other(book: RatedBook) -> None:
    asked = submit_stop(
        viewer=book.book.operator,
        client_id=book.fjord.pk,
        at=datetime(2026, 10, 16, tzinfo=UTC),
        request_id=None,
        now=NOW,
    )
    assert rate_stopped(asked.uuid, now=NOW) == RatingSummary()
    run_file_task(asked.uuid, work=write_stop)

    summary = rate_stopped(asked.uuid, now=NOW)

    assert (summary.added, summary.replaced, summary.removed) == (0, 1, 16)
    assert amounts(book, "commit") == [(1, "30", "29.032258064516")]
    assert amounts(book, "reserved") == [(day, "48", "12") for day in range(1, 16)]
    assert rate_stopped(asked.uuid, now=NOW).replaced == 0


def test_a_line_that_cannot_be_rated_holds_up_nobody_else(book: RatedBook) -> None:
    brook = book.book.brook
    broken = book.use("storage", 6, "999999999999999999", client=brook)
    sound = book.use("storage", 5, "3")

    assert rate_imported(broken, now=NOW) == RatingSummary()
    assert rate_imported(sound, now=NOW).added == 1
    book.use("storage", 7, "4")
    rate_open_months(now=NOW)
    assert [row.for_date.day for row in book.live("storage", client=book.fjord)] == [1, 2, 5, 7]
    assert not Expense.objects.filter(client=brook, kind=ExpenseKind.USAGE).exists()
    with pytest.raises(InvalidInput, match=r"line \d+ in region .*; its largest record is 'r\d+'"):
        book.rate()
