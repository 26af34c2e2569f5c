"""Closing a month of many clients: clients a second, and what it takes in memory."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from bench import memory
from bench.section import Section

_MONTH: Final = "2026-10"
_ASKED_AT: Final = datetime(2026, 12, 1, tzinfo=UTC)
_EACH: Final = 5
_RESELLER: Final = """
INSERT INTO clients_reseller (id, company_name) VALUES (nextval('account_id'), 'Bench')
RETURNING id
"""
_PAYERS: Final = """
INSERT INTO clients_payer (reseller_id, company_name, address, tax_number, tax_rate)
VALUES (%(reseller)s, 'Bench', '', '', 20) RETURNING id
"""
_CLIENTS: Final = """
INSERT INTO clients_client (id, reseller_id, payer_id, company_name)
SELECT nextval('account_id'), %(reseller)s, %(payer)s, 'Client ' || number
FROM generate_series(1, %(clients)s) AS number
"""
_NO_EXAMPLES: Final = "DROP TABLE IF EXISTS bench_example"
_EXAMPLES: Final = """
CREATE TEMPORARY TABLE bench_example AS
SELECT DISTINCT ON (plan_id) * FROM expenses_expense WHERE NOT deleted
ORDER BY plan_id, id LIMIT %(each)s
"""
_ADDENDUMS: Final = """
INSERT INTO contracts_addendum (client_id, plan_id, currency_id, status)
SELECT client.id, example.plan_id, example.currency_id, 'active'
FROM clients_client AS client CROSS JOIN bench_example AS example
WHERE client.reseller_id = %(reseller)s
"""
_EXPENSES: Final = """
INSERT INTO expenses_expense (reseller_id, client_id, payer_id, addendum_id, plan_id, plan_item_id,
    product_id, product_category_id, feature_id, metric_id, region_id, unit_id, currency_id,
    calc_rule_type, kind, for_date, period_start, period_end, usage, money_value, tax_rate,
    tax_value, description)
SELECT client.reseller_id, client.id, client.payer_id, addendum.id, addendum.plan_id,
    example.plan_item_id, example.product_id, example.product_category_id, example.feature_id,
    example.metric_id, example.region_id, example.unit_id, addendum.currency_id,
    example.calc_rule_type, 'correction', day, day::timestamp AT TIME ZONE 'UTC',
    (day + 1)::timestamp AT TIME ZONE 'UTC', 1, 1.234567890123 * (addendum.id %% 97), 20, 0,
    example.description
FROM clients_client AS client
JOIN contracts_addendum AS addendum ON addendum.client_id = client.id
JOIN bench_example AS example USING (plan_id)
CROSS JOIN (SELECT date '2026-10-01' + day AS day FROM generate_series(0, 30, 5) AS day) AS days
WHERE client.reseller_id = %(reseller)s
"""


def measure_closings(clients: Sequence[int], *, tell: Callable[[str], None]) -> list[Section]:
    """Close a month of so many clients, by one worker process, and once more with nothing left."""
    from tollbook.config.celery import app
    from tollbook.config.queue import ensure_queue

    ensure_queue()
    app.set_current()
    rows = [row for count in clients for row in _closed(count, tell)]
    notes = (
        (
            f"Each client has {_EACH} contracts with seven expenses each: an invoice of {_EACH} "
            "items and their rounding, in a transaction of its own, checked by the database."
        ),
        "One process does it all; a worker with more slots, or more workers, share the clients.",
    )
    headers = ("closing", "clients", "seconds", "clients/s", "memory above start, MB")
    return [Section("Closing a month", headers, rows, notes)]


def _closed(clients: int, tell: Callable[[str], None]) -> list[tuple[str, ...]]:
    tell(f"closing a month of {clients:,} clients")
    reseller_id = _fill(clients)
    rows = []
    for label in ("Tollbook", "Tollbook, again"):
        baseline = memory.resident_now()
        memory.forget_peak()
        began = time.perf_counter()
        _close(reseller_id, clients)
        seconds = time.perf_counter() - began
        above = max(0, memory.peak() - baseline) / 1e6
        figures = (f"{clients:,}", f"{seconds:.1f}", f"{clients / seconds:,.0f}", f"{above:.0f}")
        rows.append((label, *figures))
    return rows


def _fill(clients: int) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_RESELLER)
        values = {"clients": clients, "each": _EACH, "reseller": cursor.fetchone()[0]}
        cursor.execute(_PAYERS, values)
        values["payer"] = cursor.fetchone()[0]
        cursor.execute(_NO_EXAMPLES)
        for statement in (_EXAMPLES, _CLIENTS, _ADDENDUMS, _EXPENSES):
            cursor.execute(statement, values)
            cursor.execute("ANALYZE")
    return int(values["reseller"])


def _close(reseller_id: int, clients: int) -> None:
    from tollbook.clients.models import User
    from tollbook.clients.rules import Role
    from tollbook.clients.selectors import viewer_of
    from tollbook.filetasks.models import FileTask
    from tollbook.filetasks.rules import TaskStatus
    from tollbook.filetasks.services import run_file_task
    from tollbook.invoicing.models import Invoice
    from tollbook.invoicing.services import close_period, submit_closing

    operator = User.objects.filter(role=Role.OPERATOR).earliest("pk")
    task = submit_closing(
        viewer=viewer_of(operator),
        month=_MONTH,
        reseller=reseller_id,
        request_id=uuid4(),
        now=_ASKED_AT,
    )
    run_file_task(task.uuid, work=close_period)
    done = FileTask.objects.get(pk=task.pk)
    assert done.status == TaskStatus.COMPLETED, done.processing_notes
    billed = Invoice.objects.filter(reseller_id=reseller_id).values("client").distinct().count()
    assert billed == clients, f"{billed} of {clients} clients are billed"
