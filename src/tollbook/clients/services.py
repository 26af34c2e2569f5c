"""Registering users, making and revoking API keys; a secret is shown once, its hash is kept."""

import hashlib
import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tollbook.clients.models import ApiKey, Client, Reseller, User
from tollbook.clients.rules import Role
from tollbook.kernel.errors import Conflict, InvalidInput, NotFound


def register_user(
    *, email: str, role: Role, reseller_id: int | None = None, client_id: int | None = None
) -> User:
    """Add a user; an admin or seller needs a reseller, a client's user a client."""
    _check_email(email)
    client = _find_client(client_id) if role is Role.CLIENT else None
    if client is None and client_id is not None:
        raise InvalidInput(f"the role {role} belongs to no client", field="client")
    if role is Role.OPERATOR and reseller_id is not None:
        raise InvalidInput("an operator belongs to no reseller", field="reseller")
    if client is not None and reseller_id not in {None, client.reseller_id}:
        raise InvalidInput(f"client {client_id} is not of reseller {reseller_id}", field="reseller")
    reseller = client.reseller if client else None
    if role in {Role.ADMIN, Role.SELLER}:
        reseller = _find_reseller(reseller_id)
    user = User(email=email, role=role, reseller=reseller, client=client)
    user.set_unusable_password()
    user.save()
    return user


def issue_api_key(
    *, user: User, now: datetime, expires_at: datetime | None = None, label: str = ""
) -> tuple[ApiKey, str]:
    """Make a key for ``user``; returns its row and the text ``<id>$<secret>``, never seen again."""
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("a key must expire in the future", field="expires")
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        user=user, label=label, secret_hash=hash_secret(secret), expires_at=expires_at
    )
    return key, f"{key.id}${secret}"


def revoke_api_key(*, key_id: int, now: datetime) -> ApiKey:
    """Make the key useless from ``now`` on; revoking twice keeps the first moment."""
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        raise NotFound(f"there is no key {key_id}", field="id")
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=("revoked_at",))
    return key


def hash_secret(secret: str) -> str:
    """SHA-256 in hex: the secret has 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput(f"{email!r} is no e-mail address", field="email") from error
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(f"{email} is known already", field="email")


def _find_client(client_id: int | None) -> Client:
    client = Client.objects.filter(pk=client_id or 0).first()
    if client is None:
        raise NotFound(f"there is no client {client_id}", field="client")
    return client


def _find_reseller(reseller_id: int | None) -> Reseller:
    reseller = Reseller.objects.filter(pk=reseller_id or 0).first()
    if reseller is None:
        raise NotFound(f"there is no reseller {reseller_id}", field="reseller")
    return reseller
