"""Which meters of a closed month got usage after it was closed, and from which day on."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.dataset as pads
from django.db import connection

from tollbook.clients.models import Client
from tollbook.expenses.models import MonthState
from tollbook.expenses.rules import MonthStatus
from tollbook.kernel.periods import DateRange
from tollbook.usage.lake import open_segments
from tollbook.usage.models import UsageSegment
from tollbook.usage.selectors import segments_of

UNDER_WAY: Final = timedelta(days=1)
"""How long before the end of a closing usage may have come that it did not see any more."""
_PLACE: Final = ("client_id", "feature_id", "region_id")
_OPEN: Final = """
CREATE TEMPORARY TABLE expenses_late_meter (
    client_id integer, feature_id integer, region_id integer, first date,
    PRIMARY KEY (client_id, feature_id, region_id)
) ON COMMIT DROP
"""
_COPY: Final = "COPY expenses_late_meter FROM STDIN (FORMAT csv)"


def put_late_meters(month: DateRange, client_ids: Collection[int]) -> list[int]:
    """Put client, feature and region of late usage into a table of the transaction, each with the
    first day of it; returns the clients.

    What was used there earlier in the month is as it was when the month was closed.
    """
    found = _late(month, client_ids)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL client_min_messages = warning")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.expenses_late_meter")
        cursor.execute(_OPEN)
        with cursor.copy(_COPY) as copy:
            copy.write(found.write_csv(include_header=False).encode())
    return found["client_id"].unique().sort().to_list()


def late_segments(month: DateRange, client_ids: Collection[int]) -> list[UsageSegment]:
    """The files of the lake that may have come after the month of any of the clients was closed."""
    return _came_after(month, _closed_at(month, client_ids))


def _came_after(month: DateRange, since: Mapping[int, datetime]) -> list[UsageSegment]:
    return [
        segment
        for segment in segments_of(month)
        if since and segment.created_at >= min(since.values()) - UNDER_WAY
    ]


def _late(month: DateRange, client_ids: Collection[int]) -> pl.DataFrame:
    """By meter the first day of usage that may have come after the closing."""
    since = _closed_at(month, client_ids)
    late = _came_after(month, since)
    clients = pl.DataFrame(
        list(since.items()),
        schema={"client_id": pl.Int32, "closed_at": pl.Datetime("us", "UTC")},
        orient="row",
    )
    places = pl.concat(
        [pl.DataFrame(schema=_schema()), *_places(late, sorted(since))], how="vertical"
    )
    return (
        places.join(clients, on="client_id")
        .filter(pl.col("created_at") >= pl.col("closed_at") - UNDER_WAY)
        .group_by(_PLACE, maintain_order=True)
        .agg(first=pl.col("day").min())
    )


def _closed_at(month: DateRange, client_ids: Collection[int]) -> dict[int, datetime]:
    """When the month of each client was closed."""
    states = MonthState.objects.filter(month=month.start, status=MonthStatus.CLOSED)
    moments = {state.reseller_id: state.closed_at for state in states if state.closed_at}
    clients = Client.objects.filter(pk__in=client_ids, reseller_id__in=moments)
    return {pk: moments[owner] for pk, owner in clients.values_list("pk", "reseller_id")}


def _places(segments: Collection[UsageSegment], clients: Collection[int]) -> Iterator[pl.DataFrame]:
    """The meters in each file, with its day and the moment at which it came."""
    wanted = pads.field("client_id").isin(pa.array(clients, pa.int32()))
    for segment in segments:
        found = open_segments([segment], columns=_PLACE).to_table(filter=wanted)
        frame = pl.DataFrame(found).unique()
        yield frame.with_columns(
            day=pl.lit(segment.day), created_at=pl.lit(segment.created_at)
        ).cast(_schema())


def _schema() -> pl.Schema:
    places: dict[str, Any] = dict.fromkeys(_PLACE, pl.Int32())
    return pl.Schema({**places, "day": pl.Date(), "created_at": pl.Datetime("us", "UTC")})
