"""A month opens by itself, closes once, and never opens again."""

from datetime import UTC, date, datetime
from threading import Event, Thread

import pytest
from django.db import IntegrityError, connection, transaction

from tests.reports.book import open_book
from tollbook.expenses.models import MonthState
from tollbook.expenses.rules import NEXT_STATUSES, MonthStatus
from tollbook.expenses.selectors import find_month_state, first_open_month, is_open, resellers_in
from tollbook.expenses.services import (
    abandon_closing,
    begin_closing,
    finish_closing,
    lock_month,
)
from tollbook.kernel.errors import Conflict

OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
DIGEST = "0" * 64


@pytest.fixture
def reseller_id() -> int:
    return int(open_book().fjord.reseller_id)


def test_every_status_says_what_it_may_become() -> None:
    assert set(NEXT_STATUSES) == set(MonthStatus)


@pytest.mark.django_db
def test_a_month_that_nobody_touched_is_open(reseller_id: int) -> None:
    assert is_open(reseller_id, date(2026, 10, 31))
    assert find_month_state(reseller_id, date(2026, 10, 31)).month == OCTOBER
    assert reseller_id in resellers_in(OCTOBER, MonthStatus.OPEN)
    assert not MonthState.objects.exists()


@pytest.mark.django_db
def test_a_month_that_is_being_closed_is_not_open_until_it_is_given_up(reseller_id: int) -> None:
    begin_closing(reseller_id=reseller_id, month=OCTOBER)
    begin_closing(reseller_id=reseller_id, month=OCTOBER)
    assert not is_open(reseller_id, OCTOBER)
    assert resellers_in(OCTOBER, MonthStatus.CLOSING) == {reseller_id}

    abandon_closing(reseller_id=reseller_id, month=OCTOBER)

    assert is_open(reseller_id, OCTOBER)
    assert resellers_in(OCTOBER, MonthStatus.CLOSING) == set()
    assert reseller_id in resellers_in(OCTOBER, MonthStatus.OPEN)


@pytest.mark.django_db
def test_a_closed_month_never_opens_again(reseller_id: int) -> None:
    begin_closing(reseller_id=reseller_id, month=OCTOBER)
    state = finish_closing(
        reseller_id=reseller_id,
        month=date(2026, 10, 17),
        closed_at=NOW,
        segment_key="segments/1",
        segment_digest=DIGEST,
    )

    assert (state.month, state.status, state.closed_at) == (OCTOBER, "Closed", NOW)
    for move in (begin_closing, abandon_closing):
        with pytest.raises(Conflict, match=f"2026-10 of reseller {reseller_id} is closed"):
            move(reseller_id=reseller_id, month=OCTOBER)
    assert find_month_state(reseller_id, OCTOBER).segment_digest == DIGEST


@pytest.mark.django_db
def test_a_month_is_not_closed_before_its_closing_has_begun(reseller_id: int) -> None:
    with pytest.raises(Conflict, match="is open and cannot become closed"):
        finish_closing(reseller_id=reseller_id, month=OCTOBER, closed_at=NOW)


@pytest.mark.django_db
def test_the_next_open_month_passes_over_those_that_are_not(reseller_id: int) -> None:
    begin_closing(reseller_id=reseller_id, month=date(2026, 11, 1))
    begin_closing(reseller_id=reseller_id, month=date(2026, 12, 1))

    assert first_open_month(reseller_id, date(2026, 10, 31)) == date(2027, 1, 1)
    assert first_open_month(reseller_id, date(2026, 9, 30)) == OCTOBER


@pytest.mark.django_db
@pytest.mark.parametrize(
    "facts",
    [
        {"status": "Closed"},
        {"closed_at": NOW},
        {"status": "Ajar"},
        {"month": date(2026, 10, 2)},
        {"segment_key": "a", "segment_digest": DIGEST},
        {"status": "Closed", "closed_at": NOW, "segment_key": "a"},
        {"status": "Closed", "closed_at": NOW, "segment_key": "a", "segment_digest": "short"},
    ],
    ids=str,
)
def test_the_database_refuses_a_state_that_cannot_be(
    reseller_id: int, facts: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthState.objects.create(**{"reseller_id": reseller_id, "month": OCTOBER} | facts)


@pytest.mark.django_db(transaction=True)
def test_a_closing_waits_for_whoever_rates_the_month() -> None:
    reseller_id = int(open_book().fjord.reseller_id)
    begun = Event()

    def close() -> None:
        begin_closing(reseller_id=reseller_id, month=OCTOBER)
        begun.set()
        connection.close()

    with transaction.atomic():
        lock_month(date(2026, 10, 9))
        closing = Thread(target=close)
        closing.start()
        assert not begun.wait(0.5)
    closing.join(60)
    assert begun.is_set()
