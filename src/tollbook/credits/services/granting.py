"""Giving a bonus credit to a client."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction

from tollbook.catalog.models import Currency, ProductCategory
from tollbook.clients.rules import Role
from tollbook.clients.selectors import visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.credits.models import Action, Grant
from tollbook.credits.rules import ActionType
from tollbook.credits.services.recording import lock_client, record_sides
from tollbook.kernel.errors import Conflict, Forbidden, InvalidFields
from tollbook.kernel.money import MONEY_PLACES

LARGEST_CREDIT: Final = Decimal(10) ** 24
LONGEST_COMMENT: Final = 1000
_LONGEST_SERVICE: Final = 255


def check_may_grant(viewer: Viewer) -> None:
    """Refuse all but the operator."""
    if viewer.role is not Role.OPERATOR:
        raise Forbidden("Only the operator may give credits.")


def grant_credit(  # noqa: PLR0913  what is agreed of a credit
    *,
    viewer: Viewer,
    client_id: int,
    amount: Decimal,
    currency: str,
    valid_from: datetime,
    valid_to: datetime | None = None,
    product_categories: Collection[int] = (),
    comment: str = "",
    request_id: UUID | None = None,
    now: datetime,
) -> Grant:
    """Give a client ``amount`` of ``currency``, good for the months that its time touches.

    The operator alone may. The same ``request_id`` again is the same credit; another one under it
    is a ``Conflict``.
    """
    check_may_grant(viewer)
    categories = list(ProductCategory.objects.filter(pk__in=set(product_categories)))
    _check(viewer, client_id, amount, currency, (valid_from, valid_to), product_categories, comment)
    agreed = Grant(
        client_id=client_id,
        unit_code=currency,
        amount=amount,
        valid_from=valid_from,
        valid_to=valid_to,
        comment=comment,
    )
    with transaction.atomic():
        lock_client(client_id)
        known = Grant.objects.filter(pk=request_id).first() if request_id else None
        if known is not None:
            return _same(known, agreed, categories)
        return _write(agreed, categories, request_id, now)


def _write(
    grant: Grant, categories: list[ProductCategory], request_id: UUID | None, now: datetime
) -> Grant:
    grant.action = Action(
        id=request_id or uuid4(),
        type_code=ActionType.CREDIT,
        applying_at=grant.valid_from,
        created_at=now,
        details_json={
            "comment": grant.comment,
            "valid_to": grant.valid_to and grant.valid_to.isoformat(),
            "product_categories": sorted(category.pk for category in categories),
        },
    )
    grant.action.save(force_insert=True)
    grant.save(force_insert=True)
    grant.categories.set(categories)
    record_sides(grant, grant.action, grant.amount)
    return grant


def _same(known: Grant, agreed: Grant, categories: list[ProductCategory]) -> Grant:
    facts = ("client_id", "unit_code", "amount", "valid_from", "valid_to", "comment")
    same = all(getattr(known, fact) == getattr(agreed, fact) for fact in facts)
    if not same or set(known.categories.all()) != set(categories):
        raise Conflict(f"the request id {known.pk} belongs to another credit")
    return known


def _check(
    viewer: Viewer,
    client_id: int,
    amount: Decimal,
    currency: str,
    valid: tuple[datetime, datetime | None],
    product_categories: Collection[int],
    comment: str,
) -> None:
    errors: dict[str, list[str]] = {}
    if not visible_clients(viewer).filter(pk=client_id).exists():
        errors["client_id"] = [f"There is no client {client_id}."]
    if not Currency.objects.filter(char_code=currency).exists():
        errors["currency"] = [f"There is no currency {currency}."]
    if message := _wrong_amount(amount):
        errors["amount"] = [message]
    if valid[1] is not None and valid[1] <= valid[0]:
        errors["valid_to"] = ["This is not after valid_from."]
    if message := _wrong_categories(product_categories):
        errors["product_categories"] = [message]
    if len(comment) > LONGEST_COMMENT:
        errors["comment"] = [f"This has more than {LONGEST_COMMENT} characters."]
    if errors:
        raise InvalidFields(errors)


def _wrong_amount(amount: Decimal) -> str:
    if not amount.is_finite() or not 0 < amount < LARGEST_CREDIT:
        return "This is not more than 0 with at most 24 digits before the point."
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MONEY_PLACES:
        return f"This has more than {MONEY_PLACES} decimals."
    return ""


def _wrong_categories(ids: Collection[int]) -> str:
    found = ProductCategory.objects.filter(pk__in=set(ids))
    unknown = set(ids) - set(found.values_list("pk", flat=True))
    if unknown:
        return f"There is no product category {min(unknown)}."
    if len(", ".join(found.values_list("name", flat=True))) > _LONGEST_SERVICE:
        return f"The names of these together have more than {_LONGEST_SERVICE} characters."
    return ""
