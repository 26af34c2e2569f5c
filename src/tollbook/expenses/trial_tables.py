"""Which usage is free in a month, by the clients' trials."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from tollbook.catalog.models import Feature, PlanItem
from tollbook.contracts.models import Trial, TrialOption
from tollbook.expenses.pricing.tables import TRIALS_SCHEMA
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange, day_start
from tollbook.rating.exact import exact
from tollbook.rating.trials import free_spans
from tollbook.usage.lake import open_lake

_NEEDED: Final = ("client_id", "feature_id", "period_start", "amount")
Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class _Running:
    """A client's trial that makes usage free at some time of the month."""

    trial: Trial
    spans: tuple[Span, ...]
    feature_ids: tuple[int, ...]
    limits: Mapping[int, tuple[Decimal, bool]]
    """By feature: how much is free of it, in the metric's unit, and whether that ends the trial."""


def trial_table(month: DateRange, client_ids: Collection[int]) -> pa.Table:
    """The free ranges of each client and feature in ``month``, with what their limits leave.

    What was used before the month is counted in the lake. An option whose unit no plan item of its
    feature measures, such as a number of videos, limits nothing that is billed.
    """
    running = list(_running_in(month, client_ids))
    used = _used_before(month, running)
    rows = [row for one in running for row in _rows(one, month, used)]
    return pa.Table.from_pylist(rows, TRIALS_SCHEMA)


def _running_in(month: DateRange, client_ids: Collection[int]) -> Iterator[_Running]:
    start, end = day_start(month.start), day_start(month.end)
    begun = Trial.objects.filter(client_id__in=client_ids, ranges__active_from__lt=end)
    found = begun.distinct().prefetch_related("ranges", "options__option_type__feature__metric")
    for trial in found.order_by("pk"):
        spans = free_spans(
            [(each.active_from, each.active_to) for each in trial.ranges.all()], trial.days_limit
        )
        if any(first < end and (last is None or last > start) for first, last in spans):
            features = Feature.objects.filter(product_id=trial.product_id).order_by("pk")
            yield _Running(
                trial, spans, tuple(features.values_list("pk", flat=True)), _limits_of(trial)
            )


def _limits_of(trial: Trial) -> dict[int, tuple[Decimal, bool]]:
    """The least limit of each feature that has one."""
    limits: dict[int, tuple[Decimal, bool]] = {}
    for option in trial.options.all():
        size = _metric_units(trial, option)
        if size is None:
            continue
        feature_id, limit = option.option_type.feature_id, option.value * size
        if feature_id not in limits or limit < limits[feature_id][0]:
            limits[feature_id] = limit, option.option_type.is_limit
    return limits


def _metric_units(trial: Trial, option: TrialOption) -> Decimal | None:
    """How many of the metric's units one of the option's is; the trial's own plan says it first."""
    kind = option.option_type
    if kind.unit_id == kind.feature.metric.unit_id:
        return Decimal(1)
    items = PlanItem.objects.filter(feature_id=kind.feature_id, unit_id=kind.unit_id)
    own_first = sorted(items.order_by("pk"), key=lambda item: item.plan_id != trial.plan_id)
    return own_first[0].unit_size if own_first else None


@exact
def _used_before(month: DateRange, running: Iterable[_Running]) -> dict[tuple[int, int], Decimal]:
    """What was used in each trial before ``month``, by trial and feature."""
    limited = [one for one in running if one.limits and one.spans[0][0] < day_start(month.start)]
    used: dict[tuple[int, int], Decimal] = {}
    if not limited:
        return used
    days = DateRange(min(one.spans[0][0] for one in limited).date(), month.start)
    clients = pc.field("client_id").isin([one.trial.client_id for one in limited])
    lake = open_lake(days, columns=_NEEDED)
    for batch in lake.to_batches(filter=clients):
        for one in limited:
            for feature_id in one.limits:
                key = one.trial.pk, feature_id
                used[key] = used.get(key, ZERO) + _used_in(batch, one, feature_id, month)
    return used


def _used_in(batch: pa.RecordBatch, one: _Running, feature_id: int, month: DateRange) -> Decimal:
    own = pc.and_(
        pc.equal(batch["client_id"], one.trial.client_id),
        pc.equal(batch["feature_id"], feature_id),
    )
    rows = batch.filter(own)
    return sum(
        (
            row["amount"]
            for row in rows.to_pylist()
            if _is_within(row["period_start"], one.spans, day_start(month.start))
        ),
        ZERO,
    )


def _is_within(moment: datetime, spans: Iterable[Span], before: datetime) -> bool:
    return moment < before and any(
        first <= moment and (last is None or moment < last) for first, last in spans
    )


def _rows(
    one: _Running, month: DateRange, used: Mapping[tuple[int, int], Decimal]
) -> Iterator[dict[str, Any]]:
    start, end = day_start(month.start), day_start(month.end)
    for feature_id in one.feature_ids:
        limit, ends_trial = one.limits.get(feature_id, (None, False))
        left = None
        if limit is not None:
            left = max(ZERO, limit - used.get((one.trial.pk, feature_id), ZERO))
        for first, last in one.spans:
            if first < end and (last is None or last > start):
                yield {
                    "trial_id": one.trial.pk,
                    "client_id": one.trial.client_id,
                    "feature_id": feature_id,
                    "free_from": first,
                    "free_to": last,
                    "limit": left,
                    "ends_trial": ends_trial,
                }
