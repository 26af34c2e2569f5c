"""Text as SpreadsheetML holds it: escaped, spaces kept, no longer than a cell may be."""

from typing import Final

import polars as pl

from tollbook.results.row_text import Cell

LONGEST_TEXT: Final = 32_767
"""Characters in one cell, in UTF-16 code units as Excel counts."""
CUT_MARK: Final = f" … [cut: a cell holds no more than {LONGEST_TEXT:,} characters]"

_MARKUP: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ILLEGAL: Final = "".join(map(chr, [*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF]))
"""Control characters that XML 1.0 cannot hold or would change."""
_ESCAPES: Final = {
    **_MARKUP,
    "_x": "_x005F_x",
    **{character: f"_x{ord(character):04X}_" for character in _ILLEGAL},
}
_NEEDS_ESCAPE: Final = r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]"
_SPACED: Final = r"^\s|\s$|[\t\n]"
_NOT_PLAIN: Final = f"[&<>]|{_NEEDS_ESCAPE}|{_SPACED}"


def cut(texts: pl.Series) -> tuple[pl.Series, bool]:
    """``texts`` as a cell can hold them, with a mark where one was cut, and whether one was."""
    if not (texts.str.len_bytes() > LONGEST_TEXT).any():  # bytes are never fewer than characters
        return texts, False
    shortened = [None if text is None else _cut(text) for text in texts]
    series = pl.Series(texts.name, shortened, dtype=pl.String)
    return series, not series.equals(texts)


def inline_cells(texts: pl.Series) -> Cell:
    """The cell of each text, which holds the text itself."""
    return _element(texts, '<c t="inlineStr"><is><t', "</t></is></c>")


def shared_items(texts: pl.Series) -> Cell:
    """The item of each text in the table of shared strings."""
    return _element(texts, "<si><t", "</t></si>")


def _element(texts: pl.Series, before: str, after: str) -> Cell:
    text = pl.lit(texts)
    if not texts.str.contains(_NOT_PLAIN).any():
        return Cell(text, f"{before}>", after)
    preserved = pl.lit(f'{before} xml:space="preserve">')
    start = pl.when(text.str.contains(_SPACED)).then(preserved).otherwise(pl.lit(f"{before}>"))
    return Cell(pl.concat_str([start, _escaped(text), pl.lit(after)]))


def _escaped(text: pl.Expr) -> pl.Expr:
    """XML, in which ``_xHHHH_`` stands for what it cannot hold and for what reads like that."""
    return (
        pl.when(text.str.contains(_NEEDS_ESCAPE))
        .then(text.str.replace_many(_ESCAPES))
        .otherwise(text.str.replace_many(_MARKUP))
    )


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return text
    kept = units[: 2 * (LONGEST_TEXT - len(CUT_MARK))]
    return kept.decode("utf-16-le", errors="ignore") + CUT_MARK
