"""Pages → PDF, by typst: no network, and nothing of the day it is made."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from tollbook.erp.local.page import Page
from tollbook.kernel.periods import day_start

SOURCE: Final = Path(__file__).with_name("invoice.typ")
_UNDATED: Final = datetime(2000, 1, 1, tzinfo=UTC)


def render_pdf(page: Page, *, dated: date | None) -> bytes:
    """The page as PDF, made as if on the day it is dated."""
    made = _compile(page, format="pdf", timestamp=day_start(dated) if dated else _UNDATED)
    return b"".join(made)


def render_png(page: Page, *, ppi: float = 110) -> list[bytes]:
    """The page as pictures, for people who look."""
    return _compile(page, format="png", ppi=ppi)


def _compile(page: Page, **how: Any) -> list[bytes]:
    """One file, or one for each sheet; data goes in as JSON and is never read as markup."""
    data = json.dumps(asdict(page), ensure_ascii=False)
    source, fonts = SOURCE.read_bytes(), _fonts()
    made = typst.compile(source, font_paths=fonts, sys_inputs={"page": data}, **how)
    return made if isinstance(made, list) else [made]


@cache
def _fonts() -> typst.Fonts:
    """Those inside typst; this machine's only for characters that they do not have."""
    return typst.Fonts()
