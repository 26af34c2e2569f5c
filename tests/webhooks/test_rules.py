"""Which end is which event, when it is tried again, and for how long."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.webhooks.payload import FOLDERS
from tollbook.webhooks.rules import (
    LONGEST_PAUSE,
    LONGEST_REST,
    TASK_EVENTS,
    TRIED_FOR,
    Event,
    is_down,
    is_success,
    pause_after,
    rest_after,
)


def test_every_task_that_completes_or_fails_is_an_event_and_every_event_is_such() -> None:
    ends = (TaskStatus.COMPLETED, TaskStatus.FAILED)
    assert set(TASK_EVENTS) == {(kind, end) for kind in TaskType for end in ends}
    assert sorted(TASK_EVENTS.values()) == sorted(Event)
    assert set(FOLDERS) == set(TaskType)


@pytest.mark.parametrize(
    ("attempts", "pause"),
    [(1, 5), (2, 15), (3, 45), (4, 135), (5, 405), (8, 10_935), (9, 32_805), (10, 43_200)],
)
def test_pauses_grow_threefold_to_half_a_day(attempts: int, pause: int) -> None:
    assert pause_after(attempts, spread=0, asked=None) == timedelta(seconds=pause)


@given(st.integers(1, 10_000), st.integers(-100, 100), st.none() | st.integers(0, 10**6))
def test_no_pause_is_negative_or_much_longer_than_half_a_day(
    attempts: int, spread: int, asked: int | None
) -> None:
    pause = pause_after(attempts, spread=spread, asked=asked)
    assert timedelta(seconds=4) <= pause <= LONGEST_PAUSE * 12 / 10
    assert pause >= min(timedelta(seconds=asked or 0), LONGEST_PAUSE)


def test_a_message_is_tried_some_fifteen_times_in_four_days() -> None:
    passed, attempts = timedelta(0), 1
    while passed + pause_after(attempts, spread=0, asked=None) <= TRIED_FOR:
        passed += pause_after(attempts, spread=0, asked=None)
        attempts += 1
    assert 14 <= attempts <= 18
    assert passed > timedelta(days=3)


def test_an_endpoint_in_trouble_rests_up_to_a_quarter_of_an_hour() -> None:
    rests = [rest_after(failures) for failures in range(1, 60)]
    assert rests[:4] == [timedelta(seconds=seconds) for seconds in (2, 4, 8, 16)]
    assert rests[-1] == LONGEST_REST == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("status", "success", "down"),
    [
        (None, False, True),
        (200, True, False),
        (204, True, False),
        (299, True, False),
        (301, False, False),
        (400, False, False),
        (404, False, False),
        (410, False, False),
        (429, False, True),
        (500, False, True),
        (503, False, True),
    ],
)
def test_what_an_answer_means(status: int | None, success: bool, down: bool) -> None:
    assert (is_success(status), is_down(status)) == (success, down)
