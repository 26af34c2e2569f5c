"""The snapshot: one view of the ledger, every value quoted, and an end within a moment."""

import threading
import time
from datetime import date
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.db.models import F, Func, IntegerField, TextField, Value
from django.db.models.functions import Cast

from tests.patience import PATIENCE
from tests.reports.book import ODD_NAME, Book, add_expense
from tollbook.clients.models import Client
from tollbook.expenses.models import Expense
from tollbook.reports.snapshot import literal_sql, open_snapshot

DAY = date(2026, 10, 5)


class Unwanted(Exception):
    """What ``check`` raises here."""


def never() -> None:
    """Work that is always wanted."""


def sleeping(seconds: float) -> Any:
    """A query whose first row takes its time."""
    sleep = Func(Value(seconds), function="pg_sleep", output_field=TextField())
    return Client.objects.annotate(slept=Cast(sleep, TextField())).values_list("id", "slept")


def reading_connections() -> int:
    """How many connections other than Django's the database serves in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND state <> 'idle' AND query NOT LIKE '%%pgmq%%'"
        )
        return int(cursor.fetchone()[0])


def test_what_is_written_meanwhile_is_not_seen(book: Book) -> None:
    add_expense(book, book.fjord, DAY, "1")
    expenses = Expense.objects.values_list("id", "money_value")
    with open_snapshot(check=never) as snapshot:
        assert snapshot.table(expenses).num_rows == 1
        add_expense(book, book.fjord, DAY, "2")
        assert snapshot.table(expenses).num_rows == 1
    with open_snapshot(check=never) as snapshot:
        assert snapshot.table(expenses).num_rows == 2


@pytest.mark.parametrize("text", [ODD_NAME, "o'clock", "100%", "%s", "a\\'b", "$1", "--", "é\n"])
def test_every_text_is_a_value_and_never_sql(book: Book, text: str) -> None:
    Client.objects.filter(pk=book.brook.pk).update(company_name=text)
    named = Client.objects.filter(company_name=text).values_list("id", "company_name")
    with open_snapshot(check=never) as snapshot:
        found = snapshot.table(named).to_pylist()
    assert {"id": book.brook.pk, "company_name": text} in found
    assert literal_sql(named)


def test_nothing_can_be_written_through_it(book: Book) -> None:
    written = Func(Value("account_id"), function="nextval", output_field=IntegerField())
    with (
        pytest.raises(Exception, match="read-only transaction"),
        open_snapshot(check=never) as snapshot,
    ):
        snapshot.table(Client.objects.annotate(number=written).values_list("number"))


def test_work_that_is_not_wanted_stops_while_the_first_row_is_computed(book: Book) -> None:
    wanted_until = time.monotonic() + 0.3

    def check() -> None:
        if time.monotonic() > wanted_until:
            raise Unwanted

    with pytest.raises(Unwanted), open_snapshot(check=check) as snapshot:
        list(snapshot.batches(sleeping(60)))
    assert time.monotonic() < wanted_until + PATIENCE
    assert reading_connections() == 0


def test_a_reader_that_goes_away_leaves_no_query_running(book: Book) -> None:
    add_expense(book, book.fjord, DAY, "1")
    numbers = (Value(1), Value(30_000_000))
    series = Func(*numbers, function="generate_series", output_field=IntegerField())
    many = Expense.objects.annotate(number=series).values_list("number", "comment")
    began = time.monotonic()
    with open_snapshot(check=never) as snapshot:
        assert next(snapshot.batches(many)).num_rows
    assert time.monotonic() - began < 2 * PATIENCE
    assert reading_connections() == 0


def test_a_database_that_goes_away_is_told_apart_from_a_query_that_fails(book: Book) -> None:
    with pytest.raises(DataError, match="division by zero"), open_snapshot(check=never) as snapshot:
        snapshot.table(Client.objects.values_list(F("id") / (F("id") - F("id"))))

    def terminate() -> None:
        deadline = time.monotonic() + 60
        with connection.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND query LIKE '%%pg_sleep%%' "
                    "AND state = 'active' AND pid <> pg_backend_pid()"
                )
                if cursor.fetchall():
                    break
                time.sleep(0.05)
        connection.close()

    thread = threading.Thread(target=terminate)
    thread.start()
    with pytest.raises(OperationalError), open_snapshot(check=never) as snapshot:
        snapshot.table(sleeping(30))
    thread.join()


@pytest.mark.parametrize("queries", [1, 2])
def test_few_megabytes_are_read_at_once_by_one_connection_and_by_several(queries: int) -> None:
    """Ten megabytes of text a query, which the driver by itself hands over as one batch."""
    some = "SELECT number, repeat('x', 1000) AS text FROM generate_series(1, 10000) AS number"
    with open_snapshot(check=never) as snapshot:
        sizes = [batch.nbytes for batch in snapshot.batches_of([some] * queries, lambda each: each)]
    assert sum(sizes) > queries * 10_000_000
    assert max(sizes) < 5_000_000
