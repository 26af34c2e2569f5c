"""Numbers of the local ERP's documents: by reseller, kind and year, without a gap."""

from datetime import date
from typing import Final

from django.db import connection

from tollbook.erp.models import NumberSeries
from tollbook.erp.rules import MoveType

PREFIXES: Final = {MoveType.OUT_INVOICE: "INV", MoveType.OUT_REFUND: "RINV"}
_OPEN: Final = """
INSERT INTO erp_numberseries (reseller_id, year, move_type, last_number, last_date)
SELECT %(reseller)s, %(year)s, %(kind)s,
    coalesce(max(substring(name FROM '\\d+$')::int), 0), coalesce(max(invoice_date), %(first)s)
FROM erp_erpinvoice
WHERE reseller_id = %(reseller)s AND move_type = %(kind)s AND name ~ %(form)s
ON CONFLICT (reseller_id, year, move_type) DO NOTHING
"""
"""A series goes on after the documents that are there, such as those of a book taken over."""


def next_number(*, reseller_id: int, move_type: MoveType, dated: date) -> tuple[str, date]:
    """The next number, such as ``INV/2026/00001``, and the day to print with it.

    That is ``dated``, or the day of the number before where that is later. The series stays locked
    to the end of the transaction: rolled back, the number was never given.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "reseller": reseller_id,
                "year": dated.year,
                "kind": move_type.value,
                "first": dated.replace(month=1, day=1),
                "form": f"^{PREFIXES[move_type]}/{dated.year}/[0-9]{{1,9}}$",
            },
        )
    series = NumberSeries.objects.select_for_update().get(
        reseller_id=reseller_id, year=dated.year, move_type=move_type
    )
    series.last_number += 1
    series.last_date = max(series.last_date, dated)
    series.save(update_fields=("last_number", "last_date"))
    return f"{PREFIXES[move_type]}/{dated.year}/{series.last_number:05d}", series.last_date
