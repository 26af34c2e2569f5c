"""Expenses as columns: what was posted, with what its lines say."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import polars as pl

from tollbook.catalog.models import Feature, Product
from tollbook.demo.catalogue import catalogue
from tollbook.demo.contract_frames import MOMENT
from tollbook.demo.lines import Line
from tollbook.demo.posted import Posted
from tollbook.expenses.services import EXPENSE_SCHEMA

_AMOUNT: Final = pl.Decimal(38, 12)
_RATED_AT: Final = timedelta(hours=2, minutes=15)


def posted_frame(posted: Sequence[Posted]) -> pl.DataFrame:
    """Posted rows as columns, which take a tenth of their memory."""
    columns = zip(*posted, strict=True)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=_POSTED[name])
            for name, values in zip(Posted._fields, columns, strict=True)
        ]
    )


def expense_frame(lines: Sequence[Line], posted: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Posted rows with what their lines say, numbered from one in the order they were written."""
    nights = pl.duration(days=pl.col("revision").cast(pl.Int64))
    rows = pl.concat(posted).with_columns(
        created_at=pl.col("for_date").cast(MOMENT) + nights + _RATED_AT
    )
    ordered = rows.sort("created_at", "line", "revision", "kind").with_row_index("id", offset=1)
    joined = ordered.join(_line_frame(lines), on="line", how="left", maintain_order="left")
    return joined.select(
        pl.col("id").cast(pl.Int64), *(pl.col(name) for name in EXPENSE_SCHEMA.names[1:])
    )


_POSTED: Final[dict[str, Any]] = {
    "line": pl.Int32,
    "kind": pl.String,
    "revision": pl.Int32,
    "for_date": pl.Date,
    "period_start": MOMENT,
    "period_end": MOMENT,
    "usage": _AMOUNT,
    "money_value": _AMOUNT,
    "discount_id": pl.Int32,
    "discount_value": _AMOUNT,
    "tax_rate": pl.Decimal(5, 2),
    "tax_value": _AMOUNT,
    "deleted": pl.Boolean,
    "reason": pl.String,
    "comment": pl.String,
}


def _line_frame(lines: Sequence[Line]) -> pl.DataFrame:
    rows = [row for table in catalogue() for row in table]
    products = {row.id: row for row in rows if isinstance(row, Product)}
    features = {row.id: row for row in rows if isinstance(row, Feature)}
    return pl.DataFrame(
        [_line_row(line, products, features) for line in lines],
        schema_overrides={name: pl.Int32 for name in EXPENSE_SCHEMA.names if name.endswith("_id")}
        | {"line": pl.Int32, "subscription_id": pl.Int64},
    )


def _line_row(
    line: Line, products: dict[int, Product], features: dict[int, Feature]
) -> dict[str, Any]:
    addendum, tariff = line.addendum, line.subscription.tariff
    feature = features[tariff.feature_id]
    return {
        "line": line.number,
        "reseller_id": addendum.client.reseller_id,
        "client_id": addendum.client.id,
        "payer_id": addendum.client.payer.id,
        "addendum_id": addendum.id,
        "subscription_id": line.subscription.id,
        "plan_id": addendum.plan.id,
        "plan_item_id": addendum.plan.item_id(tariff),
        "product_id": addendum.plan.product_id,
        "product_category_id": products[addendum.plan.product_id].category_id,
        "feature_id": feature.id,
        "metric_id": feature.metric_id,
        "region_id": line.region_id,
        "unit_id": tariff.unit_id,
        "currency_id": addendum.currency_id,
        "calc_rule_type": tariff.rule.value,
        "description": f"{addendum.plan.name}: {feature.name}",
    }
