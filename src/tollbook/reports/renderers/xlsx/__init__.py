"""A result as an Excel workbook, streamed: data sheets first, then what the data are."""

from tollbook.reports.renderers.xlsx.workbook import render_xlsx

__all__ = ["render_xlsx"]
