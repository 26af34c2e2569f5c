"""``ResellerCredits`` on the demo book, beside a plain Python loop over its operations."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.reports.demo import answered, rows_of, viewer_named
from tests.wire.demo_ledger import DemoLedger
from tollbook.catalog.models import Product
from tollbook.credits.models import Operation
from tollbook.credits.rules import Account

CALLERS = ("operator", "admin1", "admin3", "seller1", "seller4")
OCTOBER = {"date_from": "2026-10-01", "date_to": "2026-11-01"}
START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def expected(caller: Any) -> list[dict[str, Any]]:
    """Every operation in the order of the report, the balance added up one after the other."""
    balances: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    told = []
    for operation in sorted(
        Operation.objects.filter(action__deleted=False).select_related("action", "client"),
        key=lambda each: (
            each.client_id,
            each.unit_code,
            each.service,
            each.acc,
            each.action.applying_at,
            each.action.created_at,
            each.id,
        ),
    ):
        pot = (operation.client_id, operation.unit_code, operation.service, operation.acc)
        balances[pot] += (operation.debit or 0) - (operation.credit or 0)
        owner = {
            "client_id": operation.client_id,
            "reseller_id": operation.client.reseller_id,
            "seller_id": operation.client.seller_id,
        }
        action = operation.action
        if not caller.sees(owner) or not START <= action.applying_at < END:
            continue
        told.append(
            {
                "reseller_id": operation.client.reseller_id,
                "client_id": operation.client_id,
                "client_name": operation.client.company_name,
                "currency": operation.unit_code,
                "service": operation.service,
                "account": operation.acc,
                "applying_at": action.applying_at,
                "created_at": action.created_at,
                "type": action.type_code,
                "debit": operation.debit,
                "credit": operation.credit,
                "balance": balances[pot],
                "object_type": action.object_type,
                "object_id": action.object_id,
                "comment": (action.details_json or {}).get("comment"),
                "action_id": str(action.id),
                "credit_id": str(action.parent_id or action.id),
                "operation_id": str(operation.id),
            }
        )
    return told


@pytest.mark.parametrize("name", CALLERS)
def test_it_tells_every_operation_with_the_balance_after_it(
    demo_ledger: DemoLedger, name: str
) -> None:
    rows = rows_of(viewer_named(demo_ledger, name), "ResellerCredits", **OCTOBER)
    assert rows == expected(demo_ledger.callers[name])
    assert rows


def test_spendable_balances_never_fall_below_nothing(demo_ledger: DemoLedger) -> None:
    everything = {"date_from": "2026-01-01", "date_to": "2027-01-01"}
    rows = rows_of(
        viewer_named(demo_ledger, "operator"),
        "ResellerCredits",
        account="bonus.active",
        **everything,
    )
    assert {row["account"] for row in rows} == {Account.ACTIVE}
    assert min(row["balance"] for row in rows) == 0


def test_parameters_narrow_the_answer(demo_ledger: DemoLedger) -> None:
    viewer = viewer_named(demo_ledger, "operator")
    everything = rows_of(viewer, "ResellerCredits", **OCTOBER)
    for name, value in (
        ("client_id", everything[0]["client_id"]),
        ("currency", "EUR"),
        ("account", "bonus.spent"),
    ):
        kept = [row for row in everything if row[name] == value]
        assert 0 < len(kept) < len(everything)
        assert rows_of(viewer, "ResellerCredits", **OCTOBER, **{name: value}) == kept


def test_a_product_keeps_the_credits_that_are_good_for_it(demo_ledger: DemoLedger) -> None:
    viewer = viewer_named(demo_ledger, "operator")
    everything = rows_of(viewer, "ResellerCredits", **OCTOBER)
    product = Product.objects.select_related("category").get(internal_name="CDN")
    kept = [row for row in everything if row["service"] in {"", product.category.name}]
    assert 0 < len(kept) < len(everything)
    assert rows_of(viewer, "ResellerCredits", **OCTOBER, product_id=product.pk) == kept


def test_the_version_names_the_data_of_the_asker(demo_ledger: DemoLedger) -> None:
    versions = []
    for name in ("admin1", "admin1", "admin3"):
        with answered(viewer_named(demo_ledger, name), "ResellerCredits", **OCTOBER) as dataset:
            versions.append(dataset.data_version)
            assert dataset.records >= sum(batch.num_rows for batch in dataset.batches)
    assert versions[0] == versions[1] != versions[2]
