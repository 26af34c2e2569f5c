"""Which sealed months have lines that a report may use; those that should have are asked for."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tollbook.filetasks.queue import send_message
from tollbook.filetasks.results import result_store
from tollbook.invoicing.services import MONTH_SEALED
from tollbook.reports.dataset import Made
from tollbook.reports.expense_facts.places import Places, Segment
from tollbook.reports.ready_lines.lines_file import FEWEST_ROWS, LinesAbout, lines_key

_MOST_ASKED: Final = 24
"""So many months are asked for by one report."""


def find_ready_lines(
    places: Places, made: Sequence[Made], names: Mapping[str, pa.Table]
) -> Mapping[str, str]:
    """Keys of the files of lines that hold, by the key of their segment.

    Whoever knows a part of the clients only has lines of months in which there are no others.
    """
    found: dict[str, str] = {}
    missing: list[Segment] = []
    for segment in places.segments:
        key = lines_key(segment.reseller_id, segment.month)
        about = LinesAbout.of_file(key)
        if about is not None and about.holds(segment.digest, made, names):
            found[segment.key] = key
        else:
            missing.append(segment)
    wanted = missing if places.sees_all else []
    for segment in islice(filter(_is_worth_it, wanted), _MOST_ASKED):
        send_message(MONTH_SEALED, str(segment.reseller_id), segment.month.isoformat())
    return found


def _is_worth_it(segment: Segment) -> bool:
    with result_store().open(segment.key) as file:
        return bool(pq.read_metadata(file).num_rows >= FEWEST_ROWS)
