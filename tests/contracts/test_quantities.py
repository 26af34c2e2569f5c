"""What the database itself refuses, whoever writes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from tests.reports.book import Book
from tollbook.contracts.models import Addendum, Subscription
from tollbook.kernel.errors import Conflict

contracts_0004 = import_module("tollbook.contracts.migrations.0004_quantity_not_negative")
catalog_0004 = import_module("tollbook.catalog.migrations.0004_commits_not_negative")

CHECKS = {
    "contracts_subscription": "subscription_quantity_not_negative",
    "catalog_planitem": "default_value_not_negative",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def _unchecked(book: Book) -> Iterator[None]:
    """The database takes anything meanwhile, and has its checks again for the tests that follow."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for table, check in CHECKS.items():
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
        yield
        transaction.set_rollback(True)


def test_a_plan_item_cannot_offer_less_than_nothing(book: Book) -> None:
    item = book.items["CDN"]
    item.default_value = "-0.00000001"
    with pytest.raises(IntegrityError, match="default_value_not_negative"):
        item.save()


def test_nobody_can_subscribe_to_less_than_nothing(book: Book) -> None:
    item = book.items["CDN"]
    addendum = Addendum.objects.create(
        client=book.fjord, plan=item.plan, currency=book.usd, status="active"
    )
    with pytest.raises(IntegrityError, match="subscription_quantity_not_negative"):
        Subscription.objects.create(
            addendum=addendum,
            plan_item=item,
            quantity="-0.00000001",
            active_from=datetime(2026, 10, 1, tzinfo=UTC),
        )


@pytest.mark.usefixtures("_unchecked")
def test_a_book_that_holds_less_than_nothing_is_told_which_rows_and_what_to_do(book: Book) -> None:
    """The checks that migrations begin with, before the database would say it in its own words."""
    item = book.items["CDN"]
    addendum = Addendum.objects.create(
        client=book.fjord, plan=item.plan, currency=book.usd, status="active"
    )
    wrong = Subscription.objects.create(
        addendum=addendum,
        plan_item=item,
        quantity=-1,
        active_from=datetime(2026, 10, 1, tzinfo=UTC),
    )
    item.default_value = -1
    item.save()

    with pytest.raises(Conflict, match=f"1 subscriptions .*: {wrong.pk}[.] .* SET quantity = 0"):
        contracts_0004.check_quantities(apps, connection.schema_editor())
    with pytest.raises(Conflict, match=f"1 plan items .*: {item.pk}[.] .* SET default_value = 0"):
        catalog_0004.check_offers(apps, connection.schema_editor())
    Subscription.objects.filter(pk=wrong.pk).update(quantity=0)
    contracts_0004.check_quantities(apps, connection.schema_editor())
