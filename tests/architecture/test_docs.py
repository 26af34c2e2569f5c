"""What can be asked for is documented."""

import re
from pathlib import Path

import pytest

from tollbook.reports.templates import TEMPLATES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NAME = r"\"(TOLLBOOK_[A-Z_]+|(?:DATABASE|BROKER|STORAGE|ENGINE)_URL)\""


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.code)
def test_every_template_has_a_page_that_names_all_columns_and_parameters(template) -> None:
    page = (DOCS / "reports" / f"{template.code}.md").read_text()
    for columns in template.layouts.values():
        assert [column.header for column in columns if column.header not in page] == []
    assert [p.name for p in template.parameters if f"`{p.name}`" not in page] == []


def test_every_variable_that_settings_read_is_documented() -> None:
    read = set()
    for source in (ROOT / "src" / "tollbook").rglob("*.py"):
        read |= set(re.findall(NAME, source.read_text()))
    pages = "".join(page.read_text() for page in DOCS.rglob("*.md"))
    assert read
    assert sorted(name for name in read if name not in pages) == []


def test_every_decision_record_has_its_parts() -> None:
    records = sorted((DOCS / "decisions").glob("0*.md"))
    assert records
    for record in records:
        text = record.read_text()
        parts = ("Context.", "Decision.", "Consequences.", "Not chosen.")
        assert [part for part in parts if f"**{part}**" not in text] == [], record.name
