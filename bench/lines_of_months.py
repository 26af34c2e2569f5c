"""Makes the lines of the sealed months, as a worker does that is told of their closing.

``python -m bench.lines_of_months START END`` prints the seconds that it took.
"""

import sys
import time
from datetime import date

import django


def main(start: str, end: str) -> None:
    """Make those of every reseller's months between two days."""
    django.setup()
    from tollbook.clients.models import Reseller
    from tollbook.kernel.periods import DateRange, months_of
    from tollbook.reports.ready_lines.making import make_ready_lines

    days = DateRange(date.fromisoformat(start), date.fromisoformat(end))
    began = time.perf_counter()
    for reseller in Reseller.objects.order_by("id"):
        for month in months_of(days):
            make_ready_lines(reseller_id=reseller.pk, month=month.start)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
