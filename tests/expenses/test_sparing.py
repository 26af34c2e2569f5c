"""Clients that cannot be rated are found together, named with their records, and left out."""

import pytest

from tests.expenses.rated_book import NOW, OCTOBER, open_rated_book
from tollbook.expenses.models import Expense
from tollbook.expenses.runs.summary import RatingSummary
from tollbook.expenses.services import rate_but_broken, rate_month

pytestmark = pytest.mark.django_db
TOO_MUCH = "999999999999999999"


def test_all_that_are_broken_are_left_out_at_once() -> None:
    book = open_rated_book()
    book.use_all(
        [
            book.record("requests", 1, "6"),
            book.record("storage", 5, TOO_MUCH),
            book.record("storage", 6, "1"),
            book.record("storage", 5, TOO_MUCH, client=book.book.brook),
        ]
    )
    asked: list[object] = []

    def rate(client_ids: object) -> RatingSummary:
        asked.append(client_ids)
        return rate_month(month=OCTOBER, now=NOW, reason="", client_ids=client_ids)  # type: ignore[arg-type]

    summary, left_out = rate_but_broken(None, rate)
    broken = sorted([book.fjord.pk, book.book.brook.pk])
    assert [each.client_id for each in left_out] == broken
    assert all("its largest record is" in each.why for each in left_out)
    assert len({each.why for each in left_out}) == 2
    assert len(asked) == 2
    assert not Expense.objects.filter(client_id__in=broken, deleted=False).exists()
    assert summary.added == Expense.objects.filter(deleted=False).count() > 0
