"""Users and their keys in the book, for ``tollbook keys``; import it when Django is ready."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tollbook.clients.models import ApiKey, Client, Reseller, User
from tollbook.clients.rules import Role
from tollbook.clients.selectors import find_api_key
from tollbook.clients.services import issue_api_key, register_user, revoke_api_key
from tollbook.kernel.errors import Conflict, InvalidInput


def new_key(
    email: str,
    *,
    role: str | None,
    reseller_id: int | None,
    client_id: int | None,
    expires_at: datetime | None = None,
    label: str = "",
) -> tuple[User, str]:
    """A new key, whole, and its user, who is registered where nobody has that e-mail yet."""
    with transaction.atomic():
        user = _find_or_register(email, role, reseller_id, client_id)
        _, text = issue_api_key(user=user, now=_now(), expires_at=expires_at, label=label)
    return user, text


def is_live(key: str) -> bool:
    """Whether the server would take the key."""
    return find_api_key(key, now=_now()) is not None


def revoke(number: int) -> User:
    """Whose key is now useless."""
    return revoke_api_key(key_id=number, now=_now()).user


def describe(user: User) -> str:
    """``ann@example.com, seller of Northwind (101)``."""
    account = user.client or user.reseller
    of_account = f" of {account.company_name} ({account.pk})" if account else ""
    return f"{user.email}, {user.role}{of_account}"


def told(user: User) -> dict[str, Any]:
    """Whose key it is, for a program."""
    return {"email": user.email, "role": user.role, "account": _account(user)}


def list_keys() -> list[dict[str, Any]]:
    """Every key with its user and state, in the order they were made."""
    now = _now()
    return [
        {
            "id": key.pk,
            "email": key.user.email,
            "role": key.user.role,
            "account": _account(key.user),
            "label": key.label,
            "state": _state(key, now),
            "created": key.created_at,
            "expires": key.expires_at,
            "last_used": key.last_used_at,
        }
        for key in ApiKey.objects.select_related("user__reseller", "user__client").order_by("pk")
    ]


def _find_or_register(
    email: str, role: str | None, reseller_id: int | None, client_id: int | None
) -> User:
    """Refused where the e-mail belongs to a user of another role or account."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        return _register(email, Role(role or Role.ADMIN), reseller_id, client_id)
    asked = {"role": role, "reseller_id": reseller_id, "client_id": client_id}
    found = {"role": user.role, "reseller_id": user.reseller_id, "client_id": user.client_id}
    if any(value not in {None, found[name]} for name, value in asked.items()):
        raise Conflict(f"{describe(user)}, is known already: ask for that, or use another e-mail")
    return user


def _register(email: str, role: Role, reseller_id: int | None, client_id: int | None) -> User:
    """A client's reseller follows from the client; who names no account gets the first there is."""
    if role is Role.CLIENT and client_id is None:
        clients = Client.objects.filter(**({"reseller_id": reseller_id} if reseller_id else {}))
        client_id = _first_id(clients, "client")
    if role in {Role.ADMIN, Role.SELLER} and reseller_id is None:
        reseller_id = _first_id(Reseller.objects.all(), "reseller")
    return register_user(email=email, role=role, reseller_id=reseller_id, client_id=client_id)


def _first_id(accounts: "QuerySet[Client] | QuerySet[Reseller]", noun: str) -> int:
    found = accounts.order_by("pk").values_list("pk", flat=True).first()
    if found is None:
        raise InvalidInput(
            f"the book has no {noun} yet: load one, or make a key with --role operator",
            field=noun,
        )
    return int(found)


def _account(user: User) -> str | None:
    account = user.client or user.reseller
    return None if account is None else f"{account.pk} {account.company_name}"


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "live" if key.user.is_active else "user inactive"


def _now() -> datetime:
    return datetime.now(tz=UTC)
