"""Letting operators in: their passwords, and the count of wrong ones."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from tollbook.clients.models import User
from tollbook.clients.rules import Role
from tollbook.console.models import LoginFailures
from tollbook.console.rules import FORGOTTEN_AFTER, LONGEST_EMAIL, is_locked
from tollbook.kernel.errors import Conflict, InvalidInput, NotFound


def set_operator_password(*, email: str, password: str) -> User:
    """Give an operator a password and with it the way into the admin site."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise NotFound(f"there is no user {email}", field="email")
    if user.role != Role.OPERATOR:
        raise Conflict(f"{user.email} is a {user.role}: the admin site is for operators")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="password") from error
    user.set_password(password)
    user.is_staff = True
    user.save(update_fields=("password", "is_staff"))
    forget_failures(email=user.email)
    return user


def begin_login(*, email: str, now: datetime) -> bool:
    """Count an attempt as failed until it has worked; False where it has to wait.

    It is counted before the password is looked at, so that attempts at the same time count too.
    """
    with transaction.atomic():
        found, _ = LoginFailures.objects.select_for_update().get_or_create(
            email=_counted_as(email), defaults={"last_at": now}
        )
        if is_locked(failures=found.failures, last_at=found.last_at, now=now):
            return False
        if now - found.last_at >= FORGOTTEN_AFTER:
            found.failures = 0
        found.failures += 1
        found.last_at = now
        found.save()
    return True


def forget_failures(*, email: str) -> None:
    """Begin anew after a login that worked."""
    LoginFailures.objects.filter(email=_counted_as(email)).delete()


def forget_old_failures(*, now: datetime) -> None:
    """Drop what counts no more, so that made-up addresses do not pile up."""
    LoginFailures.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()


def _counted_as(email: str) -> str:
    """The address that the user is known by, however it is written; of nobody's, as much as fits.

    The ledger finds a user in any case of letters, and knows more of cases than Python does: each
    way of writing an address must not begin a count of its own.
    """
    known = User.objects.filter(email__iexact=email).values_list("email", flat=True).first()
    return (known or email).lower()[:LONGEST_EMAIL]
