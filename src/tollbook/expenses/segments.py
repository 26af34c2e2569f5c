"""Sealed months as they are read: one Parquet file of a reseller's month, by day and number.

The row of the month names the file and its digest; :mod:`tollbook.invoicing` writes it.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import pyarrow.dataset as pads
from django.db.models import QuerySet

from tollbook.expenses.models import MonthState
from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.services.loading import EXPENSE_SCHEMA
from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange, month_start

_PIECE: Final = 1 << 20


def closed_months(days: DateRange) -> QuerySet[Any, Any]:
    """``reseller_id, month, segment_key, segment_digest`` of closed months that ``days`` touches.

    A month that was closed elsewhere, before it came into this book, has no segment.
    """
    closed = MonthState.objects.filter(
        status=MonthStatus.CLOSED, month__gte=month_start(days.start), month__lt=days.end
    )
    ordered = closed.order_by("month", "reseller_id")
    return ordered.values_list("reseller_id", "month", "segment_key", "segment_digest")


def segment_digest(key: str) -> str:
    """The SHA-256 of the segment as it lies in the store; ``FileNotFoundError`` where it is not."""
    digest = hashlib.sha256()
    file = result_store().open(key)
    try:
        while piece := file.read(_PIECE):
            digest.update(piece)
    finally:
        file.close()
    return digest.hexdigest()


def open_expense_segments(keys: Sequence[str]) -> pads.Dataset:
    """The rows of the segments ``keys``, one after another, of ``EXPENSE_SCHEMA``."""
    store = result_store()
    return pads.FileSystemDataset.from_paths(
        [store.path(key) for key in keys],
        schema=EXPENSE_SCHEMA,
        format=pads.ParquetFileFormat(),
        filesystem=store.filesystem,
    )
