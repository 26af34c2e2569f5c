"""Resellers, their users, payers and clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from tollbook.clients.models import Reseller, User
from tollbook.clients.rules import Role
from tollbook.demo.catalogue import EUR, USD
from tollbook.demo.names import company_names
from tollbook.demo.seed import BOOK_OPENED, FIRST_CLIENT_ID, FIRST_RESELLER_ID, chance

RESELLER_NAMES: Final = (
    "Northwind Cloud, Inc.",
    "Lumière Réseaux SAS",
    '"Öst & Väst" Molntjänster AB',
)
OPERATOR_EMAIL: Final = "operator@demo.example"
CLIENT_EMAIL: Final = "client@demo.example"
SELLERS_PER_RESELLER: Final = 2
_TAX_RATES: Final = (("0", "0", "0", "8.25"), ("20", "20", "0", "22"), ("25", "25", "0", "20"))
_CURRENCIES: Final = ((USD,), (EUR,), (EUR, EUR, USD))
_UNUSABLE: Final = "!demo"  # Django's mark of a password that no input matches
_TOWNS: Final = ("Portland, OR", "Besançon", "Malmö")
_STREETS: Final = ("Harbour Rd", "Rue de la Paix", "Kungsgatan", "Lange Straße", "ul. Długa")


@dataclass(frozen=True)
class DemoPayer:
    """Who is invoiced."""

    id: int
    reseller_id: int
    company_name: str
    address: str
    tax_number: str
    tax_rate: Decimal


@dataclass(frozen=True)
class DemoClient:
    """A client; ``size`` (1, 8 or 60) scales what it uses, from the first day to the last."""

    id: int
    reseller_id: int
    payer: DemoPayer
    seller_number: int | None
    company_name: str
    currency_id: int
    size: int
    active_from: datetime
    active_to: datetime | None


def admin_email(reseller_number: int) -> str:
    """The admin of the reseller that is the ``reseller_number``-th, from one."""
    return f"admin{reseller_number}@demo.example"


def seller_email(seller_number: int) -> str:
    """The seller of this number, from one, over all resellers."""
    return f"seller{seller_number}@demo.example"


def seller_emails() -> list[str]:
    """All sellers, by number."""
    return [seller_email(n + 1) for n in range(len(RESELLER_NAMES) * SELLERS_PER_RESELLER)]


def all_emails() -> tuple[str, ...]:
    """Every user of the book."""
    admins = [admin_email(number) for number in range(1, len(RESELLER_NAMES) + 1)]
    return (OPERATOR_EMAIL, *admins, *seller_emails(), CLIENT_EMAIL)


def resellers() -> list[Reseller]:
    """The resellers' rows."""
    return [
        Reseller(id=number, company_name=name, created_at=BOOK_OPENED)
        for number, name in enumerate(RESELLER_NAMES, start=FIRST_RESELLER_ID)
    ]


def staff() -> list[User]:
    """The operator, an admin for each reseller, and the sellers."""
    users = [_user(OPERATOR_EMAIL, Role.OPERATOR)]
    for number, _ in enumerate(RESELLER_NAMES):
        reseller_id = FIRST_RESELLER_ID + number
        users.append(_user(admin_email(number + 1), Role.ADMIN, reseller_id))
        users += [
            _user(seller_email(number * SELLERS_PER_RESELLER + nth), Role.SELLER, reseller_id)
            for nth in range(1, SELLERS_PER_RESELLER + 1)
        ]
    return users


def client_user(client: DemoClient) -> User:
    """A user of one client, who only reads."""
    user = _user(CLIENT_EMAIL, Role.CLIENT, client.reseller_id)
    user.client_id = client.id
    return user


def clients() -> tuple[DemoClient, ...]:
    """Two hundred clients; some share a payer, some begin or end within the book."""
    dice = chance("clients")
    made: list[DemoClient] = []
    last_payer: dict[int, DemoPayer] = {}
    for offset, name in enumerate(company_names()):
        place = (0, 0, 0, 0, 0, 1, 1, 1, 2, 2)[dice.randrange(10)]
        reseller_id = FIRST_RESELLER_ID + place
        payer = last_payer.get(reseller_id)
        if payer is None or dice.randrange(100) >= 12:
            payer = _payer(len(payers(made)) + 1, place, name)
        last_payer[reseller_id] = payer
        seller = place * SELLERS_PER_RESELLER + dice.randrange(SELLERS_PER_RESELLER + 1)
        active_from, active_to = _lifetime(offset)
        made.append(
            DemoClient(
                id=FIRST_CLIENT_ID + offset,
                reseller_id=reseller_id,
                payer=payer,
                seller_number=seller if seller > place * SELLERS_PER_RESELLER else None,
                company_name=name,
                currency_id=dice.choice(_CURRENCIES[place]),
                size=dice.choice((1, 1, 1, 1, 1, 8, 8, 8, 8, 60)),
                active_from=active_from,
                active_to=active_to,
            )
        )
    return tuple(made)


def payers(book_clients: Sequence[DemoClient]) -> list[DemoPayer]:
    """The payers of ``book_clients``, each once, by number."""
    return sorted({client.payer.id: client.payer for client in book_clients}.values(), key=_number)


def _number(payer: DemoPayer) -> int:
    return payer.id


def _payer(number: int, place: int, name: str) -> DemoPayer:
    dice = chance("payer", number)
    street, house = dice.choice(_STREETS), dice.randrange(1, 200)
    return DemoPayer(
        id=number,
        reseller_id=FIRST_RESELLER_ID + place,
        company_name=name,
        address=f"{street} {house}\n{dice.randrange(10000, 99999)} {_TOWNS[place]}",
        tax_number=f"{('US', 'FR', 'SE')[place]}{dice.randrange(10**8, 10**9)}",
        tax_rate=Decimal(dice.choice(_TAX_RATES[place])),
    )


def _lifetime(offset: int) -> tuple[datetime, datetime | None]:
    """Long-standing for the most; a seventh begins in the book, some end, some are to begin."""
    dice = chance("lifetime", offset)
    day, hour, fate = dice.randrange(2, 28), dice.randrange(6, 20), dice.randrange(100)
    began = datetime(2026, dice.randrange(1, 7), day, hour, tzinfo=UTC)
    if fate < 14:
        return datetime(2026, 9, day, hour, tzinfo=UTC), None
    if fate < 27:
        return datetime(2026, 10, day, hour, tzinfo=UTC), None
    if fate < 33:
        return began, datetime(2026, 9, 1, tzinfo=UTC)
    if fate < 40:
        return began, datetime(2026, 10, 1, tzinfo=UTC)
    if fate < 43:
        return datetime(2026, 12, 1, tzinfo=UTC), None
    return began, None


def _user(email: str, role: Role, reseller_id: int | None = None) -> User:
    return User(
        email=email,
        password=_UNUSABLE,
        role=role,
        reseller_id=reseller_id,
        first_name=email.partition("@")[0].capitalize(),
        last_name="Demo",
        date_joined=BOOK_OPENED,
    )
