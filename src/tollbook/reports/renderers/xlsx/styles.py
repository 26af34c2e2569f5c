"""The workbook's cell styles: one for headers, one for each kind of number among the columns."""

from collections.abc import Sequence
from typing import Final

from tollbook.results.columns import Column, Kind

HEADER: Final = 1
_FORMATS: Final = {
    Kind.INTEGER: "0",
    Kind.DATE: "yyyy\\-mm\\-dd",
    Kind.TIMESTAMP: "yyyy\\-mm\\-dd\\ hh:mm:ss",
}
_MOST_PLACES: Final = 38
_FIRST_OWN_FORMAT: Final = 164
"""Numbers of formats below are Excel's own."""


class Styles:
    """Which style a column's cells have."""

    def __init__(self, columns: Sequence[Column]) -> None:
        formats = [_format(column) for column in columns]
        self._formats = sorted({code for code in formats if code})

    def of(self, column: Column) -> int:
        """The style of the cells of ``column``; 0 is Excel's own."""
        code = _format(column)
        return HEADER + 1 + self._formats.index(code) if code else 0

    def xml(self) -> str:
        """The part ``styles.xml``."""
        return styles_xml(self._formats)


def styles_xml(codes: Sequence[str]) -> str:
    """The part ``styles.xml`` whose cells have the formats ``codes``, in their order."""
    numbered = list(enumerate(codes, _FIRST_OWN_FORMAT))
    formats = "".join(f'<numFmt numFmtId="{i}" formatCode="{code}"/>' for i, code in numbered)
    cells = "".join(
        f'<xf numFmtId="{i}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for i, _ in numbered
    )
    return _STYLES.format(
        formats=f'<numFmts count="{len(numbered)}">{formats}</numFmts>' if numbered else "",
        cells=cells,
        count=len(numbered) + 2,
    )


def kinds_shown(codes: Sequence[str]) -> dict[int, Kind | None]:
    """What cells of each style hold whose formats are ``codes``; None where no column has it."""
    return {number: _KINDS.get(code) for number, code in enumerate(codes, HEADER + 1)}


def _format(column: Column) -> str | None:
    if column.kind is Kind.DECIMAL:
        return _decimal(column.type.scale)
    return _FORMATS.get(column.kind)


def _decimal(places: int) -> str:
    shown = min(places, 2)
    return "#,##0" + ("." if places else "") + "0" * shown + "#" * (places - shown)


_KINDS: Final = {
    **{code: kind for kind, code in _FORMATS.items()},
    **{_decimal(places): Kind.DECIMAL for places in range(_MOST_PLACES + 1)},
}
_STYLES: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "{formats}"
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="{count}"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    "{cells}</cellXfs>"
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
