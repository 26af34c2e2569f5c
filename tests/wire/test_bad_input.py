"""Bad input: each a clear answer that names what is wrong, and nothing lost or half done."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from tests.wire.book import DAYS, Callers, erp_invoice, finished_report
from tests.wire.conftest import BASE, Ask
from tollbook.filetasks.models import FileTask

CODE = "ResellerExpenses"
DEEP = '{"template_code": "ResellerExpenses", "parameters": ' + "[" * 100_000 + "]" * 100_000 + "}"


def _body(**parameters: Any) -> str:
    return json.dumps({"template_code": CODE, "parameters": {**DAYS, **parameters}})


BODIES: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "template_code"),
    "an empty object": ("{}", "template_code"),
    "no JSON": ("template_code=ResellerExpenses", "non_field_errors"),
    "half of a JSON": ('{"template_code": ', "non_field_errors"),
    "an array": ("[]", "non_field_errors"),
    "a text": ('"ResellerExpenses"', "non_field_errors"),
    "null": ("null", "non_field_errors"),
    "a number": ("7", "non_field_errors"),
    "deep nesting": (DEEP, "non_field_errors"),
    "no UTF-8": (b'{"template_code": "\xff\xfe"}', "non_field_errors"),
    "UTF-16": ('{"template_code": "x"}'.encode("utf-16"), "non_field_errors"),
    "a key twice": (
        '{"template_code": "ResellerExpenses", "template_code": "x"}',
        "non_field_errors",
    ),
    "NaN": ('{"template_code": "ResellerExpenses", "parameters": NaN}', "non_field_errors"),
    "a number of 5000 digits": (f'{{"template_code": {"9" * 5000}}}', "non_field_errors"),
    "an unknown field": (
        json.dumps({"template_code": CODE, "parameters": DAYS, "format": "csv"}),
        "format",
    ),
    "no template": (json.dumps({"parameters": DAYS}), "template_code"),
    "an unknown template": (
        json.dumps({"template_code": "Nothing", "parameters": DAYS}),
        "template_code",
    ),
    "a template that is null": (
        json.dumps({"template_code": None, "parameters": DAYS}),
        "template_code",
    ),
    "a template that is a list": (
        json.dumps({"template_code": [CODE], "parameters": DAYS}),
        "template_code",
    ),
    "a template with a NUL": (
        json.dumps({"template_code": f"{CODE}\x00", "parameters": DAYS}),
        "template_code",
    ),
    "a template of half a pair": (
        '{"template_code": "\\ud800", "parameters": {}}',
        "template_code",
    ),
    "a key of half a pair": ('{"\\udfff": 1}', "non_field_errors"),
    "a key with a NUL": ('{"a\\u0000": 1}', "non_field_errors"),
    "no parameters": (json.dumps({"template_code": CODE}), "parameters.date_from"),
    "parameters that are a list": (
        json.dumps({"template_code": CODE, "parameters": [DAYS]}),
        "parameters",
    ),
    "parameters that are a number": (
        json.dumps({"template_code": CODE, "parameters": 7}),
        "parameters",
    ),
    "an unknown parameter": (_body(colour="red"), "parameters.colour"),
    "a parameter with a NUL": (_body(currency="US\x00"), "parameters.currency"),
    "a parameter of half a pair": (_body(currency="\ud800"), "parameters.currency"),
    "no date_from": (
        json.dumps({"template_code": CODE, "parameters": {"date_to": "2026-11-01"}}),
        "parameters.date_from",
    ),
    "a date that is a number": (_body(date_from=20261001), "parameters.date_from"),
    "a date that is none": (_body(date_from="2026-02-30"), "parameters.date_from"),
    "a date and time": (_body(date_from="2026-10-01T00:00:00Z"), "parameters.date_from"),
    "a German date": (_body(date_from="01.10.2026"), "parameters.date_from"),
    "a day of year 0001": (_body(date_from="0001-01-01"), "parameters.date_from"),
    "a day of year 9999": (_body(date_to="9999-12-31"), "parameters.date_to"),
    "dates reversed": (_body(date_from="2026-12-01"), "parameters.date_from"),
    "a client that is a text": (_body(client_id="one"), "parameters.client_id"),
    "a client that is true": (_body(client_id=True), "parameters.client_id"),
    "a client that is half": (_body(client_id=1.5), "parameters.client_id"),
    "a client too great": (_body(client_id=2**63), "parameters.client_id"),
    "an infinite client": (_body(client_id=7).replace("7}", "1e999}"), "parameters.client_id"),
    "a client that is not there": (_body(client_id=2_000_000_000), "parameters.client_id"),
    "an unknown product": (_body(product_id=2_000_000_000), "parameters.product_id"),
    "an unknown currency": (_body(currency="XXX"), "parameters.currency"),
    "an unknown grouping": (_body(group_by="colour"), "parameters.group_by"),
    "a truth that is a text": (_body(include_deleted="perhaps"), "parameters.include_deleted"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_taken_is_400_and_names_the_field(
    name: str, ask: Ask, callers: Callers
) -> None:
    body, field = BODIES[name]

    answer = ask("POST", "/reports", body=body)

    assert answer.status_code == 400
    assert field in answer.json()
    assert all(
        isinstance(messages, list) and all(isinstance(each, str) for each in messages)
        for messages in answer.json().values()
    )
    assert not FileTask.objects.exists()


def test_a_number_of_too_many_digits_is_refused_in_words_for_clients(ask: Ask) -> None:
    answer = ask("POST", "/reports", body=f'{{"template_code": {"9" * 5000}}}')

    assert answer.json() == {
        "non_field_errors": ["This is no JSON: a number has more than 400 digits"]
    }


FORMS = {
    "an unknown field": ("template_code=ResellerExpenses&x=1", "x"),
    "a field twice": ("template_code=a&template_code=b", "template_code"),
    "parameters that are no JSON": ("template_code=ResellerExpenses&parameters=x", "parameters"),
    "a member of a text": (
        "template_code=ResellerExpenses&parameters=7&parameters[date_from]=2026-10-01",
        "parameters",
    ),
    "a member twice": (
        "template_code=x&parameters.date_from=2026-10-01&parameters[date_from]=2026-10-02",
        "parameters[date_from]",
    ),
    "no UTF-8": ("template_code=%ff", "template_code"),
    "half of a pair": ("template_code=%ED%A0%80", "template_code"),
    "a NUL": ("template_code=%00", "template_code"),
    "a name with a NUL": ("template%00code=x", "non_field_errors"),
    "a broken escape": ("template_code=%zz", "template_code"),
    "an unknown client": (
        f"template_code={CODE}&parameters={json.dumps(DAYS)}&parameters.client_id=2000000000",
        "parameters.client_id",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_cannot_be_taken_is_400_and_names_the_field(name: str, ask: Ask) -> None:
    body, field = FORMS[name]

    answer = ask("POST", "/reports", body=body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "image/png", ""])
def test_a_body_of_another_type_is_415(content_type: str, ask: Ask) -> None:
    answer = ask("POST", "/reports", body=_body(), content_type=content_type)

    assert answer.status_code == 415
    assert list(answer.json()) == ["detail"]


def test_a_multipart_body_that_is_none_is_400(ask: Ask) -> None:
    answer = ask("POST", "/reports", body=b"nothing", content_type="multipart/form-data")

    assert answer.status_code == 400
    assert list(answer.json()) == ["non_field_errors"]


@pytest.mark.parametrize("part", ["name=x", 'name="f"; filename="f"'])
def test_a_multipart_body_of_too_many_fields_is_400_and_says_so(part: str, ask: Ask) -> None:
    field = f"--b\r\nContent-Disposition: form-data; {part}\r\n\r\n1\r\n"

    answer = ask(
        "POST",
        "/reports",
        body=field * 1_100 + "--b--\r\n",
        content_type="multipart/form-data; boundary=b",
    )

    assert answer.status_code == 400
    assert answer.json() == {"non_field_errors": ["The form has too many fields."]}


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_a_body_that_is_compressed_is_415(encoding: str, ask: Ask, callers: Callers) -> None:
    packed = ask("POST", "/reports", body=_body(), headers={"Content-Encoding": encoding})
    plain = ask("POST", "/reports", body=_body(), headers={"Content-Encoding": "identity"})
    without = ask("GET", "/reports", headers={"Content-Encoding": encoding})

    assert packed.status_code == 415
    assert packed.json() == {"detail": "A body is taken as it is, not compressed."}
    assert plain.status_code == 201
    assert without.status_code == 200


def test_a_body_of_10_mb_is_413(ask: Ask) -> None:
    answer = ask("POST", "/reports", body=b" " * 10_000_000)

    assert answer.status_code == 413
    assert list(answer.json()) == ["detail"]


def test_a_body_as_long_as_is_allowed_is_read(ask: Ask, settings: Settings) -> None:
    body = _body()
    settings.MAX_REQUEST_BYTES = len(body)

    assert ask("POST", "/reports", body=body).status_code == 201
    assert ask("POST", "/reports", body=f"{body} ").status_code == 413


@pytest.mark.parametrize("value", ["none", "", "1", "{0d5ff8ba-7f3f-4d0a-9c5e-0a3f6d0f5f11}"])
def test_a_request_id_that_is_no_uuid_is_400(value: str, ask: Ask) -> None:
    answer = ask("POST", "/reports", body=_body(), headers={"Request-Id": value})

    assert answer.status_code == 400
    assert list(answer.json()) == ["Request-Id"]


@pytest.mark.parametrize("uuid", ["1", "none", "%00", "%ED%A0%80", "0" * 400, "..", "a%2Fb"])
def test_a_uuid_that_is_none_is_404(uuid: str, ask: Ask) -> None:
    for path in (f"/reports/{uuid}", f"/reports/{uuid}/download"):
        assert ask("GET", path).status_code == 404
    assert ask("DELETE", f"/reports/{uuid}").status_code == 404
    assert ask("POST", f"/reports/{uuid}/cancel").status_code == 404


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "9" * 400, "2147483648", "%00", "\u0661"])
def test_a_number_that_is_none_is_404(number: str, ask: Ask, callers: Callers) -> None:
    erp_invoice(callers.book.fjord, "INV/1")

    assert ask("GET", f"/erp-invoices/{number}").status_code == 404
    assert ask("GET", f"/erp-invoices/{number}/download").status_code == 404


REPORTS, INVOICES, TEMPLATES = "/reports", "/erp-invoices", "/reports/templates"
QUERIES = [
    *((path, query, "limit") for path in (REPORTS, INVOICES, TEMPLATES) for query in (
        "limit=-1", "limit=0", "limit=1e9", "limit=abc", "limit=", "limit=9999999999",
        "limit=1&limit=2", "limit=%00", "limit=1%00", "limit=0x10", "limit=1_000", "limit=%D9%A1",
    )),
    *((path, query, "offset") for path in (REPORTS, INVOICES, TEMPLATES) for query in (
        "offset=-1", "offset=x", "offset=99999999999999999999",
    )),
    *((path, query, "ordering") for path in (REPORTS, INVOICES, TEMPLATES) for query in (
        "ordering=", "ordering=secret", "ordering=-", "ordering=--id", "ordering=id,,name",
        "ordering=user__email", "ordering=?", "ordering=%00", "ordering=id.asc",
    )),
    *((path, query, "order_by") for path in (REPORTS, INVOICES, TEMPLATES) for query in (
        "order_by=", "order_by=uuid", "order_by=id.up", "order_by=.asc", "order_by=pk.desc",
    )),
    (REPORTS, "colour=red", "colour"),
    (INVOICES, "status=Pending", "status"),
    (TEMPLATES, "client_id=1", "client_id"),
    (REPORTS, "status=Done", "status"),
    (REPORTS, "status=", "status"),
    (REPORTS, "status=Pending,Done", "status"),
    (REPORTS, "status=pending", "status"),
    (REPORTS, "client_id=x", "client_id"),
    (REPORTS, "client_id=", "client_id"),
    (REPORTS, "client_id=1&client_id=2", "client_id"),
    (REPORTS, "created_after=yesterday", "created_after"),
    (REPORTS, "created_after=2026-13-01", "created_after"),
    (REPORTS, "created_before=2026-10-01T25:00:00Z", "created_before"),
    (REPORTS, "created_before=2026-10-01T12:00:00+25:00", "created_before"),
    (REPORTS, "created_on=2026-02-30", "created_on"),
    (REPORTS, "created_on=2026-10-01T00:00:00Z", "created_on"),
    (REPORTS, "template=%00", "template"),
    (REPORTS, "template=%ED%A0%80", "template"),
    (REPORTS, "template=%FF", "template"),
    (REPORTS, "template=%", "template"),
    (REPORTS, f"template={'x' * 1001}", "template"),
    (REPORTS, "uuid=%00", "uuid"),
    (REPORTS, "%FF=1", "query"),
    (INVOICES, "move_type=entry", "move_type"),
    (INVOICES, "payment_state=blocking", "payment_state"),
    (INVOICES, "payer_id=1.5", "payer_id"),
    (INVOICES, "invoice_date__from=today", "invoice_date__from"),
    (INVOICES, "billing_period_to__to=2026-00-01", "billing_period_to__to"),
    (TEMPLATES, "id=x", "id"),
    (TEMPLATES, "id__in=1,x", "id__in"),
    (TEMPLATES, "id__gt=99999999999", "id__gt"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "query", "field"), QUERIES)
def test_a_query_that_cannot_be_taken_is_400_and_names_the_parameter(
    path: str, query: str, field: str, ask: Ask
) -> None:
    answer = ask("GET", path, QUERY_STRING=query)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_several_mistakes_are_named_at_once(ask: Ask) -> None:
    answer = ask("GET", "/reports", QUERY_STRING="limit=x&status=y&ordering=z")

    assert answer.json().keys() == {"limit", "status", "ordering"}


def test_a_download_in_an_unknown_format_is_400(ask: Ask, callers: Callers) -> None:
    path = f"/reports/{finished_report(callers.book.admin).uuid}/download"

    for query, field in (
        ("format=pdf", "format"),
        ("format=", "format"),
        ("format=CSV", "format"),
        ("format=csv&format=json", "format"),
        ("raw=perhaps", "raw"),
        ("limit=1", "limit"),
    ):
        answer = ask("GET", path, QUERY_STRING=query)

        assert answer.status_code == 400
        assert list(answer.json()) == [field]


@pytest.mark.parametrize("accept", ["text/html", "application/pdf", "text/csv;q=0", "x", "a/b/c"])
def test_an_accept_that_cannot_be_served_is_406(accept: str, ask: Ask, callers: Callers) -> None:
    report = finished_report(callers.book.admin)

    for path in (f"/reports/{report.uuid}/download", "/reports"):
        answer = ask("GET", path, headers={"Accept": accept})

        assert answer.status_code == 406
        assert list(answer.json()) == ["detail"]


def test_paths_outside_the_api_answer_json_too(ask: Ask) -> None:
    answer = ask("GET", "/nothing", key=None)

    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing here."}
    assert BASE not in answer.content.decode()


def test_a_host_that_is_none_is_400(ask: Ask) -> None:
    answer = ask("GET", "/reports", headers={"Host": "a b/c"})

    assert answer.status_code == 400
    assert list(answer.json()) == ["non_field_errors"]
