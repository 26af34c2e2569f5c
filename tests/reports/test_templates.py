"""The catalogue of templates: complete, documented, and nothing that is not there."""

import re
from pathlib import Path

import pytest

from tollbook.reports.templates import COMPARED, TEMPLATES, find_template
from tollbook.reports.templates.template import ReportTemplate

PAGES = Path(__file__).parents[2] / "docs" / "reports"
each_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.code)


def test_the_templates_are_offered_under_numbers_that_never_change() -> None:
    assert {template.id: (template.code, *template.aliases) for template in TEMPLATES} == {
        1: ("ResellerExpenses",),
        2: ("ResellerPlans",),
        3: ("ResellerCredits",),
        4: ("ResellerStatistics", "ResellerStatisticsV2"),
        5: ("ReportDiff",),
        6: ("FocusCostAndUsage",),
    }


def test_numbers_codes_and_aliases_differ() -> None:
    numbers = [template.id for template in TEMPLATES]
    codes = [code for each in TEMPLATES for code in (each.code, *each.aliases)]
    assert len(set(numbers)) == len(numbers)
    assert len(set(codes)) == len(codes)
    assert [find_template(code) for code in codes]


@pytest.mark.parametrize("template", COMPARED, ids=lambda each: each.code)
def test_it_takes_the_parameters_that_every_report_on_the_book_takes(
    template: ReportTemplate,
) -> None:
    names = [parameter.name for parameter in template.parameters]
    assert names[:2] == ["date_from", "date_to"]
    assert {"client_id", "product_id", "currency"} <= set(names)


@each_template
def test_its_parameters_are_told_in_their_order(template: ReportTemplate) -> None:
    names = [parameter.name for parameter in template.parameters]
    (wire,) = template.wire_parameters().values()
    assert isinstance(wire, list)
    assert [each["name"] for each in wire] == names


@each_template
def test_its_page_tells_key_header_type_and_meaning_of_every_column(
    template: ReportTemplate,
) -> None:
    page = (PAGES / f"{template.code}.md").read_text()
    for columns in template.layouts.values():
        assert len({column.key for column in columns}) == len(columns)
        assert len({column.header for column in columns}) == len(columns)
        for column in columns:
            assert column.description.endswith(".")
            row = (
                f"| `{column.key}` | {column.header} | {column.kind.value} | {column.description} |"
            )
            assert row in page


@each_template
def test_its_page_tells_every_parameter(template: ReportTemplate) -> None:
    page = (PAGES / f"{template.code}.md").read_text()
    for parameter in template.parameters:
        assert re.search(rf"^\| `{parameter.name}` \|", page, re.MULTILINE)
        assert parameter.description in page
