"""A client with credits, and what the book of credits says of it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tollbook.catalog.models import Currency, ProductCategory
from tollbook.clients.models import Client, Payer, Reseller, User
from tollbook.clients.rules import Role
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.credits.models import Grant, Operation
from tollbook.credits.services import grant_credit

NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
"""When October is closed here."""


@dataclass(frozen=True)
class CreditBook:
    """An operator who gives credits, and a client who gets them."""

    operator: Viewer
    admin: Viewer
    client: Client
    delivery: ProductCategory
    security: ProductCategory

    def give(
        self,
        amount: str,
        *,
        valid: tuple[str, str | None] = ("2026-10-01", None),
        categories: Collection[ProductCategory] = (),
        currency: str = "EUR",
    ) -> Grant:
        """Give the client a credit that is valid from one day to the start of another."""
        start, end = (day and datetime.fromisoformat(f"{day}T00:00+00:00") for day in valid)
        assert start
        return grant_credit(
            viewer=self.operator,
            client_id=self.client.pk,
            amount=Decimal(amount),
            currency=currency,
            valid_from=start,
            valid_to=end or None,
            product_categories=[category.pk for category in categories],
            now=NOW,
        )

    def balances(self) -> dict[str, Decimal]:
        """What each account of the client holds, added up in plain Python."""
        held: dict[str, Decimal] = defaultdict(Decimal)
        for operation in Operation.objects.filter(action__deleted=False, client=self.client):
            held[operation.acc] += (operation.debit or 0) - (operation.credit or 0)
        return {account: amount for account, amount in held.items() if amount}


def open_credit_book() -> CreditBook:
    """Make everything but credits."""
    for code, number in (("EUR", 978), ("USD", 840)):
        Currency.objects.create(char_code=code, number_code=number, name_en=code)
    north = Reseller.objects.create(company_name="North")
    payer = Payer.objects.create(reseller=north, company_name="Payer")
    return CreditBook(
        operator=_viewer("operator@example.com", Role.OPERATOR),
        admin=_viewer("admin@example.com", Role.ADMIN, reseller=north),
        client=Client.objects.create(reseller=north, payer=payer, company_name="Fjord"),
        delivery=ProductCategory.objects.create(name="Delivery"),
        security=ProductCategory.objects.create(name="Security"),
    )


def _viewer(email: str, role: Role, **belongs_to: Reseller) -> Viewer:
    return viewer_of(User.objects.create(email=email, role=role, **belongs_to))
