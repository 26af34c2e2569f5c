"""``ResellerCredits``: what moved bonus credits, with running balances."""

from typing import Any, Final

from django.db.models import CharField, DecimalField, F, Q, QuerySet, RowRange, Sum, Value, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from tollbook.catalog.models import ProductCategory
from tollbook.clients.selectors import clients_seen_by
from tollbook.credits.models import Operation
from tollbook.credits.rules import Account
from tollbook.kernel.periods import day_start
from tollbook.reports.comparison import Comparison
from tollbook.reports.dataset import Dataset, facts_of, make_columns, read_names
from tollbook.reports.parameters import Parameter, ParameterType
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.asked import CLIENT_ID, CURRENCY, DATE_FROM, DATE_TO, PRODUCT_ID
from tollbook.reports.templates.credit_columns import EACH_OPERATION
from tollbook.reports.templates.template import ReportTemplate
from tollbook.reports.versions import rows_seen

_COMPARISON: Final = Comparison(
    identity=("client_id", "operation_id", "account", "currency"),
    amounts=("debit", "credit"),
    currency="currency",
    quantities=("balance",),
)
_EXACT: "Final[DecimalField[Any, Any]]" = DecimalField(max_digits=38, decimal_places=12)
_NOTHING: Final = Value(0, output_field=_EXACT)
_POT: Final = ("client_id", "unit_code", "service", "acc")
"""What has a balance of its own; the report is in this order, and in each by time."""
_TIME: Final = ("action__applying_at", "action__created_at", "id")
"""The order of operations in a pot: the id decides between those of one moment."""

ACCOUNT: Final = Parameter(
    name="account",
    type=ParameterType.STRING,
    enum=tuple(Account.values),
    description="Only operations on this account; every action's both sides by default.",
)


def answer_reseller_credits(question: Question, snapshot: Snapshot) -> Dataset:
    """The operations that take effect in the range, of actions that were not taken back."""
    operations = _operations(question)
    facts = facts_of(EACH_OPERATION)
    told = operations.annotate(**_FACTS)
    seen = rows_seen(snapshot, told, [fact for fact in facts if fact not in _COMPUTED])
    found = _of_range(told.annotate(balance=_BALANCE), question)
    names = read_names(EACH_OPERATION, question.viewer, snapshot)
    batches = snapshot.batches(found.order_by(*_POT, *_TIME).values_list(*facts))
    return Dataset(
        columns=tuple(each.column for each in EACH_OPERATION),
        amounts=_COMPARISON.amounts,
        currency=_COMPARISON.currency,
        records=seen.rows,
        data_version=f"{seen.rows} credit operations {seen.text}",
        batches=make_columns(batches, EACH_OPERATION, names),
    )


def _operations(question: Question) -> QuerySet[Operation]:
    """Every operation of the pots asked for, up to the end of the range: balances need them."""
    values = question.values
    narrowed = {
        "client_id": values["client_id"],
        "unit_code": values["currency"],
        "acc": values["account"],
    }
    given = {name: value for name, value in narrowed.items() if value is not None}
    found = Operation.objects.filter(
        clients_seen_by(question.viewer, "client__"),
        action__deleted=False,
        action__applying_at__lt=day_start(question.days.end),
        **given,
    )
    product_id = values["product_id"]
    return found.filter(_good_for(product_id)) if isinstance(product_id, int) else found


def _good_for(product_id: int) -> Q:
    """Credits for everything, or for the category of the product."""
    ours = ProductCategory.objects.filter(product__id=product_id)
    return Q(service="") | Q(service__in=ours.values("name"))


def _of_range(operations: QuerySet[Operation], question: Question) -> QuerySet[Operation]:
    """Leave out what was before the range, but only once balances are made.

    No balance is null; naming it makes Django put the whole condition around the window function
    instead of before it.
    """
    since = day_start(question.days.start)
    return operations.filter(Q(action__applying_at__gte=since) | Q(balance=None))


_FACTS: Final[dict[str, Any]] = {
    "reseller_id": F("client__reseller_id"),
    "currency": F("unit_code"),
    "account": F("acc"),
    "applying_at": F("action__applying_at"),
    "created_at": F("action__created_at"),
    "type": F("action__type_code"),
    "object_type": F("action__object_type"),
    "object_id": F("action__object_id"),
    "comment": KeyTextTransform("comment", "action__details_json"),
    "credit_id": Cast(Coalesce("action__parent_id", "action_id"), CharField()),
    "action_text": Cast("action_id", CharField()),
    "operation_id": Cast("id", CharField()),
}
_COMPUTED: Final = frozenset({"balance"})
_BALANCE: Final = Window(
    Sum(Coalesce("debit", _NOTHING) - Coalesce("credit", _NOTHING)),
    partition_by=[F(name) for name in _POT],
    order_by=[F(name).asc() for name in _TIME],
    frame=RowRange(start=None, end=0),
    output_field=_EXACT,
)

RESELLER_CREDITS: Final = ReportTemplate(
    id=3,
    code="ResellerCredits",
    name_en="Reseller credits",
    description=(
        "What moved bonus credits in a range of days, operation by operation, with the balance of "
        "each account after it."
    ),
    parameters=(DATE_FROM, DATE_TO, CLIENT_ID, PRODUCT_ID, CURRENCY, ACCOUNT),
    layouts={"operation": tuple(each.column for each in EACH_OPERATION)},
    answer=answer_reseller_credits,
    comparisons={"operation": _COMPARISON},
)
