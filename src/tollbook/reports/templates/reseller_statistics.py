"""``ResellerStatistics``: how much was used, added up from the records of the lake."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db.models import F, QuerySet

from tollbook.catalog.models import Feature
from tollbook.clients.selectors import clients_seen_by, visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Addendum
from tollbook.engine.engine import Engine
from tollbook.engine.opening import open_engine
from tollbook.kernel.periods import month_start
from tollbook.reports.comparison import Comparison, group_identity
from tollbook.reports.dataset import Dataset, make_columns, read_names
from tollbook.reports.parameters import Parameter, ParameterType
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.asked import CLIENT_ID, CURRENCY, DATE_FROM, DATE_TO, PRODUCT_ID
from tollbook.reports.templates.statistics_columns import GRANULARITIES, GROUPS, columns_of
from tollbook.reports.templates.statistics_sql import (
    DAY,
    HOUR,
    conditions_sql,
    counting_sql,
    grouping_sql,
)
from tollbook.reports.templates.template import ReportTemplate
from tollbook.results.columns import TIMESTAMP
from tollbook.usage.lake import open_segments
from tollbook.usage.models import UsageSegment
from tollbook.usage.selectors import segments_of

MONTH: Final = "month"
_SUMMED: Final = ("usage", "records")
_GROUP_NAMES: Final = ", ".join(GROUPS)
_HOUR: Final = 3_600_000_000
"""In microseconds."""
_RECORDS_AT_ONCE: Final = 1_000_000
"""Days are added up together up to so many; one day may have more."""


def groups_of(text: str) -> list[str]:
    """The groups that a text names, with commas between, in the order of the columns."""
    named = {each.strip() for each in text.split(",")}
    return [group for group in GROUPS if group in named]


def _names_groups(_viewer: Viewer, text: str) -> bool:
    return len(groups_of(text)) == len(text.split(","))


GROUP_BY: Final = Parameter(
    name="group_by",
    type=ParameterType.STRING,
    default="client,product,feature,region",
    description=(
        f"What usage is added up for, beside the time: some of {_GROUP_NAMES}, with commas between."
    ),
    is_known=_names_groups,
    unknown=f"{{}} does not name some of {_GROUP_NAMES}, each once and with commas between.",
)
GRANULARITY: Final = Parameter(
    name="granularity",
    type=ParameterType.STRING,
    enum=tuple(GRANULARITIES),
    default="day",
    description="Whether usage is added up for each month, day or hour (UTC) of the range.",
)
CONTRACT_CURRENCY: Final = replace(
    CURRENCY,
    description=(
        "Usage has no currency: only what was used under a contract in this one, a code such as "
        "EUR; all by default."
    ),
)


@dataclass(frozen=True)
class _Narrowed:
    """What is asked of the usage: small tables by name, and the conditions that they make."""

    tables: Mapping[str, pa.Table]
    conditions: str


def answer_reseller_statistics(question: Question, snapshot: Snapshot) -> Dataset:
    """Usage of the clients that the viewer may see, a day or a month of the lake at a time."""
    groups, granularity = groups_of(question.text("group_by")), question.text("granularity")
    made = columns_of(granularity, groups)
    segments, narrowed = segments_of(question.days), _narrow(question, snapshot)
    engine = open_engine(settings.ENGINE_URL)
    sql = grouping_sql(granularity, groups, narrowed.conditions)
    facts = _facts(engine, sql, granularity, segments, narrowed)
    return Dataset(
        columns=tuple(each.column for each in made),
        amounts=(),
        currency=None,
        records=_count(engine, segments, narrowed),
        data_version=_version(segments),
        batches=make_columns(facts, made, read_names(made, question.viewer, snapshot)),
    )


def _narrow(question: Question, snapshot: Snapshot) -> _Narrowed:
    values, viewer = question.values, question.viewer
    clients = visible_clients(viewer)
    if isinstance(client_id := values["client_id"], int):
        clients = clients.filter(pk=client_id)
    queries = {"clients": clients.values_list("id"), "features": _features(question)}
    if values["currency"] is not None:
        queries["contracts"] = _contracts(question)
    conditions = conditions_sql(
        clients=client_id is not None or bool(clients_seen_by(viewer)),
        features=values["product_id"] is not None,
        contracts=values["currency"] is not None,
    )
    tables = {name: snapshot.table(query) for name, query in queries.items()}
    return _Narrowed(tables, conditions)


def _features(question: Question) -> QuerySet[Any, Any]:
    product_id = question.values["product_id"]
    features = Feature.objects.filter(**{} if product_id is None else {"product_id": product_id})
    return features.values_list("id", "product_id", "metric_id")


def _contracts(question: Question) -> QuerySet[Any, Any]:
    """Which features of which clients are under a contract in the currency, and when."""
    contracts = Addendum.objects.filter(
        clients_seen_by(question.viewer, "client__"),
        currency__char_code=question.values["currency"],
    )
    under = contracts.annotate(feature_id=F("plan__product__features"))
    return under.values_list("id", "client_id", "feature_id", "active_from", "active_to")


def _parts(segments: Sequence[UsageSegment], granularity: str) -> Iterator[list[UsageSegment]]:
    """What is added up at once, a month or some days: all rows of a part come before the next's."""
    part: list[UsageSegment] = []
    for _, of_unit in groupby(segments, key=_month_of if granularity == MONTH else _day_of):
        part += of_unit
        if granularity == MONTH or sum(segment.rows for segment in part) >= _RECORDS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _month_of(segment: UsageSegment) -> date:
    return month_start(segment.day)


def _day_of(segment: UsageSegment) -> date:
    return segment.day


def _facts(
    engine: Engine,
    sql: str,
    granularity: str,
    segments: Sequence[UsageSegment],
    narrowed: _Narrowed,
) -> Iterator[pa.RecordBatch]:
    for part in _parts(segments, granularity):
        sources = {"usage": open_segments(part), **narrowed.tables}
        with engine.running_query(sql, sources=sources) as reader:
            for batch in reader:
                yield _timed(batch, granularity, part[0].day)


def _timed(batch: pa.RecordBatch, granularity: str, first_day: date) -> pa.RecordBatch:
    """The batch with the time of its rows in place of their bucket."""
    column = GRANULARITIES[granularity].column
    if granularity == MONTH:
        month = pa.scalar(month_start(first_day), column.type)
        return batch.append_column(column.key, pa.repeat(month, batch.num_rows))
    times = batch.column(DAY)
    if HOUR in batch.schema.names:
        hours = pc.multiply(batch.column(HOUR).cast(pa.int64()), _HOUR).cast(pa.duration("us"))
        times = pc.add(times.cast(TIMESTAMP), hours)
    return batch.append_column(column.key, times)


def _count(engine: Engine, segments: Sequence[UsageSegment], narrowed: _Narrowed) -> int:
    """How many records go into the report: the asker's own, not those of the lake."""
    sources = {"usage": open_segments(segments), **narrowed.tables}
    with engine.running_query(counting_sql(narrowed.conditions), sources=sources) as reader:
        return int(reader.read_all()["records"][0].as_py())


def _version(segments: Sequence[UsageSegment]) -> str:
    """A digest of the digests of the files that the lake has for these days."""
    if not segments:
        return "no usage"
    digest = hashlib.sha256("".join(segment.digest for segment in segments).encode())
    return f"usage {digest.hexdigest()[:32]}"


def _way(granularity: str, groups: Sequence[str]) -> str:
    """The name of its layout."""
    return f"{granularity}: {','.join(groups)}"


def _every_way() -> Iterator[tuple[str, list[str]]]:
    for granularity in GRANULARITIES:
        for size in range(1, len(GROUPS) + 1):
            for groups in combinations(GROUPS, size):
                yield granularity, list(groups)


RESELLER_STATISTICS: Final = ReportTemplate(
    id=4,
    code="ResellerStatistics",
    name_en="Reseller statistics",
    description=(
        "How much was used in a range of days, as imported: added up by client, product, feature, "
        "region or resource, and by month, day or hour."
    ),
    parameters=(
        DATE_FROM,
        DATE_TO,
        CLIENT_ID,
        PRODUCT_ID,
        CONTRACT_CURRENCY,
        GROUP_BY,
        GRANULARITY,
    ),
    layouts={
        _way(granularity, groups): tuple(each.column for each in columns_of(granularity, groups))
        for granularity, groups in _every_way()
    },
    answer=answer_reseller_statistics,
    aliases=("ResellerStatisticsV2",),
    comparisons={
        _way(granularity, groups): Comparison(
            identity=group_identity(columns_of(granularity, groups), _SUMMED.__contains__),
            quantities=_SUMMED,
        )
        for granularity, groups in _every_way()
    },
)
