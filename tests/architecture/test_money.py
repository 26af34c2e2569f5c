"""No amount touches a float, at rest or in a report."""

import re
from pathlib import Path

import pyarrow as pa
import pytest
from django.apps import apps
from django.db import models

from tollbook.kernel.money import MONEY_DIGITS, MONEY_PLACES
from tollbook.reports.templates import TEMPLATES

ROOMS = Path(__file__).parents[2] / "src" / "tollbook"
OURS = [model for model in apps.get_models() if model.__module__.startswith("tollbook.")]


def test_no_table_has_a_float_column() -> None:
    floats = [
        f"{model.__name__}.{field.name}"
        for model in OURS
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField)
    ]
    assert OURS
    assert floats == []


def test_amounts_at_rest_keep_twelve_decimals() -> None:
    amounts = [
        field
        for model in OURS
        for field in model._meta.get_fields()
        if isinstance(field, models.DecimalField)
        and re.search(r"amount|money|usage$|quantity|discount_value|tax_value", field.name)
        and field.name != "quantity"
    ]
    assert amounts
    assert {(field.max_digits, field.decimal_places) for field in amounts} == {
        (MONEY_DIGITS, MONEY_PLACES)
    }


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.code)
def test_no_report_has_a_float_column(template) -> None:
    variants = template.layouts.values()
    assert variants
    for columns in variants:
        assert not [column.key for column in columns if pa.types.is_floating(column.type)]


def test_money_code_never_says_float() -> None:
    pure = [*ROOMS.glob("kernel/*.py"), *ROOMS.glob("rating/**/*.py")]
    assert pure
    assert [path.name for path in pure if re.search(r"\bfloat\(", path.read_text())] == []
