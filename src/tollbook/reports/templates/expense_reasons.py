"""Why expenses differ from one report to another: the reasons of the revisions in between."""

from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet

from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.expenses.selectors.visible import visible_expenses
from tollbook.reports.comparison import REASON
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot

_BETWEEN: Final = "; "
_PLACE: Final = ("for_date", "addendum_id", "plan_item_id", "region_id", "kind")
_CORRECTED: Final = "corrected"
"""When a correction's usage was; of anything else the period is no part of what it is."""
_ROW: Final = "row"


def find_expense_reasons(question: Question, snapshot: Snapshot, rows: pa.RecordBatch) -> pa.Array:
    """The reasons for which the revisions from ``id_before`` up to ``id_after`` were replaced.

    Of a removed row those of all revisions since; an added one has its own. Only expenses that
    the asker may see now are looked at.
    """
    told = pl.DataFrame(rows.select([*_PLACE, "period_start", "id_before", "id_after", REASON]))
    told = told.with_row_index(_ROW).with_columns(_corrected())
    since = told.filter(pl.col("id_before").is_not_null())
    if since.is_empty():
        return rows.column(REASON)
    replaced = pl.DataFrame(snapshot.table(_replaced(question, rows)))
    replaced = replaced.with_columns(
        _corrected(), *(pl.col(name).cast(since.schema[name]) for name in _PLACE)
    )
    found = (
        since.drop(REASON)
        .join(replaced, on=[*_PLACE, _CORRECTED], nulls_equal=True)
        .filter(pl.col("id") >= pl.col("id_before"))
        .filter(pl.col("id_after").is_null() | (pl.col("id") < pl.col("id_after")))
        .sort(_ROW, "id")
        .group_by(_ROW, maintain_order=True)
        .agg(pl.col(REASON).drop_nulls().unique(maintain_order=True).str.join(_BETWEEN))
    )
    joined = told.select(_ROW, pl.col(REASON).alias("own")).join(
        found, on=_ROW, how="left", maintain_order="left"
    )
    why = joined.select(pl.coalesce(pl.col(REASON).replace("", None), "own")).to_series()
    return pc.cast(why.to_arrow(compat_level=pl.CompatLevel.oldest()), pa.string())


def _corrected() -> pl.Expr:
    is_correction = pl.col("kind") == ExpenseKind.CORRECTION.value
    return (
        pl.when(is_correction)
        .then(pl.col("period_start").cast(pl.Datetime("us", "UTC")))
        .alias(_CORRECTED)
    )


def _replaced(question: Question, rows: pa.RecordBatch) -> QuerySet[Expense, Any]:
    """The replaced revisions of the contracts and days of the rows."""
    days = pc.min_max(rows.column("for_date"))
    return (
        visible_expenses(question.viewer)
        .filter(
            deleted=True,
            addendum_id__in=pc.unique(rows.column("addendum_id")).to_pylist(),
            for_date__gte=days["min"].as_py(),
            for_date__lte=days["max"].as_py(),
        )
        .order_by()
        .values_list(*_PLACE, "period_start", "id", REASON)
    )
