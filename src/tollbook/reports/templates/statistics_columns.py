"""The columns of ``ResellerStatistics``, for each way of adding up, and what they are made of."""

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from tollbook.reports.dataset import Made
from tollbook.reports.templates.shared_columns import (
    CLIENT_NAME,
    PRODUCT_ID,
    PRODUCT_NAME,
    fact,
    feature_names,
    metric_names,
    metric_unit_names,
    name,
    region_names,
)
from tollbook.results.columns import MONEY, TIMESTAMP

GRANULARITIES: Final[Mapping[str, Made]] = {
    "month": fact("month", "Month", pa.date32(), "The first day of the month (UTC)."),
    "day": fact("date", "Date", pa.date32(), "The day (UTC)."),
    "hour": fact("hour", "Hour", TIMESTAMP, "The start of the hour (UTC)."),
}
GROUPS: Final[Mapping[str, tuple[Made, ...]]] = {
    "client": (
        fact("client_id", "Client ID", pa.int32(), "The client that used the service."),
        CLIENT_NAME,
    ),
    "product": (PRODUCT_ID, PRODUCT_NAME),
    "feature": (
        fact("feature_id", "Feature ID", pa.int32(), "What was measured."),
        name("feature_name", "Feature", "feature_id", feature_names, "The feature's name."),
    ),
    "region": (
        fact("region_id", "Region ID", pa.int32(), "Where the usage was counted."),
        name("region_name", "Region", "region_id", region_names, "The region's name."),
    ),
    "resource": (
        fact(
            "resource_id",
            "Resource",
            pa.string(),
            "What of the client's it was used by, as imported; empty where that was not told.",
        ),
    ),
}
"""What usage may be added up for; the order is that of the columns and of the rows."""

SUMS: Final = (
    name("metric_name", "Metric", "metric_id", metric_names, "What the feature measures."),
    name("unit_name", "Unit", "metric_id", metric_unit_names, "What one of Usage is."),
    fact("usage", "Usage", MONEY, "What was used, in units of the metric, as imported."),
    fact("records", "Records", pa.int64(), "How many usage records went into the row."),
)


def columns_of(granularity: str, groups: Sequence[str]) -> tuple[Made, ...]:
    """The columns of one way of adding up."""
    grouped = [made for group in groups for made in GROUPS[group]]
    return (GRANULARITIES[granularity], *grouped, *SUMS)
