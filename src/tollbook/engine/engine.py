"""What rating asks of an engine."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import pyarrow as pa
import pyarrow.dataset as pads

Source: TypeAlias = pa.Table | pads.Dataset


@dataclass(frozen=True)
class Step:
    """A query that later ones read by its name; ``is_shared`` where more than one does."""

    name: str
    sql: str
    is_shared: bool = False


class Engine(Protocol):
    """Runs SQL of the subset that DuckDB and Spark share (``docs/decisions``).

    Decimals stay exact as long as the SQL neither divides nor averages them; overflow is an error.
    Moments are UTC. Only what ``ORDER BY`` orders has an order.
    """

    @property
    def version(self) -> str:
        """Its name and version, for people."""

    def running_query(
        self, sql: str, *, sources: Mapping[str, Source], steps: Sequence[Step] = ()
    ) -> AbstractContextManager[pa.RecordBatchReader]:
        """Run ``sql`` over ``sources`` and ``steps`` by name; a reader while the context holds.

        A step reads sources and the steps before it; a shared one is worked out once.
        """
