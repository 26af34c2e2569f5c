"""Makes the sealed months ready, as a worker does in the minute after they were closed.

``python -m bench.ready_months START END`` prints the seconds that it took.
"""

import sys
import time
from datetime import UTC, date, datetime
from datetime import time as clock

import django


def main(_start: str, end: str) -> None:
    """Make every month ready that was sealed before a day."""
    django.setup()
    from tollbook.kernel.periods import next_month
    from tollbook.reports.ready_months import prepare_months

    now = datetime.combine(next_month(date.fromisoformat(end)), clock.min, UTC)
    began = time.perf_counter()
    prepare_months(now=now, longest=float("inf"))
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
