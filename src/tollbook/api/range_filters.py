"""Conditions on ranges of time, half-open: ``start`` belongs to one, ``end`` does not.

An empty start or end is open, so it lies before or after every moment; a range without an end
ends at no moment, so filters on the moment of its end pass it over, and so for starts.
"""

from datetime import datetime

from django.db.models import Q

from tollbook.api.filters import Condition, Filter, field, on_day
from tollbook.api.kinds import DATE, MOMENT


def contains(start: str, end: str) -> Condition:
    """Rows whose range contains the moment."""
    return lambda moment: _starts(start, "lte", moment) & _ends(end, "gt", moment)


def lacks(start: str, end: str) -> Condition:
    """Rows whose range does not contain the moment."""
    return lambda moment: Q(**{f"{start}__gt": moment}) | Q(**{f"{end}__lte": moment})


def reaches_past(end: str) -> Condition:
    """Rows whose range has moments after this one."""
    return lambda moment: _ends(end, "gt", moment)


def begins_before(start: str) -> Condition:
    """Rows whose range has moments before this one."""
    return lambda moment: _starts(start, "lt", moment)


def active_range_filters(start: str, end: str) -> tuple[Filter, ...]:
    """The eight filters of a list whose items have an active range."""
    return (
        Filter(
            "active_after",
            MOMENT,
            reaches_past(end),
            "Active at some time after the moment: ends later, or never.",
        ),
        Filter("active_at", MOMENT, contains(start, end), "Active at the moment."),
        Filter(
            "active_before",
            MOMENT,
            begins_before(start),
            "Active at some time before the moment: starts earlier, or has no start.",
        ),
        Filter("active_end_from", MOMENT, field(f"{end}__gte"), "Ends at the moment or later."),
        Filter("active_end_to", MOMENT, field(f"{end}__lte"), "Ends at the moment or earlier."),
        Filter(
            "active_start_from", MOMENT, field(f"{start}__gte"), "Starts at the moment or later."
        ),
        Filter(
            "active_start_to", MOMENT, field(f"{start}__lte"), "Starts at the moment or earlier."
        ),
        Filter("not_active_at", MOMENT, lacks(start, end), "Not active at the moment."),
    )


def created_filters(column: str) -> tuple[Filter, ...]:
    """The three filters of a list whose items were written down at some moment."""
    return (
        Filter("created_after", MOMENT, field(f"{column}__gt"), "Written down after this moment."),
        Filter(
            "created_before", MOMENT, field(f"{column}__lt"), "Written down before this moment."
        ),
        Filter("created_on", DATE, on_day(column), "Written down on this day, in UTC."),
    )


def edge_filters(name: str, column: str, what: str) -> tuple[Filter, ...]:
    """``name__from`` and ``name__to``, inclusive."""
    return (
        Filter(
            f"{name}__from", MOMENT, field(f"{column}__gte"), f"{what} at this moment or later."
        ),
        Filter(
            f"{name}__to", MOMENT, field(f"{column}__lte"), f"{what} at this moment or earlier."
        ),
    )


def _starts(start: str, compare: str, moment: datetime) -> Q:
    return Q(**{f"{start}__{compare}": moment}) | Q(**{f"{start}__isnull": True})


def _ends(end: str, compare: str, moment: datetime) -> Q:
    return Q(**{f"{end}__{compare}": moment}) | Q(**{f"{end}__isnull": True})
