"""What a trial's limit leaves for a month, by what was used of it before."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.expenses.rated_book import OCTOBER, RatedBook, open_rated_book
from tollbook.clients.models import Client
from tollbook.contracts.models import Trial, TrialOption, TrialOptionType, TrialRange
from tollbook.engine.duck import DuckEngine
from tollbook.expenses import trial_tables
from tollbook.kernel.periods import month_of

pytestmark = pytest.mark.django_db
SEPTEMBER = date(2026, 9, 1)


@pytest.fixture
def book() -> RatedBook:
    return open_rated_book()


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engine's queries."""
    asked: list[str] = []

    class Noted(DuckEngine):
        @contextmanager
        def running_query(self, sql: str, **more: Any) -> Iterator[Any]:
            asked.append(sql)
            with super().running_query(sql, **more) as reader:
                yield reader

    monkeypatch.setattr(trial_tables, "open_engine", Noted)
    return asked


def limit(book: RatedBook, client: Client, *spans: tuple[datetime, datetime | None]) -> Trial:
    """A trial of all of the plan's product that leaves 1,000 of ``storage`` and of ``requests``."""
    product = book.plan.product
    trial = Trial.objects.create(client=client, product=product, plan=book.plan, days_limit=365)
    for first, last in spans:
        TrialRange.objects.create(trial=trial, active_from=first, active_to=last)
    for name in ("storage", "requests"):
        item = book.items[name]
        kind, _ = TrialOptionType.objects.get_or_create(
            internal_name=name,
            product=product,
            feature=item.feature,
            unit=item.feature.metric.unit,
            name=name,
        )
        TrialOption.objects.create(trial=trial, option_type=kind, value=1_000)
    return trial


def september(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, tzinfo=UTC)


def left(book: RatedBook, *clients: Client) -> dict[tuple[int, str], Decimal]:
    """By client and item, what is left at the beginning of October."""
    names = {book.items[name].feature_id: name for name in ("storage", "requests")}
    table = trial_tables.trial_table(month_of(OCTOBER), [client.pk for client in clients])
    return {
        (row["client_id"], names[row["feature_id"]]): row["limit"]
        for row in table.to_pylist()
        if row["limit"] is not None
    }


def test_usage_within_the_ranges_of_a_trial_before_the_month_is_taken_off_its_limits(
    book: RatedBook, queries: list[str]
) -> None:
    fjord, brook = book.fjord, book.book.brook
    limit(book, fjord, (september(2, 12), september(10)), (september(20), None))
    limit(book, brook, (september(5), None))
    used = [
        ("storage", 2, 11, "500", fjord),
        ("storage", 2, 12, "1", fjord),
        ("storage", 9, 23, "0.000000000001", fjord),
        ("storage", 10, 0, "500", fjord),
        ("storage", 30, 23, "4", fjord),
        ("requests", 25, 5, "40", fjord),
        ("cpu", 25, 5, "500", fjord),
        ("storage", 4, 23, "500", brook),
        ("storage", 25, 1, "1500", brook),
        ("storage", 25, 1, "500", book.book.sand),
    ]
    for item, day, hour, amount, client in used:
        book.use(item, day, amount, hour=hour, client=client, month=SEPTEMBER)
    book.use("storage", 1, "500", hour=0)
    assert left(book, fjord, brook) == {
        (fjord.pk, "storage"): Decimal("994.999999999999"),
        (fjord.pk, "requests"): Decimal(960),
        (brook.pk, "storage"): Decimal(0),
        (brook.pk, "requests"): Decimal(1_000),
    }
    assert len(queries) == 1


def test_of_a_large_amount_every_digit_is_taken_off(book: RatedBook) -> None:
    limit(book, book.fjord, (september(1), None))
    TrialOption.objects.update(value=2_000_000_000)
    book.use("storage", 3, "1.000000000001", month=SEPTEMBER)
    book.use("storage", 4, "1", month=SEPTEMBER)
    assert left(book, book.fjord)[book.fjord.pk, "storage"] == Decimal("1999999997.999999999999")


def test_a_trial_that_begins_in_the_month_is_whole_and_asks_nothing(
    book: RatedBook, queries: list[str]
) -> None:
    limit(book, book.fjord, (datetime(2026, 10, 3, tzinfo=UTC), None))
    book.use("storage", 3, "40")
    assert set(left(book, book.fjord).values()) == {Decimal(1_000)}
    assert queries == []


def test_where_the_lake_holds_nothing_the_limit_is_whole(book: RatedBook) -> None:
    limit(book, book.fjord, (september(1), None))
    assert set(left(book, book.fjord).values()) == {Decimal(1_000)}
