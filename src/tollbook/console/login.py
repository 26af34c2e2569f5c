"""The login form: an operator's e-mail address and password, and a wait after many mistakes."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from tollbook.clients.models import User
from tollbook.console.rules import may_enter
from tollbook.console.services import begin_login, forget_failures, forget_old_failures


class OperatorLoginForm(AuthenticationForm):  # type: ignore[misc]  # the library has no types
    """Says the same of a wrong password, an unknown address and a user who is no operator."""

    error_messages: ClassVar[dict[str, str]] = {
        "invalid_login": "This is not the e-mail address and password of an operator.",
        "inactive": "This is not the e-mail address and password of an operator.",
        "locked": "Too many failed logins with this e-mail address. Try again in a minute.",
    }

    def clean(self) -> dict[str, Any]:
        """Count the attempt, then look at the password."""
        email, now = self.cleaned_data.get("username"), datetime.now(UTC)
        counted = bool(email and self.cleaned_data.get("password"))
        if counted and not begin_login(email=email, now=now):
            raise ValidationError(self.error_messages["locked"], code="locked")
        cleaned: dict[str, Any] = super().clean()
        if counted:
            forget_failures(email=email)
            forget_old_failures(now=now)
        return cleaned

    def confirm_login_allowed(self, user: User) -> None:
        """Only operators come in."""
        if not may_enter(user):
            raise self.get_invalid_login_error()
