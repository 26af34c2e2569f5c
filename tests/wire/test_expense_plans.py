"""How PostgreSQL finds pages of expenses: by indexes, never by reading all of them."""

from itertools import chain

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.wire.demo_ledger import DemoLedger

QUERIES = (
    "",
    "deleted=false",
    "for_date=2026-09-10",
    "for_date_after=2026-10-20&for_date_before=2026-10-25",
    "client_id=1001",
    "client_id=1001&deleted=false&ordering=-for_date",
    "payer_id=10",
    "addendum_id=10",
    "subscription_id=10",
    "plan_id=12",
    "product_id=1",
    "product_id=1&deleted=false",
    "product_id=1&region_id=3",
    "product_internal_name=DNS",
    "product_name=storage",
    "product_category_id=3",
    "feature_id=101",
    "feature_name=requests",
    "region_id=3",
    "currency_id=2",
    "metric_id=3",
    "discount_id=1",
    "company_name=bluewater",
    "created_after=2026-10-30",
    "created_on=2026-10-10",
    "id=100",
    "ordering=id&offset=60000",
    "ordering=-id",
    "ordering=-for_date&offset=60000",
    "ordering=-created_at",
    "money_value__from=1000",
    "money_value__from=100&money_value__to=101&deleted=false",
    "ordering=-money_value",
    "ordering=money_value&offset=60000",
)


@pytest.fixture(scope="module")
def tidy_ledger(demo_ledger: DemoLedger) -> DemoLedger:
    """The book as PostgreSQL's own housekeeping leaves it a minute after it was loaded."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) expenses_expense")
    return demo_ledger


@pytest.mark.long
@pytest.mark.parametrize("caller", ["operator", "admin1", "seller1", "client"])
@pytest.mark.parametrize("query", QUERIES)
def test_a_page_is_found_by_indexes(query: str, caller: str, tidy_ledger: DemoLedger) -> None:
    with CaptureQueriesContext(connection) as queries:
        tidy_ledger.get(f"/expenses?limit=100&{query}", caller=caller)

    statements = [each["sql"] for each in queries if "expenses_expense" in each["sql"]]
    plan = list(chain.from_iterable(plan_of(statement) for statement in statements))
    assert "Index" in "".join(plan)
    assert [line for line in plan if "Seq Scan on expenses_expense" in line] == []


def plan_of(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {statement}")
        return [line for (line,) in cursor.fetchall()]
