"""What rating takes and gives, as Arrow: contracts in, rated days and unrated usage out.

``line_id`` is the subscription's id. Moments are UTC and half-open, an empty end is open.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa

from tollbook.rating.conventions import USUAL, Conventions

AMOUNT: Final = pa.decimal128(38, 12)
UNIT_SIZE: Final = pa.decimal128(32, 8)
PERCENT: Final = pa.decimal128(36, 12)
TAX_RATE: Final = pa.decimal128(5, 2)
_MOMENT: Final = pa.timestamp("us", tz="UTC")

LINES_SCHEMA: Final = pa.schema(
    [
        pa.field("line_id", pa.int64(), nullable=False),
        pa.field("addendum_id", pa.int32(), nullable=False),
        pa.field("client_id", pa.int32(), nullable=False),
        pa.field("plan_item_id", pa.int32(), nullable=False),
        pa.field("feature_id", pa.int32(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("active_from", _MOMENT, nullable=False),
        pa.field("active_to", _MOMENT),
        pa.field("unit_size", UNIT_SIZE, nullable=False),
        pa.field("round_multiple", UNIT_SIZE),
        pa.field("round_way", pa.string()),
        pa.field("committed", AMOUNT, nullable=False),
        pa.field("hourly_commit", AMOUNT),
    ]
)
"""One row for each subscription that is active at some time of the month.

``rule`` and ``round_way`` are values of ``CalcRule`` and ``RoundWay``. ``committed`` is the line's
own quantity under ``commit`` and ``commit_hourly``, and under the other rules the monthly commit of
the same addendum and feature, 0 without one. ``hourly_commit`` stands on the lines of month-to-date
rules whose addendum has an hourly commit of the feature: only what exceeds it in an hour is theirs.
Both hold in each region apart that ``region_commits`` does not name.
"""

LINE_REGIONS_SCHEMA: Final = pa.schema(
    [
        pa.field("line_id", pa.int64(), nullable=False),
        pa.field("region_id", pa.int32(), nullable=False),
    ]
)
"""Regions of a line; a line without any takes usage of every region.

Fees are posted once, in the lowest of the line's regions, or in ``ContractTables.fee_region_id``.
"""

REGION_COMMITS_SCHEMA: Final = pa.schema(
    [
        pa.field("line_id", pa.int64(), nullable=False),
        pa.field("region_id", pa.int32(), nullable=False),
        pa.field("committed", AMOUNT, nullable=False),
        pa.field("hourly_commit", AMOUNT),
    ]
)
"""What is committed in the regions that some commit of the line's addendum and feature names.

There these stand in place of the line's own ``committed`` and ``hourly_commit``, those of commits
without regions among them. Only of lines of month-to-date rules, each line and region once.
"""

STAGES_SCHEMA: Final = pa.schema(
    [
        pa.field("line_id", pa.int64(), nullable=False),
        pa.field("threshold", AMOUNT, nullable=False),
        pa.field("price", AMOUNT, nullable=False),
    ]
)
"""The price ladder of each line, from the threshold 0 on; one stage is a plain price."""

DISCOUNTS_SCHEMA: Final = pa.schema(
    [
        pa.field("addendum_id", pa.int32(), nullable=False),
        pa.field("discount_id", pa.int32(), nullable=False),
        pa.field("active_from", _MOMENT),
        pa.field("active_to", _MOMENT),
        pa.field("percent", PERCENT, nullable=False),
    ]
)
"""Discounts of addendums; of several at one moment the lowest id holds."""

TAXES_SCHEMA: Final = pa.schema(
    [
        pa.field("client_id", pa.int32(), nullable=False),
        pa.field("tax_rate", TAX_RATE, nullable=False),
    ]
)
"""The tax percent of each client; a client without a row pays none."""

TRIALS_SCHEMA: Final = pa.schema(
    [
        pa.field("trial_id", pa.int32(), nullable=False),
        pa.field("client_id", pa.int32(), nullable=False),
        pa.field("feature_id", pa.int32(), nullable=False),
        pa.field("free_from", _MOMENT, nullable=False),
        pa.field("free_to", _MOMENT),
        pa.field("limit", AMOUNT),
        pa.field("ends_trial", pa.bool_(), nullable=False),
    ]
)
"""When a trial makes usage of a feature free: a row for each feature of its product and range.

Ranges of a feature do not overlap and are cut where the days of the trial are used up
(``rating.trials.free_spans``). ``limit`` is how much of the feature is left to be free at the start
of the month, in the metric's unit, the same in each row of the trial and feature; empty without a
limit. Where ``ends_trial``, the day on which the limit is used up is the last free day of all
features of the trial.
"""

RATED_SCHEMA: Final = pa.schema(
    [
        pa.field("line_id", pa.int64(), nullable=False),
        pa.field("region_id", pa.int32(), nullable=False),
        pa.field("for_date", pa.date32(), nullable=False),
        pa.field("period_start", _MOMENT, nullable=False),
        pa.field("period_end", _MOMENT, nullable=False),
        pa.field("usage", AMOUNT, nullable=False),
        pa.field("rated", AMOUNT, nullable=False),
        pa.field("discount_id", pa.int32()),
        pa.field("discount_value", AMOUNT, nullable=False),
        pa.field("money_value", AMOUNT, nullable=False),
        pa.field("tax_rate", TAX_RATE, nullable=False),
        pa.field("tax_value", AMOUNT, nullable=False),
    ]
)
"""One posting; ``rated == money_value + discount_value``, ``usage`` in billed units.

Ordered by line, region and day, each once. A day without a billed quantity has no row.
"""

UNRATED_SCHEMA: Final = pa.schema(
    [
        pa.field("client_id", pa.int32(), nullable=False),
        pa.field("feature_id", pa.int32(), nullable=False),
        pa.field("region_id", pa.int32(), nullable=False),
        pa.field("addendum_id", pa.int32()),
        pa.field("for_date", pa.date32(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("records", pa.int64(), nullable=False),
        pa.field("amount", AMOUNT, nullable=False),
    ]
)
"""Usage that nobody is billed for; ``reason`` is an ``UnratedReason``."""


MEASURED_SCHEMA: Final = pa.schema(
    [
        pa.field("client_id", pa.int32(), nullable=False),
        pa.field("feature_id", pa.int32(), nullable=False),
        pa.field("region_id", pa.int32(), nullable=False),
        pa.field("for_date", pa.date32(), nullable=False),
    ]
)
"""Where and when clients used something at all, priced or not; each once, in no order."""


class UnratedReason(StrEnum):
    """Why usage is not billed."""

    NO_CONTRACT = "no_contract"
    """No contract of the client prices the feature in that region at that moment."""
    NOT_IN_ADDENDUM = "not_in_addendum"
    """The record names an addendum that does not price it then."""
    IN_TRIAL = "in_trial"
    """No contract prices it, but a trial of the client covers it: it is free, and no mistake."""
    LONGER_THAN_HOUR = "longer_than_an_hour"
    """The feature is committed to by the hour, and the record's period is not within one hour."""


@dataclass(frozen=True)
class ContractTables:
    """The contracts of one month, each table of the schema beside it."""

    lines: pa.Table
    line_regions: pa.Table
    region_commits: pa.Table
    stages: pa.Table
    discounts: pa.Table
    taxes: pa.Table
    trials: pa.Table
    fee_region_id: int
    """Where fees of lines without regions are posted."""
    conventions: Conventions = USUAL

    def __post_init__(self) -> None:
        for name, schema in CONTRACT_SCHEMAS.items():
            if not getattr(self, name).schema.equals(schema):
                raise ValueError(f"{name} must have the schema {schema}")


CONTRACT_SCHEMAS: Final = {
    "lines": LINES_SCHEMA,
    "line_regions": LINE_REGIONS_SCHEMA,
    "region_commits": REGION_COMMITS_SCHEMA,
    "stages": STAGES_SCHEMA,
    "discounts": DISCOUNTS_SCHEMA,
    "taxes": TAXES_SCHEMA,
    "trials": TRIALS_SCHEMA,
}
"""The tables of :class:`ContractTables` by name."""
