"""``ResellerPlans``: what clients have agreed to, item by item, with the price ladders."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl
import pyarrow as pa
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value

from tollbook.catalog.models import Price, PriceStage
from tollbook.clients.selectors import clients_seen_by
from tollbook.contracts.models import Addendum, Subscription
from tollbook.kernel.periods import day_start
from tollbook.rating.ladder import PriceStage as Stage
from tollbook.rating.ladder import ladder_of
from tollbook.reports.comparison import Comparison
from tollbook.reports.dataset import Dataset, make_columns, plain_facts, read_names
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.asked import CLIENT_ID, CURRENCY, DATE_FROM, DATE_TO, PRODUCT_ID
from tollbook.reports.templates.plan_columns import CONTRACT_FACTS, EACH_STAGE
from tollbook.reports.templates.template import ReportTemplate
from tollbook.reports.versions import RowsSeen, rows_seen
from tollbook.results.columns import MONEY

_ROW: Final = "row_"
"""Before the name of a fact in SQL, where it must not be that of a column of the table."""
_FACTS: Final = [_ROW + fact for fact in CONTRACT_FACTS]
_ORDER: Final = [
    _ROW + fact for fact in ("client_id", "addendum_id", "plan_item_id", "subscription_id")
]
_LADDERS: Final = pa.schema(
    [
        ("plan_item_id", pa.int32()),
        ("currency_id", pa.int32()),
        ("stage", pa.int32()),
        ("stage_from", MONEY),
        ("stage_to", MONEY),
        ("price", MONEY),
    ]
)


def answer_reseller_plans(question: Question, snapshot: Snapshot) -> Dataset:
    """Every plan item of the contracts in force at some time of the range, stage by stage."""
    activated, left = _activated(question), _not_activated(question)
    seen = rows_seen(snapshot, activated, _FACTS) + rows_seen(snapshot, left, _FACTS)
    ladders = _read_ladders(snapshot)
    lines = activated.values_list(*_FACTS).order_by()
    both = lines.union(left.values_list(*_FACTS).order_by(), all=True).order_by(*_ORDER)
    facts = _with_ladders(plain_facts(snapshot.batches(both)), ladders)
    return Dataset(
        columns=tuple(each.column for each in EACH_STAGE),
        amounts=(),
        currency=None,
        records=seen.rows,
        data_version=_version(seen, ladders),
        batches=make_columns(facts, EACH_STAGE, read_names(EACH_STAGE, question.viewer, snapshot)),
    )


def _activated(question: Question) -> QuerySet[Subscription]:
    """The activations of plan items that are active at some time of the range."""
    found = Subscription.objects.filter(
        _in_force(question), _in_force(question, "addendum__"), _asked(question, "addendum__")
    )
    return found.annotate(
        **{_ROW + name: F(fact.of_subscription) for name, fact in CONTRACT_FACTS.items()}
    )


def _not_activated(question: Question) -> QuerySet[Addendum]:
    """The plan items of contracts in force that are active at no time of the range."""
    found = Addendum.objects.filter(_in_force(question), _asked(question)).annotate(
        **{
            _ROW + name: F(fact.of_addendum)
            if fact.of_addendum
            else Value(None, output_field=fact.type)
            for name, fact in CONTRACT_FACTS.items()
        }
    )
    activated = Subscription.objects.filter(
        _in_force(question), addendum=OuterRef("pk"), plan_item=OuterRef(f"{_ROW}plan_item_id")
    )
    return found.filter(~Exists(activated))


def _asked(question: Question, prefix: str = "") -> Q:
    """The condition on contracts, which rows reach by ``prefix``."""
    narrowed = {
        "client_id": question.values["client_id"],
        "plan__product_id": question.values["product_id"],
        "currency__char_code": question.values["currency"],
    }
    given = {f"{prefix}{name}": value for name, value in narrowed.items() if value is not None}
    return clients_seen_by(question.viewer, f"{prefix}client__") & Q(**given)


def _in_force(question: Question, prefix: str = "") -> Q:
    """The condition that a range, half-open and maybe without ends, meets the days asked for."""
    start, end = (f"{prefix}active_from", f"{prefix}active_to")
    begins = Q(**{start: None}) | Q(**{f"{start}__lt": _moment(question.days.end)})
    ends = Q(**{end: None}) | Q(**{f"{end}__gt": _moment(question.days.start)})
    return begins & ends


def _moment(day: Any) -> datetime:
    return day_start(day)


def _read_ladders(snapshot: Snapshot) -> pa.Table:
    """The stages of every price, from zero on, by plan item and currency."""
    prices = _plain_rows(
        snapshot,
        Price.objects.order_by("id").values_list("id", "plan_item", "currency", "money_value"),
    )
    stages: dict[int, list[Stage]] = defaultdict(list)
    for price, threshold, money in _plain_rows(
        snapshot, PriceStage.objects.values_list("price_id", "threshold", "money_value")
    ):
        stages[price].append(Stage(threshold, money))
    rows = [
        (item, currency, *stage)
        for price, item, currency, money in prices
        for stage in _stages(money, stages[price])
    ]
    return pa.Table.from_pylist(
        [dict(zip(_LADDERS.names, row, strict=True)) for row in rows], schema=_LADDERS
    )


def _stages(
    price: Decimal, stages: Iterable[Stage]
) -> Iterator[tuple[int, Decimal, Decimal | None, Decimal]]:
    """Number, first and next quantity, and price of each stage."""
    ladder = ladder_of(price, list(stages))
    ends = [*(stage.threshold for stage in ladder[1:]), None]
    for number, (stage, end) in enumerate(zip(ladder, ends, strict=True), start=1):
        yield number, stage.threshold, end, stage.price


def _plain_rows(snapshot: Snapshot, query: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    batches = plain_facts(snapshot.table(query).to_batches())
    return [row for batch in batches for row in zip(*batch.to_pydict().values(), strict=True)]


def _with_ladders(batches: Iterable[pa.RecordBatch], ladders: pa.Table) -> Iterator[pa.RecordBatch]:
    """Each contract line once for every stage of its price, or once where it has none."""
    right = pl.DataFrame(ladders)
    for batch in batches:
        left = pl.DataFrame(
            batch.rename_columns([n.removeprefix(_ROW) for n in batch.schema.names])
        )
        joined = left.join(
            right, on=["plan_item_id", "currency_id"], how="left", maintain_order="left_right"
        )
        yield from (
            joined.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks().to_batches()
        )


def _version(seen: RowsSeen, ladders: pa.Table) -> str:
    """How many contract lines there are, and a digest of them and of all prices."""
    prices = hashlib.sha256(repr(ladders.to_pydict()).encode()).hexdigest()[:16]
    return f"{seen.rows} contract lines {seen.text}, prices {prices}"


RESELLER_PLANS: Final = ReportTemplate(
    id=2,
    code="ResellerPlans",
    name_en="Reseller plans",
    description=(
        "The contracts in force in a range of days: each client's addendums with the items of "
        "their plans, what was activated of them, and the price ladders."
    ),
    parameters=(DATE_FROM, DATE_TO, CLIENT_ID, PRODUCT_ID, CURRENCY),
    layouts={"stage": tuple(each.column for each in EACH_STAGE)},
    answer=answer_reseller_plans,
    comparisons={
        "stage": Comparison(
            identity=(
                "client_id",
                "addendum_id",
                "plan_item_id",
                "subscription_id",
                "currency",
                "stage",
            ),
            quantities=("quantity", "stage_from", "stage_to", "price"),
        )
    },
)
