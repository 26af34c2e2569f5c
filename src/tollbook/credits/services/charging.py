"""Credits pay for a client's month, before tax, when the month is closed."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from tollbook.credits.allotment import Allotted, CreditLine, Purse, allot
from tollbook.credits.models import Action, Grant
from tollbook.credits.rules import ActionType
from tollbook.credits.selectors import charges_of, grants_of_client, grants_to_use
from tollbook.credits.services.expiring import expire_grants
from tollbook.credits.services.recording import lock_client, record_move
from tollbook.kernel.money import money_text
from tollbook.kernel.periods import month_start

CLOSING: Final = "closing"
"""The ``object_type`` of charges; ``object_id`` is client, month and currency."""


@dataclass(frozen=True)
class Charge:
    """How much of one credit pays for one line, before tax; never nothing."""

    key: str
    amount: Decimal
    tax_rate: Decimal
    grant_id: UUID
    action_id: UUID


def charge_credits(
    *,
    client_id: int,
    currency: str,
    lines: Iterable[tuple[str, str, Decimal, Decimal]],
    now: datetime,
    month: date,
) -> list[Charge]:
    """Pay for ``lines`` (key, product category, net, tax rate) of a month as far as credits go.

    Keys are unique; nets are at most twelve decimals. A credit pays for a month that its time
    touches, and so does what has expired of it since. Which goes first is told by ``allot``. Called
    again with the same lines it answers the same and writes nothing; with other lines, as when a
    closing is repeated, it first takes back what it charged before. Whoever closes the month calls
    it in the transaction that writes the invoice.
    """
    owed = [CreditLine(*line) for line in lines]
    asked = _closing(client_id, month, currency), _digest(owed)
    with transaction.atomic():
        lock_client(client_id)
        known = list(charges_of(CLOSING, asked[0]))
        if known and all((each.details_json or {}).get("lines") == asked[1] for each in known):
            return [_charge(action) for action in known]
        _take_back(known, now)
        return _charge_anew(client_id, currency, owed, asked, now, month)


def currencies_charged(client_id: int, month: date) -> list[str]:
    """The currencies in which credit pays for a month of the client."""
    given = Grant.objects.filter(client_id=client_id).order_by("unit_code")
    codes = given.values_list("unit_code", flat=True).distinct()
    places = {_closing(client_id, month, code): code for code in codes}
    charges = Action.objects.filter(
        type_code=ActionType.CHARGE, object_type=CLOSING, object_id__in=places, deleted=False
    )
    return sorted({places[str(each.object_id)] for each in charges})


def reverse_charges(*, client_id: int, currency: str, month: date, now: datetime) -> int:
    """Take back what was charged for a month, whose closing is undone; how many charges.

    The credits are there again; those whose time is over expire with the next ``expire_credits``.
    """
    with transaction.atomic():
        lock_client(client_id)
        known = list(charges_of(CLOSING, _closing(client_id, month, currency)))
        _take_back(known, now)
    return len(known)


def _charge_anew(
    client_id: int,
    currency: str,
    lines: Sequence[CreditLine],
    asked: tuple[str, str],
    now: datetime,
    month: date,
) -> list[Charge]:
    grants = {grant.pk: grant for grant in grants_to_use(client_id, currency, month)}
    allotted = allot([_purse(grant) for grant in grants.values()], lines)
    used = {each.purse.id for each in allotted}
    _unexpire([grants[pk] for pk in used], now)
    charged = [_record(grants[each.purse.id], each, asked, now) for each in allotted]
    expire_grants(grants_of_client(client_id).filter(pk__in=used), now)
    return sorted(charged, key=lambda charge: (charge.key, str(charge.action_id)))


def _record(grant: Grant, allotted: Allotted, asked: tuple[str, str], now: datetime) -> Charge:
    line = allotted.line
    action = record_move(
        grant,
        ActionType.CHARGE,
        allotted.amount,
        applying_at=now,
        now=now,
        object_type=CLOSING,
        object_id=asked[0],
        details_json={
            "line": line.key,
            "product_category": line.product_category,
            "tax_rate": str(line.tax_rate),
            "amount": money_text(allotted.amount),
            "lines": asked[1],
        },
    )
    return _charge(action)


def _charge(action: Action) -> Charge:
    details = action.details_json or {}
    return Charge(
        key=details["line"],
        amount=Decimal(details["amount"]),
        tax_rate=Decimal(details["tax_rate"]),
        grant_id=action.parent_id,  # type: ignore[arg-type]  # every charge has a parent
        action_id=action.pk,
    )


def _take_back(actions: Iterable[Action], now: datetime) -> None:
    """Mark them as deleted, with the moment; their rows stay."""
    for action in actions:
        action.deleted = True
        action.details_json = {**(action.details_json or {}), "taken_back_at": now.isoformat()}
        action.save(update_fields=("deleted", "details_json"))


def _unexpire(grants: Iterable[Grant], now: datetime) -> None:
    """Let what had expired be spent; what then is left expires again."""
    expired = Action.objects.filter(
        parent__in=[grant.pk for grant in grants], type_code=ActionType.EXPIRE, deleted=False
    )
    _take_back(expired, now)


def _purse(grant: Grant) -> Purse:
    return Purse(
        id=grant.pk,
        left=grant.left + grant.expired,  # type: ignore[attr-defined]  # a selector adds them up
        categories=frozenset(category.name for category in grant.categories.all()),
        given_at=grant.valid_from,
        valid_to=grant.valid_to,
    )


def _closing(client_id: int, month: date, currency: str) -> str:
    return f"{client_id}/{month_start(month):%Y-%m}/{currency}"


def _digest(lines: Iterable[CreditLine]) -> str:
    """Tells whether the same lines are asked about; their order decides who is paid and counts."""
    told = [
        [line.key, line.product_category, money_text(line.net), f"{line.tax_rate:f}"]
        for line in lines
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
