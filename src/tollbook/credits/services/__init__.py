"""What may be done to bonus credits: given, charged for a month, taken back, expired."""

from tollbook.credits.allotment import CreditLine
from tollbook.credits.services.charging import (
    Charge,
    charge_credits,
    currencies_charged,
    reverse_charges,
)
from tollbook.credits.services.expiring import expire_credits
from tollbook.credits.services.granting import LONGEST_COMMENT, check_may_grant, grant_credit

__all__ = [
    "LONGEST_COMMENT",
    "Charge",
    "CreditLine",
    "charge_credits",
    "check_may_grant",
    "currencies_charged",
    "expire_credits",
    "grant_credit",
    "reverse_charges",
]
