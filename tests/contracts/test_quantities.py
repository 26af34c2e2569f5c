"""What the database itself refuses, whoever writes."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError

from tests.reports.book import Book
from tollbook.contracts.models import Addendum, Subscription

pytestmark = pytest.mark.django_db


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
