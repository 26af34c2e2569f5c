"""What each role may do."""

from typing import Final

from django.db.models import TextChoices


class Role(TextChoices):
    """Who a user is to the book."""

    OPERATOR = "operator", "operator"
    ADMIN = "admin", "reseller's admin"
    SELLER = "seller", "reseller's seller"
    CLIENT = "client", "client, read-only"


MAY_WRITE: Final = frozenset({Role.OPERATOR, Role.ADMIN, Role.SELLER})
"""Roles that may submit, cancel and delete reports; a client's key only reads."""
