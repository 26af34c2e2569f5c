"""Awaiting a report: what is seen on the way, and how it may end."""

import pytest

from tests.client import samples
from tests.client.conftest import Talk
from tests.client.scripted_server import Answer, json_answer
from tollbook_client import (
    FileTask,
    ReportCancelled,
    ReportFailed,
    RetryPolicy,
    TaskStatus,
    Tollbook,
    WaitedTooLong,
)


def test_a_report_is_followed_to_its_end(talk: Talk) -> None:
    book, _ = talk(
        json_answer(samples.task_json("Pending", queue_position=2)),
        json_answer(samples.task_json("InProgress", records_to_process=10, records_processed=4)),
        json_answer(samples.task_json("Completed", rows=10, digest="ab12")),
    )
    seen: list[FileTask] = []
    done = book.reports.wait(samples.UUID, on_progress=seen.append)
    assert [task.status for task in seen] == ["Pending", "InProgress", "Completed"]
    assert seen[0].processing_notes.queue_position == 2
    assert seen[1].processing_notes.records_processed == 4
    assert (done.processing_notes.rows, done.processing_notes.digest) == (10, "ab12")


def test_a_failed_report_says_why(talk: Talk) -> None:
    errors = [{"code": "no_space", "message": "No space left on the storage."}]
    book, _ = talk(json_answer(samples.task_json("Failed", errors=errors)))
    with pytest.raises(ReportFailed, match="No space left on the storage") as caught:
        book.reports.wait(samples.UUID)
    assert caught.value.errors[0]["code"] == "no_space"


def test_a_cancelled_report_is_told_from_a_failed_one(talk: Talk) -> None:
    book, _ = talk(json_answer(samples.task_json("Cancelled")))
    with pytest.raises(ReportCancelled):
        book.reports.wait(samples.UUID)


def test_a_server_that_is_away_for_a_while_is_waited_for(talk: Talk) -> None:
    away = [Answer(502)] * 9
    book, server = talk(*away, json_answer(samples.task_json()))
    assert book.reports.wait(samples.UUID).status is TaskStatus.COMPLETED
    assert len(server.seen) == 10


def test_waiting_ends_when_the_time_is_up(talk: Talk) -> None:
    _, server = talk(json_answer(samples.task_json("Pending")))
    with (
        Tollbook(server.url, "7$secret", retries=RetryPolicy()) as book,
        pytest.raises(WaitedTooLong, match="not finished after"),
    ):
        book.reports.wait(samples.UUID, timeout=0.2)


def test_a_text_that_is_no_uuid_asks_nobody(talk: Talk) -> None:
    book, server = talk(json_answer(samples.task_json()))
    with pytest.raises(ValueError, match="UUID"):
        book.reports.get("../templates")
    assert server.seen == []
