"""What a report may be asked for: every slip is named, nothing is guessed."""

from datetime import date
from typing import Any

import pytest

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import InvalidFields
from tollbook.reports.parameters import Parameter, ParameterType, read_parameters
from tollbook.reports.question import Question

VIEWER = Viewer(user_id=1, role=Role.OPERATOR)
DATE_FROM = Parameter("date_from", ParameterType.STRING, "First day.", True, "date")
DATE_TO = Parameter("date_to", ParameterType.STRING, "End.", True, "date")
COLOUR = Parameter("colour", ParameterType.STRING, "A colour.", enum=("red", "blue"), default="red")
SIZE = Parameter(
    "size",
    ParameterType.INTEGER,
    "A size.",
    is_known=lambda _viewer, size: size == 7,
    unknown="There is no size {}.",
)
DEEP = Parameter("deep", ParameterType.BOOLEAN, "Deep.", default=False)
ORIGIN = Parameter("origin", ParameterType.STRING, "A task.", format="uuid")
NAME = Parameter("name", ParameterType.STRING, "A name.")
DECLARED = (DATE_FROM, DATE_TO, COLOUR, SIZE, DEEP, NAME, ORIGIN)
GOOD: dict[str, object] = {"date_from": "2026-01-01", "date_to": "2026-02-01"}


def errors_of(given: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as caught:
        read_parameters(DECLARED, given, VIEWER)
    return caught.value.errors


def test_values_are_typed_and_defaults_filled_in() -> None:
    given = {**GOOD, "size": 7, "deep": True, "colour": "blue"}
    assert read_parameters(DECLARED, given, VIEWER) == {
        "date_from": date(2026, 1, 1),
        "date_to": date(2026, 2, 1),
        "colour": "blue",
        "size": 7,
        "deep": True,
        "name": None,
        "origin": None,
    }


def test_texts_of_a_form_mean_the_same_as_json() -> None:
    form = {**GOOD, "size": "7", "deep": "true"}
    assert read_parameters(DECLARED, form, VIEWER) == read_parameters(
        DECLARED, {**GOOD, "size": 7, "deep": True}, VIEWER
    )


def test_null_is_the_same_as_nothing() -> None:
    values = read_parameters(DECLARED, {**GOOD, "size": None, "colour": None}, VIEWER)
    assert (values["size"], values["colour"]) == (None, "red")


@pytest.mark.parametrize("given", [None, {}, {"date_from": None}])
def test_what_is_required_is_asked_for(given: Any) -> None:
    message = ["This parameter is required."]
    assert errors_of(given) == {"parameters.date_from": message, "parameters.date_to": message}


@pytest.mark.parametrize("given", ["text", 5, [], [["date_from", "2026-01-01"]], True])
def test_parameters_must_be_an_object(given: Any) -> None:
    assert list(errors_of(given)) == ["parameters"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("date_from", "01.02.2026", "YYYY-MM-DD"),
        ("date_from", "2026-1-1", "YYYY-MM-DD"),
        ("date_from", "20260101", "YYYY-MM-DD"),
        ("date_from", "2026-W01-1", "YYYY-MM-DD"),
        ("date_from", "2026-01-01T00:00:00Z", "YYYY-MM-DD"),
        ("date_from", "２０２６-01-01", "YYYY-MM-DD"),
        ("date_from", "2026-02-30", "there is no day 2026-02-30"),
        ("date_from", "2026-01-01\n", "YYYY-MM-DD"),
        ("date_from", "", "YYYY-MM-DD"),
        ("date_from", 20260101, "YYYY-MM-DD"),
        ("date_from", {"year": 2026}, "YYYY-MM-DD"),
        ("date_from", "0001-01-01", "from 2000-01-01 to 2100-01-01"),
        ("date_to", "9999-12-31", "from 2000-01-01 to 2100-01-01"),
        ("date_to", "2100-01-02", "from 2000-01-01 to 2100-01-01"),
        ("size", True, "integer"),
        ("size", 7.0, "integer"),
        ("size", "7.0", "integer"),
        ("size", " 7", "integer"),
        ("size", "seven", "integer"),
        ("size", "", "integer"),
        ("size", [7], "integer"),
        ("size", 2**31, "from -2147483648 to 2147483647"),
        ("size", 10**4000, "from -2147483648 to 2147483647"),
        ("size", "9" * 5000, "integer"),
        ("size", 8, "There is no size 8."),
        ("deep", "yes", "true or false"),
        ("deep", 1, "true or false"),
        ("colour", "green", "one of red, blue"),
        ("colour", "", "one of red, blue"),
        ("colour", 5, "text"),
        ("name", "a\0b", "NUL"),
        ("name", "a\ud800b", "surrogates"),
        ("name", "n" * 1001, "1000"),
        ("name", {"a": 1}, "text"),
    ],
)
def test_a_bad_value_is_named_and_told_what_is_taken(name: str, value: Any, told: str) -> None:
    errors = errors_of({**GOOD, name: value})
    assert list(errors) == [f"parameters.{name}"]
    assert told in errors[f"parameters.{name}"][0]


def test_dates_the_wrong_way_round_are_refused() -> None:
    errors = errors_of({"date_from": "2026-02-01", "date_to": "2026-01-31"})
    told = "date_from (2026-02-01) is after date_to (2026-01-31)."
    assert errors == {"parameters.date_from": [told]}


def test_several_slips_are_told_at_once() -> None:
    errors = errors_of({"date_from": "x", "size": "y", "speed": 1})
    assert sorted(errors) == [
        "parameters.date_from",
        "parameters.date_to",
        "parameters.size",
        "parameters.speed",
    ]


def test_an_unknown_parameter_is_refused_with_those_that_there_are() -> None:
    errors = errors_of({**GOOD, "Size": 7})
    assert list(errors) == ["parameters.Size"]
    assert "date_from, date_to, colour, size, deep, name" in errors["parameters.Size"][0]


def test_a_name_that_cannot_be_printed_is_told_in_letters_that_can() -> None:
    errors = errors_of({**GOOD, "a\0\ud800\n" + "x" * 500: 1})
    (field,) = errors
    assert field == r"parameters.a\x00\ud800\n" + "x" * 56
    field.encode()


def test_a_thousand_unknown_parameters_do_not_make_a_long_answer() -> None:
    assert len(errors_of({**GOOD, **{f"p{number}": 1 for number in range(1000)}})) == 10


@pytest.mark.parametrize(
    ("date_from", "date_to", "days"),
    [
        ("2026-01-01", "2026-02-01", "2026-01-01/2026-02-01"),
        ("2026-01-05", "2026-01-05", "2026-01-05/2026-01-06"),
        ("2026-01-05", "2026-01-06", "2026-01-05/2026-01-06"),
        ("2100-01-01", "2100-01-01", "2100-01-01/2100-01-02"),
    ],
)
def test_the_end_is_exclusive_and_equal_dates_mean_that_day(
    date_from: str, date_to: str, days: str
) -> None:
    given = {"date_from": date_from, "date_to": date_to}
    question = Question(VIEWER, read_parameters(DECLARED, given, VIEWER))
    assert str(question.days) == days
    resolved = question.resolved()
    assert f"{resolved['date_from']}/{resolved['date_to']}" == days


def test_the_wire_form_is_that_of_openapi_2() -> None:
    assert COLOUR.wire() == {
        "name": "colour",
        "in": "formData",
        "required": False,
        "type": "string",
        "enum": ["red", "blue"],
        "description": "A colour.",
        "default": "red",
    }
    assert DATE_FROM.wire() == {
        "name": "date_from",
        "in": "formData",
        "required": True,
        "type": "string",
        "format": "date",
        "description": "First day.",
    }


def test_a_uuid_is_told_in_the_one_way_that_it_is_written() -> None:
    given = {**GOOD, "origin": "0000000A-0000-4000-8000-00000000000F"}
    values = read_parameters(DECLARED, given, VIEWER)
    assert values["origin"] == "0000000a-0000-4000-8000-00000000000f"


@pytest.mark.parametrize(
    "value", ["", "x", "0000000a00004000800000000000000f", "{0000000a-0000-4000-8000-00000000000f}"]
)
def test_what_is_no_uuid_is_told_so(value: str) -> None:
    assert errors_of({**GOOD, "origin": value}) == {"parameters.origin": ["Must be a uuid."]}
