"""How requests are sent, sent again, and what their errors become."""

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from tests.client import samples
from tests.client.conftest import Talk
from tests.client.scripted_server import HANG_UP, Answer, json_answer
from tollbook_client import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    RetryPolicy,
    ServerFailed,
    ServerUnavailable,
    TaskStatus,
    Tollbook,
    TollbookError,
    Unauthorized,
    UnexpectedAnswer,
)


def page(*results: object, more: bool = False) -> Answer:
    following = "http://elsewhere.example/?offset=2" if more else None
    return json_answer({"count": 3, "next": following, "previous": None, "results": list(results)})


def test_a_report_is_submitted_with_its_parameters_the_key_and_a_request_id(talk: Talk) -> None:
    book, server = talk(json_answer(samples.task_json("Pending"), 201))
    task = book.reports.create(
        "ResellerExpenses", {"date_from": date(2026, 8, 1), "limit": Decimal("1.50")}
    )
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/billing/org/v1/reports")
    assert seen.headers["Authorization"] == "apikey 7$secret"
    assert json.loads(seen.body) == {
        "template_code": "ResellerExpenses",
        "parameters": {"date_from": "2026-08-01", "limit": "1.50"},
    }
    assert UUID(seen.headers["Request-Id"])
    assert (task.uuid, task.status, task.template) == (
        UUID(samples.UUID),
        TaskStatus.PENDING,
        "ResellerExpenses",
    )


def test_a_submission_whose_answer_is_lost_is_sent_again_under_the_same_request_id(
    talk: Talk,
) -> None:
    book, server = talk(HANG_UP, json_answer(samples.task_json("Pending"), 201))
    book.reports.create("ResellerExpenses")
    first, second = (seen.headers["Request-Id"] for seen in server.seen)
    assert first == second


def test_two_submissions_have_request_ids_of_their_own(talk: Talk) -> None:
    book, server = talk(json_answer(samples.task_json("Pending"), 201))
    book.reports.create("ResellerExpenses")
    book.reports.create("ResellerExpenses")
    assert len({seen.headers["Request-Id"] for seen in server.seen}) == 2


def test_a_request_id_of_the_caller_is_kept(talk: Talk) -> None:
    book, server = talk(json_answer(samples.task_json("Pending"), 201))
    book.reports.create("ResellerExpenses", request_id=UUID(samples.UUID))
    assert server.seen[0].headers["Request-Id"] == samples.UUID


def test_a_cancellation_whose_answer_is_lost_is_not_sent_again(talk: Talk) -> None:
    book, server = talk(HANG_UP, json_answer(samples.task_json("Cancelled")))
    with pytest.raises(ServerUnavailable) as caught:
        book.reports.cancel(samples.UUID)
    assert caught.value.received
    assert len(server.seen) == 1


def test_a_cancellation_that_the_server_refused_for_now_is_sent_again(talk: Talk) -> None:
    busy = json_answer({"detail": "starting"}, 503)
    book, server = talk(busy, json_answer(samples.task_json("Cancelled")))
    assert book.reports.cancel(samples.UUID).status is TaskStatus.CANCELLED
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_is_tried_again_while_the_server_is_away(talk: Talk, status: int) -> None:
    book, server = talk(Answer(status), Answer(status), json_answer(samples.task_json()))
    assert book.reports.get(samples.UUID).status is TaskStatus.COMPLETED
    assert len(server.seen) == 3


def test_pauses_grow_and_retry_after_is_kept(talk: Talk, pauses: list[float]) -> None:
    limited = json_answer({"detail": "slow down"}, 429, Retry_After="7")
    book, _ = talk(Answer(503), Answer(503), limited, json_answer(samples.task_json()))
    book.reports.get(samples.UUID)
    assert 0.1 <= pauses[0] <= 0.2 <= pauses[1] <= 0.4
    assert pauses[2] == 7


def test_a_longer_pause_than_is_sensible_is_the_callers_business(
    talk: Talk, pauses: list[float]
) -> None:
    book, server = talk(json_answer({"detail": "slow down"}, 429, Retry_After="3600"))
    with pytest.raises(RateLimited) as caught:
        book.reports.get(samples.UUID)
    assert caught.value.retry_after == 3600
    assert (len(server.seen), pauses) == (1, [])


def test_attempts_end(talk: Talk) -> None:
    book, server = talk(Answer(503))
    with pytest.raises(ServerUnavailable):
        book.reports.get(samples.UUID)
    assert len(server.seen) == 4


def test_an_address_that_nobody_listens_at_is_named() -> None:
    retries = RetryPolicy(attempts=2, first_pause=0.01)
    with (
        Tollbook("http://127.0.0.1:1", "7$secret", retries=retries) as book,
        pytest.raises(
            ServerUnavailable, match=r"^http://127.0.0.1:1: connection refused$"
        ) as caught,
    ):
        book.reports.get(samples.UUID)
    assert not caught.value.received


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthorized), (403, Forbidden), (404, NotFound), (409, Conflict), (500, ServerFailed)],
)
def test_each_refusal_is_an_error_of_its_own_and_final(
    talk: Talk, status: int, kind: type[TollbookError]
) -> None:
    book, server = talk(json_answer({"detail": "No."}, status, X_Request_Id="abc"))
    with pytest.raises(kind) as caught:
        book.reports.get(samples.UUID)
    assert (caught.value.status, caught.value.request_id) == (status, "abc")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"parameters.date_from": ["Not a date."], "template_code": ["Unknown."]},
        {"parameters": {"date_from": ["Not a date."]}, "template_code": "Unknown."},
    ],
)
def test_fields_at_fault_are_told_flat_or_nested(talk: Talk, body: dict[str, object]) -> None:
    book, _ = talk(json_answer(body, 400))
    with pytest.raises(InvalidRequest) as caught:
        book.reports.create("Nothing")
    assert caught.value.fields == {
        "parameters.date_from": ["Not a date."],
        "template_code": ["Unknown."],
    }
    assert "parameters.date_from: Not a date" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, b"<h1>Not here</h1>", {"Content-Type": "text/html"}),
        Answer(200, b"<h1>Welcome</h1>", {"Content-Type": "text/html"}),
        Answer(301, b"", {"Location": "https://tollbook.example/"}),
        json_answer({"hello": "world"}),
        json_answer(["hello"]),
        json_answer(samples.task_json("Sleeping")),
    ],
)
def test_another_kind_of_server_is_recognised(talk: Talk, answer: Answer) -> None:
    book, _ = talk(answer)
    with pytest.raises(UnexpectedAnswer):
        book.reports.get(samples.UUID)


def test_lists_go_from_page_to_page_at_the_clients_own_address(talk: Talk) -> None:
    first = page(samples.invoice_json(1), samples.invoice_json(2), more=True)
    book, server = talk(first, page(samples.invoice_json(3)))
    invoices = book.erp_invoices.list(currency="EUR", ordering=["-id"])
    assert server.seen == []
    assert [invoice.id for invoice in invoices] == [1, 2, 3]
    assert [seen.path.partition("?")[2] for seen in server.seen] == [
        "limit=100&currency=EUR&ordering=-id&offset=0",
        "limit=100&currency=EUR&ordering=-id&offset=2",
    ]


def test_a_filter_of_many_values_is_repeated(talk: Talk) -> None:
    book, server = talk(page())
    list(book.reports.list(status=[TaskStatus.PENDING, TaskStatus.FAILED]))
    assert "status=Pending&status=Failed" in server.seen[0].path


def test_amounts_keep_every_digit(talk: Talk) -> None:
    book, _ = talk(
        json_answer(samples.invoice_json(total="99999999999999999999999999.999999999999"))
    )
    invoice = book.erp_invoices.get(1)
    assert str(invoice.amount_total) == "99999999999999999999999999.999999999999"


def test_an_amount_that_comes_as_a_number_is_refused(talk: Talk) -> None:
    book, _ = talk(json_answer(samples.invoice_json() | {"amount_total": 1.5}))
    with pytest.raises(UnexpectedAnswer, match="amount"):
        book.erp_invoices.get(1)


@pytest.mark.parametrize("key", ["", "1", "$secret", "x$secret", "1$", "1$gehe\nim", "1$schlüssel"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="the key") as caught:
        Tollbook("http://127.0.0.1:1", key)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_what_cannot_be_an_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        Tollbook(url, "1$secret")


@pytest.mark.parametrize("end", ["", "/", "/billing/org/v1", "/billing/org/v1/"])
def test_the_address_may_or_may_not_hold_the_apis_path(end: str) -> None:
    with Tollbook(f"http://127.0.0.1:1{end}", "1$secret") as book:
        assert book.url == "http://127.0.0.1:1"


def test_a_proxy_of_the_environment_is_not_asked_for_the_loopback(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    book, _ = talk(json_answer(samples.task_json()))
    assert book.reports.get(samples.UUID).uuid == UUID(samples.UUID)
