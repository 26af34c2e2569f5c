"""CloudKitty's HashMap processor over one price a service: run by a Python that has CloudKitty.

Reads ``service,quantity`` lines from a file, rates them by the processor itself and prints one
line of JSON. It needs nothing of ours, and no service of CloudKitty's: only where the prices come
from, its database, is taken out.
"""

import csv
import json
import resource
import sys
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path


def main(points: str, price: str) -> None:
    """Rate the points and print what it took."""
    from cloudkitty.dataframe import DataFrame, DataPoint
    from cloudkitty.rating.hash import HashMap

    class Priced(HashMap):  # type: ignore[misc]  # unknown to mypy
        """Its prices are given, each service's flat one for each unit."""

        def _load_rates(self, _start: object = None) -> None:
            self._entries = {
                service: {
                    "mappings": {"_DEFAULT_": {"type": "flat", "cost": Decimal(price)}},
                    "thresholds": {},
                }
                for service in services
            }

    with Path(points).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    services = sorted({service for service, _ in rows})
    frame = DataFrame(start=datetime(2026, 10, 1), end=datetime(2026, 11, 1))  # noqa: DTZ001
    for service, quantity in rows:
        frame.add_point(DataPoint("unit", quantity, 0, {}, {}), service)
    processor = Priced()
    began = time.perf_counter()
    rated = processor.process(frame)
    seconds = time.perf_counter() - began
    total = sum((point.price for _, point in rated.iterpoints()), Decimal(0))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "memory": memory, "sum": f"{total:f}"}))


if __name__ == "__main__":
    main(*sys.argv[1:])
