"""What stands inside expenses is kept by a process, and never a moment longer than it is true."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.reports.book import Book, add_expense, open_book
from tollbook.contracts.models import Addendum, Discount
from tollbook.expenses.models import PartMark
from tollbook.expenses.selectors import FoundExpense, list_expenses, parts
from tollbook.expenses.selectors.parts import PARTS

DAY = date(2026, 10, 5)
NEW: dict[str, Any] = {
    "status": "stopped",
    "active_from": "2026-10-01T00:00:00Z",
    "active_to": "2026-11-01T00:00:00Z",
    "default": False,
    "relative_value": "12.5",
    "char_code": "CHF",
    "symbol": "Fr",
}
COLUMNS = [(name, column) for name, source in PARTS.items() for column in source.columns]
CHANGE = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as ledger:
    ledger.execute("UPDATE clients_client SET company_name = 'Renamed elsewhere'")
"""


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    parts.forget_parts()
    yield
    parts.forget_parts()


@pytest.fixture
def book(db: Any) -> Book:
    return filled_book()


def filled_book() -> Book:
    book = open_book()
    expense = add_expense(book, book.fjord, DAY, "1")
    discount = Discount.objects.create(
        addendum=Addendum.objects.get(pk=expense.addendum_id), relative_value=Decimal(5)
    )
    add_expense(book, book.brook, DAY, "2", discount_id=discount.pk, item="Storage")
    return book


def page(book: Book) -> list[FoundExpense]:
    found = list_expenses(book.operator, [], order=("for_date", "id"), offset=0, limit=100)
    return list(found.expenses)


def test_a_second_page_reads_no_small_table(book: Book) -> None:
    first = page(book)

    with CaptureQueriesContext(connection) as queries:
        second = page(book)

    assert second == first
    assert len(queries) == 2
    assert [each["sql"] for each in queries if "clients_client" in each["sql"]] == []


def test_only_what_is_not_known_yet_is_read(book: Book) -> None:
    page(book)
    kept = parts.kept_parts()
    expense = add_expense(book, book.sand, DAY, "3")
    known = {name: set(rows) for name, rows in kept.items()}

    assert page(book)[-1].client.company_name == "Sand of South"
    assert expense.addendum_id in parts.kept_parts()["addendum"]
    assert expense.addendum_id not in known["addendum"]


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_a_change_of_any_column_shows_on_the_next_page(name: str, column: str, book: Book) -> None:
    before = [getattr(each, name) for each in page(book) if getattr(each, name)]
    table = PARTS[name].table._meta.db_table
    new = NEW.get(column, "Renamed")
    with connection.cursor() as cursor:
        statement = f'UPDATE {table} SET "{column}" = %s WHERE id = %s'  # noqa: S608
        cursor.execute(statement, [new, before[0].id])

    after = [getattr(each, name) for each in page(book) if getattr(each, name)]

    assert getattr(after[0], column) != getattr(before[0], column)
    expected = PARTS[name].table._meta.get_field(column).to_python(new)
    assert getattr(after[0], column) == expected


@pytest.mark.django_db
def test_every_table_that_is_kept_marks_every_kind_of_change() -> None:
    kinds = {"INSERT", "UPDATE", "DELETE", "TRUNCATE"}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT tgrelid::regclass::text, tgtype::integer FROM pg_trigger
            WHERE tgname = 'part_changed' AND tgenabled = 'O'
            """
        )
        marked = dict(cursor.fetchall())

    bits = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
    assert set(marked) == {source.table._meta.db_table for source in PARTS.values()}
    for kind_bits in marked.values():
        assert {kind for kind, bit in bits.items() if kind_bits & bit} == kinds


def test_what_a_transaction_changed_and_took_back_is_not_kept(book: Book) -> None:
    client = book.fjord
    assert page(book)[0].client.company_name == client.company_name
    begun = transaction.savepoint()
    type(client).objects.filter(pk=client.pk).update(company_name="Never")
    assert page(book)[0].client.company_name == "Never"
    transaction.savepoint_rollback(begun)

    assert page(book)[0].client.company_name == client.company_name
    type(client).objects.filter(pk=client.pk).update(company_name="Now")
    assert page(book)[0].client.company_name == "Now"


def test_another_process_changes_a_name_and_the_next_page_has_it(transactional_db: Any) -> None:
    book = filled_book()
    assert page(book)[0].client.company_name == book.fjord.company_name
    settings = connection.settings_dict
    url = connection.connection.info
    address = (
        f"postgresql://{url.user}:{settings['PASSWORD']}@{url.host}:{url.port}/{settings['NAME']}"
    )

    environment = os.environ | {"DATABASE_URL": address}
    subprocess.run([sys.executable, "-c", CHANGE], env=environment, check=True)

    assert {each.client.company_name for each in page(book)} == {"Renamed elsewhere"}


def test_marks_are_added_up_and_their_sum_stays(book: Book) -> None:
    def total() -> Decimal:
        return sum(PartMark.objects.values_list("mark", flat=True), Decimal(0))

    seen = set()
    for number in range(600):
        type(book.sand).objects.filter(pk=book.sand.pk).update(company_name=f"Sand {number}")
        seen.add(total())

    assert len(seen) == 600
    assert PartMark.objects.count() < 600


def test_nothing_is_kept_where_nothing_is_marked(book: Book) -> None:
    PartMark.objects.all().delete()
    page(book)

    assert not any(parts.kept_parts().values())


def test_more_than_there_is_room_for_is_read_again(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_KEPT", 3)
    first = page(book)
    add_expense(book, book.sand, DAY, "3")
    page(book)

    assert page(book)[: len(first)] == first
    assert sum(map(len, parts.kept_parts().values())) <= 3 + 12 * 3
