"""Loading is all or nothing, by one at a time, into an empty ledger, at any scale."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest

from tollbook.demo.services import expenses_for, load_demo_book
from tollbook.kernel.errors import InvalidInput

SCALE = 2
LOADER = """
import sys
import django
django.setup()
from django.core.management import call_command
from tollbook.demo.services import load_demo_book
call_command("migrate", verbosity=0, skip_checks=True)
def show(stage, done, total):
    if [stage] == sys.argv[2:] and done < total:
        print("in", stage, flush=True)
        sys.stdin.read()
book = load_demo_book(scale=int(sys.argv[1]), progress=show)
print("loaded" if book.loaded else "there", book.expenses, flush=True)
"""


@contextmanager
def loader(database_url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that loads the book; told a stage, it stays in the middle of it. Then killed."""
    with subprocess.Popen(
        [sys.executable, "-c", LOADER, str(SCALE), *arguments],
        env={**os.environ, "DATABASE_URL": database_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(database_url: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(question).fetchall()


@pytest.mark.long
def test_a_loader_killed_in_the_middle_leaves_nothing_and_two_at_once_load_once(
    fresh_database_url: str,
) -> None:
    kill_in_the_middle(fresh_database_url)
    for table in ("clients_reseller", "catalog_product", "expenses_expense", "erp_erpinvoice"):
        assert ask(fresh_database_url, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608

    with loader(fresh_database_url) as one, loader(fresh_database_url) as other:
        said = [process.communicate(timeout=600) for process in (one, other)]
    assert sorted(heard.strip() or errors for heard, errors in said) == [
        f"loaded {expenses_for(SCALE)}",
        f"there {expenses_for(SCALE)}",
    ]
    check_twofold_book(fresh_database_url)


FOREIGN_CURRENCY = """
INSERT INTO catalog_currency (char_code, name_en, minor_unit)
VALUES ('CHF', 'Swiss franc', 2) RETURNING id
"""
FOREIGN_USER = """
INSERT INTO clients_user (email, role, password, is_superuser, first_name, last_name, is_staff,
    is_active, date_joined)
VALUES ('admin2@demo.example', 'operator', '!', false, '', '', false, true, now()) RETURNING id
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        (FOREIGN_CURRENCY, "the ledger holds a book of its own"),
        (FOREIGN_USER, "there is a user admin2@demo.example already"),
    ],
)
def test_a_ledger_that_is_in_use_is_left_alone(
    fresh_database_url: str, statement: str, refusal: str
) -> None:
    kill_in_the_middle(fresh_database_url, "rating")
    assert len(ask(fresh_database_url, statement)) == 1
    with loader(fresh_database_url) as refused:
        _, said = refused.communicate(timeout=600)
    assert refused.returncode == 1
    assert refusal in said
    assert ask(fresh_database_url, "SELECT count(*) FROM clients_reseller") == [(0,)]


def kill_in_the_middle(database_url: str, stage: str = "expenses") -> None:
    """Start a loader, and kill it while it is in ``stage``."""
    with loader(database_url, stage) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"in {stage}\n"


def check_twofold_book(database_url: str) -> None:
    """The second copy is the first under numbers and names of its own."""
    ((expenses, clients, names),) = ask(
        database_url,
        "SELECT (SELECT count(*) FROM expenses_expense), count(*), count(DISTINCT company_name)"
        " FROM clients_client",
    )
    assert (expenses, clients, names) == (expenses_for(SCALE), 400, 400)
    first, second = ask(
        database_url,
        "SELECT count(*), sum(money_value), sum(tax_value), count(DISTINCT e.addendum_id),"
        " count(DISTINCT e.subscription_id), count(DISTINCT e.discount_id)"
        " FROM expenses_expense e"
        " JOIN contracts_addendum a ON a.id = e.addendum_id AND a.client_id = e.client_id"
        " JOIN contracts_subscription s ON s.id = e.subscription_id AND s.addendum_id = a.id"
        " JOIN clients_client c ON c.id = e.client_id AND c.payer_id = e.payer_id"
        " LEFT JOIN contracts_discount d ON d.id = e.discount_id AND d.addendum_id = a.id"
        " WHERE NOT deleted GROUP BY e.client_id > 1200",
    )
    assert first == second
    assert isinstance(first[1], Decimal)
    ((nobody,),) = ask(
        database_url,
        "SELECT count(*) FROM clients_client a LEFT JOIN clients_client b ON b.id = a.id - 200"
        " AND b.reseller_id = a.reseller_id AND a.company_name = b.company_name || ' (2)'"
        " WHERE a.id > 1200 AND b.id IS NULL",
    )
    assert nobody == 0


@pytest.mark.parametrize("scale", [0, -1, 501])
def test_an_absurd_scale_is_refused(scale: int) -> None:
    with pytest.raises(InvalidInput, match="scale must be"):
        load_demo_book(scale=scale)
