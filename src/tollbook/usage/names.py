"""What the names in an input file mean, as far as the one who imports may know of it."""

from dataclasses import dataclass

import polars as pl

from tollbook.catalog.models import Feature, StatisticRegion, Unit
from tollbook.clients.selectors import visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.contracts.selectors import visible_addendums


@dataclass(frozen=True)
class Names:
    """Small tables that the columns of a file are joined with."""

    clients: pl.Series
    """Ids of the clients that the importer may know of; others are as if they did not exist."""
    features: pl.DataFrame
    """``feature``, ``feature_id``, ``product_id``, ``unit_id`` of its metric, ``unit_name``."""
    regions: pl.DataFrame
    """``region``, ``product_id`` (null: of every product), ``region_id``; each pair once."""
    addendums: pl.DataFrame
    """``addendum_id`` and ``owner``, its client."""
    units: pl.DataFrame
    """``unit``, ``unit_id``."""


def names_for(viewer: Viewer) -> Names:
    """The names as ``viewer`` may use them now."""
    return Names(
        clients=pl.Series(
            list(visible_clients(viewer).values_list("pk", flat=True)), dtype=pl.Int64
        ),
        features=_frame(
            Feature.objects.values_list(
                "internal_name",
                "pk",
                "product_id",
                "metric__unit_id",
                "metric__unit__internal_name",
            ),
            feature=pl.String,
            feature_id=pl.Int32,
            product_id=pl.Int32,
            unit_id=pl.Int32,
            unit_name=pl.String,
        ),
        regions=_frame(
            StatisticRegion.objects.order_by("pk").values_list("int_name", "product_id", "pk"),
            region=pl.String,
            product_id=pl.Int32,
            region_id=pl.Int32,
        ).unique(("region", "product_id"), keep="first", maintain_order=True),
        addendums=_frame(
            visible_addendums(viewer).values_list("pk", "client_id"),
            addendum_id=pl.Int64,
            owner=pl.Int64,
        ),
        units=_frame(
            Unit.objects.values_list("internal_name", "pk"), unit=pl.String, unit_id=pl.Int32
        ),
    )


def _frame(rows: object, **schema: pl.datatypes.DataTypeClass) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")  # type: ignore[call-overload]
