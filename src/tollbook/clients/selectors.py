"""Who is asking, and which clients they may know of."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from tollbook.clients.models import ApiKey, Client, User
from tollbook.clients.rules import Role
from tollbook.clients.services import hash_secret
from tollbook.clients.viewer import Viewer

_LAST_USE_STEP: Final = timedelta(minutes=1)
_LONGEST_ID: Final = 18
"""Digits of a key's number; a longer one names no key."""

_KEY_COLUMNS: Final = tuple(field.attname for field in ApiKey._meta.concrete_fields)  # noqa: SLF001
_USER_COLUMNS: Final = tuple(field.attname for field in User._meta.concrete_fields)  # noqa: SLF001
_SHOWN: Final = ", ".join(
    [f"key.{name} AS key_{name}" for name in _KEY_COLUMNS]
    + [f"caller.{name}" for name in _USER_COLUMNS]
)
_FIND_KEY: Final = f"""
WITH live AS (
    SELECT {_SHOWN} FROM clients_apikey key JOIN clients_user caller ON caller.id = key.user_id
    WHERE key.id = %(id)s AND key.secret_hash = %(hash)s AND caller.is_active
      AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > %(now)s)
), noted AS (
    UPDATE clients_apikey SET last_used_at = %(now)s FROM live
    WHERE clients_apikey.id = live.key_id
      AND (live.key_last_used_at IS NULL OR live.key_last_used_at <= %(before)s)
)
SELECT * FROM live
"""  # noqa: S608


def find_api_key(text: str, *, now: datetime) -> ApiKey | None:
    """The live key that ``<id>$<secret>`` names, with its user, or none; notes its last use.

    All in one statement, as every request waits for it.
    """
    number, _, secret = text.partition("$")
    if not (number.isascii() and number.isdigit() and secret) or len(number) > _LONGEST_ID:
        return None
    asked: dict[str, Any] = {
        "id": int(number),
        "hash": hash_secret(secret),
        "now": now,
        "before": now - _LAST_USE_STEP,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND_KEY, asked)
        row = cursor.fetchone()
    if row is None:
        return None
    key = ApiKey.from_db(None, _KEY_COLUMNS, row[: len(_KEY_COLUMNS)])
    key.user = User.from_db(None, _USER_COLUMNS, row[len(_KEY_COLUMNS) :])
    return key


def viewer_of(user: User) -> Viewer:
    """The user as the rules of sight take it."""
    return Viewer(
        user_id=user.pk,
        role=Role(user.role),
        reseller_id=user.reseller_id,
        client_id=user.client_id,
    )


def visible_clients(viewer: Viewer) -> QuerySet[Client]:
    """The clients that the viewer may know of, and no others."""
    return Client.objects.filter(clients_seen_by(viewer))


def clients_seen_by(viewer: Viewer, prefix: str = "") -> Q:
    """The condition on rows that reach a client by ``prefix`` (such as ``client__``)."""
    match viewer.role:
        case Role.OPERATOR:
            return Q()
        case Role.ADMIN:
            return Q(**{f"{prefix}reseller_id": viewer.reseller_id})
        case Role.SELLER:
            return Q(
                **{
                    f"{prefix}reseller_id": viewer.reseller_id,
                    f"{prefix}seller_id": viewer.user_id,
                }
            )
        case Role.CLIENT:
            return Q(**{f"{prefix}pk": viewer.client_id})
