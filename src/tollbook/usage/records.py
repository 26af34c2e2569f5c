"""What a usage record is: the columns of an input file, and those of the lake; no float in either.

``amount`` is in the unit of the feature's metric. A period is half-open and lies in one UTC day;
its end may be the midnight after.
"""

from typing import Final

import pyarrow as pa

REQUIRED: Final = (
    "record_id",
    "client_id",
    "feature",
    "region",
    "period_start",
    "period_end",
    "amount",
)
OPTIONAL: Final = ("addendum_id", "resource_id", "unit")
COLUMNS: Final = (*REQUIRED, *OPTIONAL)
"""The columns that an input file may have, by name and in any order."""

AMOUNT: Final = pa.decimal128(38, 12)
_MOMENT: Final = pa.timestamp("us", tz="UTC")
USAGE_SCHEMA: Final = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("client_id", pa.int32(), nullable=False),
        pa.field("feature_id", pa.int32(), nullable=False),
        pa.field("region_id", pa.int32(), nullable=False),
        pa.field("addendum_id", pa.int32()),
        pa.field("resource_id", pa.string()),
        pa.field("period_start", _MOMENT, nullable=False),
        pa.field("period_end", _MOMENT, nullable=False),
        pa.field("amount", AMOUNT, nullable=False),
    ]
)
"""The columns of every file of the lake."""

LONGEST_RECORD_ID: Final = 128
LONGEST_RESOURCE_ID: Final = 255
