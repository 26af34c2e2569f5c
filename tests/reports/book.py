"""A small book whose every amount is known, and the way from a question to rows."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from auditlog.context import disable_auditlog

from tests.remembered import remembered
from tollbook.catalog.models import (
    CalcRule,
    Currency,
    Feature,
    Metric,
    Plan,
    PlanItem,
    Product,
    ProductCategory,
    StatisticRegion,
    Unit,
)
from tollbook.clients.models import Client, Payer, Reseller, User
from tollbook.clients.rules import Role
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Addendum
from tollbook.expenses.models import Expense
from tollbook.expenses.services import ensure_month_partitions
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import OpenedResult, open_result
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import run_file_task
from tollbook.kernel.periods import DateRange
from tollbook.reports.services import submit_report, write_report

ODD_NAME = "=cmd|' /C calc'!A1, \"Åse\" <&> #x $y$ 北"
MONTHS = DateRange(date(2026, 9, 1), date(2026, 12, 1))
OCTOBER = {"date_from": "2026-10-01", "date_to": "2026-11-01"}


@dataclass(frozen=True)
class Book:
    """North sells to Fjord (by its seller) and Brook, South to Sand."""

    operator: Viewer
    admin: Viewer
    seller: Viewer
    client: Viewer
    stranger: Viewer
    fjord: Client
    brook: Client
    sand: Client
    usd: Currency
    eur: Currency
    items: dict[str, PlanItem] = field(default_factory=dict)
    regions: dict[str, StatisticRegion] = field(default_factory=dict)


@remembered
@disable_auditlog()
def open_book() -> Book:
    """Make everything but expenses, as if it had always been there: no history of it is kept."""
    ensure_month_partitions(MONTHS)
    north = Reseller.objects.create(company_name="North")
    south = Reseller.objects.create(company_name="South")
    seller = _user("seller@example.com", Role.SELLER, reseller=north)
    fjord = _client(north, ODD_NAME, seller=seller)
    usd = Currency.objects.create(char_code="USD", number_code=840, name_en="US Dollar")
    eur = Currency.objects.create(char_code="EUR", number_code=978, name_en="Euro")
    return Book(
        operator=viewer_of(_user("operator@example.com", Role.OPERATOR)),
        admin=viewer_of(_user("admin@example.com", Role.ADMIN, reseller=north)),
        seller=viewer_of(seller),
        client=viewer_of(_user("client@example.com", Role.CLIENT, reseller=north, client=fjord)),
        stranger=viewer_of(_user("stranger@example.com", Role.ADMIN, reseller=south)),
        fjord=fjord,
        brook=_client(north, "Brook"),
        sand=_client(south, "Sand of South"),
        usd=usd,
        eur=eur,
        items={name: _plan_item(name) for name in ("CDN", "Storage")},
        regions={name: new_region(name) for name in ("Europe", "Asia")},
    )


def add_expense(
    book: Book,
    client: Client,
    day: date,
    money: str,
    *,
    discount: str = "0",
    tax: str = "0",
    item: str = "CDN",
    region: str = "Europe",
    currency: Currency | None = None,
    **changes: Any,
) -> Expense:
    """One expense of ``client`` for ``day``, each under an addendum of its own."""
    plan_item, start = book.items[item], datetime(day.year, day.month, day.day, tzinfo=UTC)
    currency = currency or book.usd
    product = plan_item.plan.product
    addendum = Addendum.objects.create(
        client=client, plan=plan_item.plan, currency=currency, status="active"
    )
    facts: dict[str, Any] = {
        "reseller_id": client.reseller_id,
        "payer_id": client.payer_id,
        "addendum": addendum,
        "plan": plan_item.plan,
        "plan_item": plan_item,
        "product": product,
        "product_category": product.category,
        "feature": plan_item.feature,
        "metric": plan_item.feature.metric,
        "region": book.regions[region],
        "unit": plan_item.unit,
        "calc_rule_type": "stepped",
        "period_start": start,
        "period_end": start + timedelta(days=1),
        "usage": Decimal(3),
        "money_value": Decimal(money),
        "discount_value": Decimal(discount),
        "tax_rate": Decimal(20),
        "tax_value": Decimal(tax),
    }
    return Expense.objects.create(
        client=client, for_date=day, currency=currency, **(facts | changes)
    )


def submit(
    viewer: Viewer,
    *,
    request_id: UUID | None = None,
    template_code: str = "ResellerExpenses",
    **parameters: Any,
) -> FileTask:
    """Ask for expenses, of October unless the parameters say otherwise."""
    return submit_report(
        viewer=viewer,
        template_code=template_code,
        parameters=OCTOBER | parameters,
        request_id=request_id or uuid4(),
        now=datetime.now(UTC),
    )


def open_report(viewer: Viewer, uuid: UUID, now: datetime) -> OpenedResult:
    """The result of a report."""
    return open_result(viewer, uuid, TaskType.REPORT, now=now)


def opened(viewer: Viewer, **parameters: Any) -> OpenedResult:
    """Ask, work, and open the result, through everything that a worker goes through."""
    task = submit(viewer, **parameters)
    run_file_task(task.uuid, work=write_report)
    return open_report(viewer, task.uuid, datetime.now(UTC))


def rows_of(viewer: Viewer, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of the answer, by column key."""
    report = opened(viewer, **parameters)
    try:
        return [row for batch in report.result.batches() for row in batch.to_pylist()]
    finally:
        report.close()


def _user(email: str, role: Role, **belongs_to: Any) -> User:
    user = User(email=email, role=role, **belongs_to)
    user.set_unusable_password()
    user.save()
    return user


def _client(reseller: Reseller, name: str, **more: Any) -> Client:
    payer = Payer.objects.create(reseller=reseller, company_name=f"{name}, payer", tax_rate=20)
    return Client.objects.create(reseller=reseller, payer=payer, company_name=name, **more)


def _plan_item(name: str) -> PlanItem:
    unit = Unit.objects.create(internal_name=f"{name}_gb", name=f"GB of {name}")
    metric = Metric.objects.create(internal_name=name, ext_name=name, unit=unit)
    category = ProductCategory.objects.create(name=f"{name} things")
    product = Product.objects.create(internal_name=name, name_en=name, category=category)
    feature = Feature.objects.create(
        product=product, internal_name=name, name=f"{name} traffic", metric=metric
    )
    plan = Plan.objects.create(product=product, name=f"{name} Pro")
    rule = CalcRule.objects.create(name="Stepped", rule_type="stepped")
    return PlanItem.objects.create(plan=plan, feature=feature, calc_rule=rule, unit=unit)


def new_region(name: str) -> StatisticRegion:
    """A region that usage is counted in."""
    return StatisticRegion.objects.create(uuid=uuid4(), int_name=name.lower(), ext_name=name)
