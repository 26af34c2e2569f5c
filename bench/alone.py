"""One run of one contender in a process of its own: ``python -m bench.alone CODE START END FILE``.

What was resident after the imports and the connection is its baseline; the clock and the peak of
memory begin there. Prints one line of JSON.
"""

import json
import sys
import time
from datetime import date
from pathlib import Path

import django

from bench import memory
from bench.span import Span


def main(code: str, start: str, end: str, file: str) -> None:
    """Write ``file`` and print what it took."""
    django.setup()
    from django.db import connection

    from bench.contenders import find_contender
    from bench.ours import report_columns

    contender = find_contender(code)
    columns = report_columns()
    connection.ensure_connection()
    span = Span(date.fromisoformat(start), date.fromisoformat(end), rows=0)
    baseline = memory.resident_now()
    memory.forget_peak()
    began = time.perf_counter()
    contender.write(span, columns, Path(file))
    seconds = time.perf_counter() - began
    above = max(0, memory.peak() - baseline)
    print(json.dumps({"seconds": seconds, "memory": above, "bytes": Path(file).stat().st_size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
