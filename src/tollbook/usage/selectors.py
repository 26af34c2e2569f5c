"""Which files the lake holds; only the machinery asks, no viewer sees the lake itself."""

from collections.abc import Iterable

from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange
from tollbook.usage.models import UsageSegment


def segments_of(days: DateRange) -> list[UsageSegment]:
    """The segments of ``days``, by day and then in the order of their imports."""
    found = UsageSegment.objects.filter(day__gte=days.start, day__lt=days.end)
    return list(found.order_by("day", "id"))


def lake_files(days: DateRange) -> list[str]:
    """Paths of the files of ``days``, as ``segment_files`` gives them."""
    return segment_files(segments_of(days))


def segment_files(segments: Iterable[UsageSegment]) -> list[str]:
    """Paths of the segments' files inside the store's file system: absolute in a folder,
    ``bucket/prefix/key`` in a bucket.
    """
    store = result_store()
    return [store.path(segment.key) for segment in segments]
