"""Seals the months of the demo book, so that reports on them are read from their segments.

``python -m bench.sealing START END``: by a process of its own, with a fresh connection.
"""

import sys
from datetime import date

import django


def main(start: str, end: str) -> None:
    """Write and name the segments of every reseller's months between two days."""
    django.setup()
    from django.utils import timezone

    from tollbook.clients.models import Reseller
    from tollbook.expenses.models import MonthState
    from tollbook.expenses.rules import MonthStatus
    from tollbook.invoicing.services import seal_month
    from tollbook.kernel.periods import DateRange, months_of

    days = DateRange(date.fromisoformat(start), date.fromisoformat(end))
    for reseller in Reseller.objects.order_by("id"):
        for month in months_of(days):
            segment = seal_month(reseller_id=reseller.pk, month=month)
            MonthState.objects.update_or_create(
                reseller=reseller,
                month=month.start,
                defaults={
                    "status": MonthStatus.CLOSED,
                    "closed_at": timezone.now(),
                    "segment_key": segment.key,
                    "segment_digest": segment.digest,
                },
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
