"""The file that stopping subscriptions leaves: each of them, and what became of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from tollbook.contracts.models import Subscription
from tollbook.contracts.rules import StopOutcome
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_key, result_store
from tollbook.filetasks.services import TaskOutcome
from tollbook.results.columns import TIMESTAMP, Column, arrow_schema
from tollbook.results.result_writer import ResultWriter

COLUMNS: Final = (
    Column("client_id", "Client ID", pa.int32(), "The client."),
    Column("client_name", "Client", pa.string(), "The client's company name."),
    Column("addendum_id", "Addendum ID", pa.int32(), "The contract."),
    Column("product_name", "Product", pa.string(), "The product of its plan."),
    Column("plan_name", "Plan", pa.string(), "The plan."),
    Column("subscription_id", "Subscription ID", pa.int64(), "The activation of a plan item."),
    Column("feature_name", "Feature", pa.string(), "What was activated."),
    Column("outcome", "Outcome", pa.string(), "stopped, already stopped, or not stopped."),
    Column("active_from", "Active from", TIMESTAMP, "When it began (UTC)."),
    Column("active_to", "Active until", TIMESTAMP, "When it ends now, exclusive; empty: open."),
    Column("reason", "Reason", pa.string(), "Why it was not stopped."),
)
_WARNINGS_SHOWN: Final = 100
Row = tuple[Subscription, StopOutcome, str | None]
"""A subscription, what became of it, and why where it was not stopped."""


def write_stop_file(task: FileTask, rows: Sequence[Row]) -> TaskOutcome:
    """Write the result of ``task``, and tell the counts in its notes."""
    key, store = result_key(task), result_store()
    table = pa.Table.from_pylist([_told(*row) for row in rows], schema=arrow_schema(COLUMNS))
    with store.writing(key) as sink, ResultWriter(sink, COLUMNS, _about(task)) as writer:
        for batch in table.to_batches():
            writer.write(batch)
    return TaskOutcome(
        key=key,
        bytes=store.size(key),
        rows=writer.summary.rows,
        digest=writer.summary.digest,
        notes=_notes(rows),
    )


def _told(subscription: Subscription, outcome: StopOutcome, reason: str | None) -> dict[str, Any]:
    addendum = subscription.addendum
    return {
        "client_id": addendum.client_id,
        "client_name": addendum.client.company_name,
        "addendum_id": addendum.pk,
        "product_name": addendum.plan.product.name_en,
        "plan_name": addendum.plan.name,
        "subscription_id": subscription.pk,
        "feature_name": subscription.plan_item.feature.name,
        "outcome": outcome.value,
        "active_from": subscription.active_from,
        "active_to": subscription.active_to,
        "reason": reason,
    }


def _about(task: FileTask) -> dict[str, Any]:
    asked = [(name, str(value)) for name, value in task.parameters.items() if value is not None]
    return {"parameters": task.parameters, "information": [("Stop of subscriptions", ""), *asked]}


def _notes(rows: Iterable[Row]) -> dict[str, Any]:
    counts = Counter(outcome for _, outcome, _ in rows)
    reasons = [
        f"subscription {subscription.pk} was not stopped: {reason}"
        for subscription, outcome, reason in rows
        if outcome is StopOutcome.NOT_POSSIBLE
    ]
    return {
        "stopped": counts[StopOutcome.STOPPED],
        "already_stopped": counts[StopOutcome.ALREADY],
        "not_stopped": counts[StopOutcome.NOT_POSSIBLE],
        "warnings": [
            {"code": "not_stopped", "message": reason} for reason in reasons[:_WARNINGS_SHOWN]
        ],
    }
