"""Which usage is free in a month, by the clients' trials."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from tollbook.catalog.models import Feature, PlanItem
from tollbook.contracts.models import Trial, TrialOption
from tollbook.engine.engine import Source
from tollbook.engine.opening import open_engine
from tollbook.expenses.pricing.tables import TRIALS_SCHEMA
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange, day_start
from tollbook.rating.exact import exact
from tollbook.rating.trials import free_spans
from tollbook.usage.lake import open_lake

_NEEDED: Final = ("client_id", "feature_id", "period_start", "amount")
_MOMENT: Final = pa.timestamp("us", tz="UTC")
_SPANS_SCHEMA: Final = pa.schema(
    [
        ("trial_id", pa.int32()),
        ("client_id", pa.int32()),
        ("feature_id", pa.int32()),
        ("used_from", _MOMENT),
        ("used_to", _MOMENT),
    ]
)
_USED: Final = """
SELECT spans.trial_id, spans.feature_id, sum(records.amount) AS used
FROM records JOIN spans
    ON records.client_id = spans.client_id AND records.feature_id = spans.feature_id
    AND records.period_start >= spans.used_from AND records.period_start < spans.used_to
GROUP BY spans.trial_id, spans.feature_id
"""
"""The spans of a trial do not overlap, so a record counts once in it."""
Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class _Running:
    """A client's trial that makes usage free at some time of the month."""

    trial: Trial
    spans: tuple[Span, ...]
    feature_ids: tuple[int, ...]
    limits: Mapping[int, tuple[Decimal, bool]]
    """By feature: how much is free of it, in the metric's unit, and whether that ends the trial."""


@exact
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


def _used_before(month: DateRange, running: Iterable[_Running]) -> dict[tuple[int, int], Decimal]:
    """What was used in each trial before ``month``, by trial and feature; asked in one query."""
    spans = [row for one in running for row in _spans_before(one, day_start(month.start))]
    if not spans:
        return {}
    days = DateRange(min(row["used_from"] for row in spans).date(), month.start)
    sources: dict[str, Source] = {
        "records": open_lake(days, columns=_NEEDED),
        "spans": pa.Table.from_pylist(spans, _SPANS_SCHEMA),
    }
    with open_engine().running_query(_USED, sources=sources) as reader:
        found = reader.read_all().to_pylist()
    return {(row["trial_id"], row["feature_id"]): row["used"] for row in found}


def _spans_before(one: _Running, end: datetime) -> Iterator[dict[str, Any]]:
    """Where the lake says how much of a limit is used up when the month begins."""
    for feature_id in one.limits:
        for first, last in one.spans:
            if first < end:
                yield {
                    "trial_id": one.trial.pk,
                    "client_id": one.trial.client_id,
                    "feature_id": feature_id,
                    "used_from": first,
                    "used_to": end if last is None else min(last, end),
                }


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
