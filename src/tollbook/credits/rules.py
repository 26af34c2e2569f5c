"""The accounts of the book of credits, what may be done with a credit, and in which order."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.db.models import TextChoices

from tollbook.kernel.money import ZERO


class Account(TextChoices):
    """Where bonus credits can be; their sum over all accounts is always zero."""

    ISSUED = "bonus.issued", "given out by the operator"
    ACTIVE = "bonus.active", "may be spent"
    SPENT = "bonus.spent", "charged for an expense"
    EXPIRED = "bonus.expired", "was not spent in time"


class ActionType(TextChoices):
    """What moves credits from one account to another."""

    CREDIT = "bonus.credit", "a credit is given to a client"
    CHARGE = "bonus.charge", "an expense is paid by credit"
    EXPIRE = "bonus.expire", "what is left of a credit expires"


SIDES: Final[Mapping[ActionType, tuple[Account, Account]]] = {
    ActionType.CREDIT: (Account.ACTIVE, Account.ISSUED),
    ActionType.CHARGE: (Account.SPENT, Account.ACTIVE),
    ActionType.EXPIRE: (Account.EXPIRED, Account.ACTIVE),
}
"""Into which account and out of which one each type moves its amount."""


class CreditStatus(StrEnum):
    """Where a credit stands at a moment."""

    UPCOMING = "upcoming"
    ACTIVE = "active"
    USED = "used"
    EXPIRED = "expired"
    TAKEN_BACK = "taken_back"


def credit_status(
    *,
    taken_back: bool,
    left: Decimal,
    expired: Decimal,
    valid_from: datetime,
    valid_to: datetime | None,
    now: datetime,
) -> CreditStatus:
    """Where a credit stands: ``left`` may still be spent, ``expired`` was lost.

    A credit whose time is over counts as expired although beat has not come to it yet, unless
    nothing was left to expire.
    """
    if taken_back:
        return CreditStatus.TAKEN_BACK
    if expired or (left and valid_to is not None and valid_to <= now):
        return CreditStatus.EXPIRED
    if left == ZERO:
        return CreditStatus.USED
    return CreditStatus.ACTIVE if valid_from <= now else CreditStatus.UPCOMING
