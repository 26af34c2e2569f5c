"""The lake as it is read: one Arrow dataset over the files of some days."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.dataset as pads

from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange
from tollbook.usage.models import UsageSegment
from tollbook.usage.records import USAGE_SCHEMA
from tollbook.usage.selectors import segment_files, segments_of


def open_lake(days: DateRange, *, columns: Sequence[str] | None = None) -> pads.Dataset:
    """The records of ``days`` as of now, of ``USAGE_SCHEMA`` or only its ``columns``.

    Where nothing was imported it is a dataset without rows. A record counts for the day that its
    period starts in.
    """
    return open_segments(segments_of(days), columns=columns)


def open_segments(
    segments: Iterable[UsageSegment], *, columns: Sequence[str] | None = None
) -> pads.Dataset:
    """The records of these segments, for who must know just which files were read."""
    schema = USAGE_SCHEMA
    if columns is not None:
        schema = pa.schema([USAGE_SCHEMA.field(name) for name in columns])
    return pads.FileSystemDataset.from_paths(
        segment_files(segments),
        schema=schema,
        format=pads.ParquetFileFormat(),
        filesystem=result_store().filesystem,
    )
