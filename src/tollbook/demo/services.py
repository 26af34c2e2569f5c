"""Loading the demo book: all of it in one transaction, the same every time."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID, uuid5

import polars as pl
from django.db import connection, transaction
from django.db.models import DateTimeField
from django.db.models.functions import Cast

from tollbook.clients.models import Client, Payer, User
from tollbook.contracts.models import Addendum, Discount, Subscription
from tollbook.demo import accounts
from tollbook.demo.agreements import DemoAddendum, addendums
from tollbook.demo.book import DemoBook, describe_book, scale_in_ledger
from tollbook.demo.catalogue import catalogue
from tollbook.demo.copies import BaseBook, base_book, expense_batches, shifted
from tollbook.demo.country_regions import country_regions
from tollbook.demo.credits import credit_rows, with_credits
from tollbook.demo.expense_frames import expense_frame, posted_frame
from tollbook.demo.invoice_copies import copy_invoices
from tollbook.demo.invoices import invoice_rows, month_states
from tollbook.demo.ledger import booked_by
from tollbook.demo.lines import lines_of
from tollbook.demo.measured import Measured, measured_frame, usage_frame, usage_of_copies
from tollbook.demo.posted import Posted
from tollbook.demo.seed import BOOK_DAYS, BOOK_MONTHS, CLIENT_COUNT, FIRST_CLIENT_ID, SEED
from tollbook.demo.tables import copy_frame, restart_numbers, write_rows
from tollbook.demo.tariffs import tariff_rows
from tollbook.demo.trials import DemoTrial, demo_trials, offer_rows, trial_rows
from tollbook.expenses.selectors import has_month_partition
from tollbook.expenses.services import ensure_month_partitions, load_expenses, load_new_months
from tollbook.kernel.errors import Conflict, InvalidInput
from tollbook.kernel.periods import DateRange
from tollbook.rating.exact import exact
from tollbook.usage.entering import enter_new
from tollbook.usage.models import UsageSegment
from tollbook.usage.prints import Printer
from tollbook.usage.staging import Staging

__all__ = ["DemoBook", "Progress", "expenses_for", "load_demo_book"]

Progress = Callable[[str, int, int], None]
"""Hears the name of a stage, how much of it is done and how much there is."""

EXPENSES_PER_SCALE: Final = 188_430
LARGEST_SCALE: Final = 500
_LINES_AT_ONCE: Final = 100
_MORNING: Final = timedelta(days=1, hours=1)
"""From the first moment of a day to the import of its usage."""
_USAGE_SPACE: Final = UUID("5b0f6a55-6a5c-5c0e-9d5c-7f0a4f1f2b11")
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('tollbook demo book'))"


def expenses_for(scale: int) -> int:
    """How many expenses, deleted revisions among them, a book of this scale holds."""
    return EXPENSES_PER_SCALE * scale


def load_demo_book(*, scale: int | None = None, progress: Progress = lambda *_: None) -> DemoBook:
    """Fill an empty ledger; nothing to do where the same book is there, ``Conflict`` on others.

    No ``scale`` is the one that is there, else one. One transaction holds everything, so that a
    loader that is killed leaves nothing behind.
    """
    if scale is not None and not 1 <= scale <= LARGEST_SCALE:
        raise InvalidInput(f"scale must be 1 to {LARGEST_SCALE}, not {scale}", field="scale")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
        found = scale_in_ledger()
        wanted = scale or found or 1
        if found not in {0, wanted}:
            raise Conflict(f"the ledger holds the demo book at scale {found}, not {wanted}")
        if not found:
            _load(wanted, progress)
            _analyze()
    return describe_book(wanted, loaded=not found)


def _load(scale: int, progress: Progress) -> None:
    for table in (*catalogue(), *tariff_rows(), accounts.resellers(), accounts.staff()):
        write_rows(table)
    write_rows(country_regions())
    progress("catalogue", 1, 1)
    clients = accounts.clients()
    agreed = addendums(clients)
    rated, usage = _booked(agreed, progress)
    expenses = with_credits(clients, rated)
    base = base_book(clients, accounts.payers(clients), _seller_ids(), agreed, expenses)
    _load_contracts(base, scale, progress)
    _load_expenses(base, scale, progress)
    _load_usage(usage, [base.shifts(copy) for copy in range(scale)], progress)
    invoices = invoice_rows(expenses)
    for rows in vars(invoices).values():
        write_rows(rows)
    write_rows(month_states())
    copy_invoices(base, scale)
    write_rows([accounts.client_user(clients[0])])
    _load_trials(tuple(demo_trials(clients, agreed)), base, scale)
    for copy in range(scale):
        for table in credit_rows(clients, expenses, base.shifts(copy)):
            write_rows(table)
    progress("invoices", len(invoices.invoices), len(invoices.invoices))
    restart_numbers(last_account_id=FIRST_CLIENT_ID - 1 + CLIENT_COUNT * scale)


@exact
def _booked(
    agreed: tuple[DemoAddendum, ...], progress: Progress
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The expenses of all contracts, and the usage that they are rated from."""
    lines = lines_of(agreed)
    posted: list[pl.DataFrame] = []
    measured: list[pl.DataFrame] = []
    for first in range(0, len(lines), _LINES_AT_ONCE):
        some = lines[first : first + _LINES_AT_ONCE]
        booked = [row for line in some for row in booked_by(line)]
        posted.append(posted_frame([row for row in booked if isinstance(row, Posted)]))
        measured.append(measured_frame([row for row in booked if isinstance(row, Measured)]))
        progress("rating", first + len(some), len(lines))
    return expense_frame(lines, posted), usage_frame(lines, measured)


def _load_contracts(base: BaseBook, scale: int, progress: Progress) -> None:
    for copy in range(scale):
        shifts = base.shifts(copy)
        for model, frame, own in (
            (Payer, base.payers, "payer_id"),
            (Client, base.clients, "client_id"),
            (Addendum, base.addendums, "addendum_id"),
            (Subscription, base.subscriptions, "subscription_id"),
            (Discount, base.discounts, "discount_id"),
        ):
            copy_frame(model, shifted(frame, own, shifts, copy))
        progress("contracts", copy + 1, scale)


def _load_trials(trials: Sequence[DemoTrial], base: BaseBook, scale: int) -> None:
    for table in offer_rows():
        write_rows(table)
    for copy in range(scale):
        for table in trial_rows(trials, copy=copy, client_shift=base.shifts(copy)["client_id"]):
            write_rows(table)


def _load_expenses(base: BaseBook, scale: int, progress: Progress) -> None:
    batches, total = expense_batches(base, scale), expenses_for(scale)

    def on_rows(done: int) -> None:
        progress("expenses", done, total)

    def on_month(month: DateRange) -> None:
        progress("indexes", BOOK_MONTHS.index(month) + 1, len(BOOK_MONTHS))

    if has_month_partition(BOOK_DAYS):
        ensure_month_partitions(BOOK_DAYS)
        load_expenses(batches, on_rows)
    else:
        load_new_months(BOOK_DAYS, batches, on_rows=on_rows, on_month=on_month)


def _load_usage(usage: pl.DataFrame, shifts: Sequence[dict[str, int]], progress: Progress) -> None:
    """Put the usage of every copy into the lake, by the code of imports."""
    with TemporaryDirectory(prefix="tollbook-demo-") as folder, Printer() as printer:
        staging = Staging(Path(folder))
        for number, day in enumerate(usage_of_copies(usage, shifts), start=1):
            staging.add(day, printer.prints_of(day))
            progress("usage", number, BOOK_DAYS.days + 1)
        staging.close()
        source = uuid5(_USAGE_SPACE, f"{SEED}, {len(shifts)}")
        enter_new(staging, source=source)
    _came_on_the_morning_after(source)
    progress("usage", BOOK_DAYS.days + 1, BOOK_DAYS.days + 1)


def _came_on_the_morning_after(source: UUID) -> None:
    """The usage of a closed month was there before it was closed."""
    morning = Cast("day", DateTimeField()) + _MORNING
    UsageSegment.objects.filter(file_task=source).update(created_at=morning)


def _seller_ids() -> list[int]:
    ids = dict(User.objects.values_list("email", "pk"))
    return [ids[email] for email in accounts.seller_emails()]


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
