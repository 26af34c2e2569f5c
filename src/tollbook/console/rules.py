"""Who may enter the admin site, and when too many wrong passwords shut it for a while."""

from datetime import datetime, timedelta
from typing import Any, Final

from tollbook.clients.rules import Role

FAILURES_AT_ONCE: Final = 10
LOCKED_FOR: Final = timedelta(minutes=1)
FORGOTTEN_AFTER: Final = timedelta(days=1)
LONGEST_EMAIL: Final = 254


def may_enter(user: Any) -> bool:
    """Operators with a seat in the staff, and nobody else; takes an anonymous visitor too."""
    if not user.is_authenticated:
        return False
    return bool(user.is_active and user.is_staff and user.role == Role.OPERATOR)


def is_locked(*, failures: int, last_at: datetime, now: datetime) -> bool:
    """Whether the next attempt must wait: after every ten failures, for a minute."""
    return failures > 0 and failures % FAILURES_AT_ONCE == 0 and now - last_at < LOCKED_FOR
