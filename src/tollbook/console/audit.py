"""Who changed what: the tables whose changes are kept, and who is asking at the moment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any, Final

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.conf import settings
from django.db.models import Model
from django.db.models.signals import pre_save
from django.http import HttpRequest

from tollbook.catalog import models as catalog
from tollbook.clients import models as clients
from tollbook.contracts import models as contracts

_UNTOLD: Final[Mapping[type[Model], frozenset[str]]] = {
    clients.User: frozenset({"last_login"}),
    clients.ApiKey: frozenset({"secret_hash", "last_used_at"}),
}
_HIDDEN: Final[Mapping[type[Model], list[str]]] = {clients.User: ["password"]}
"""Columns of which only the fact of a change is kept."""

_MANY: Final[Mapping[type[Model], frozenset[str]]] = {catalog.PlanItem: frozenset({"regions"})}

AUDITED: Final[tuple[type[Model], ...]] = (
    clients.Reseller,
    clients.Payer,
    clients.Client,
    clients.User,
    clients.ApiKey,
    catalog.Currency,
    catalog.Country,
    catalog.Region,
    catalog.Unit,
    catalog.Metric,
    catalog.ProductCategory,
    catalog.Product,
    catalog.StatisticRegion,
    catalog.Feature,
    catalog.CalcRule,
    catalog.RoundingRule,
    catalog.Plan,
    catalog.PlanItem,
    catalog.Price,
    catalog.PriceStage,
    contracts.Addendum,
    contracts.Subscription,
    contracts.Discount,
    contracts.TrialOptionType,
    contracts.Trial,
    contracts.TrialRange,
    contracts.TrialOption,
)
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@contextmanager
def asked_by(request: HttpRequest) -> Iterator[None]:
    """Changes in the block are those of the user of ``request``, as far as it has one by then."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def keep_changes() -> None:
    """Have every change of the audited tables written down, whoever makes it."""
    for table in AUDITED:
        auditlog.register(
            table,
            include_fields=[
                field.name
                for field in table._meta.concrete_fields  # noqa: SLF001
                if field.name not in _UNTOLD.get(table, frozenset())
            ],
            mask_fields=list(_HIDDEN.get(table, [])),
            mask_callable="tollbook.console.audit.hide",
            m2m_fields=_MANY.get(table, frozenset()),
        )
    pre_save.connect(_note_who, sender=LogEntry, dispatch_uid="tollbook.console.audit")


def hide(_value: str) -> str:
    """What is kept of a secret."""
    return "hidden"


def _note_who(instance: LogEntry, **_: Any) -> None:
    request = _request.get()
    if request is None or instance.pk is not None:
        return
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        instance.actor_id, instance.actor_email = user.pk, user.email
    instance.remote_addr = _address_of(request)
    instance.cid = request.META.get("tollbook.request_id")


def _address_of(request: HttpRequest) -> str | None:
    """The caller's; behind a proxy the one that the proxy saw, which stands last."""
    text = request.META.get("REMOTE_ADDR", "")
    if settings.USE_X_FORWARDED_HOST:
        text = request.META.get("HTTP_X_FORWARDED_FOR", text).rpartition(",")[2].strip()
    try:
        return str(ip_address(text))
    except ValueError:
        return None
