"""``/accounting/credits``: bonus credits that were given, and giving one more; ours."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.bodies import StrictJson
from tollbook.api.filters import Filter, any_of, field
from tollbook.api.items import list_operation
from tollbook.api.kinds import INTEGER, MOMENT, TEXT, UUID_VALUE
from tollbook.api.members import (
    AMOUNT_SCHEMA,
    ID_SCHEMA,
    IDS_SCHEMA,
    Member,
    members_schema,
    read_amount,
    read_id,
    read_ids,
    read_members,
    read_moment_text,
    read_text,
    text_schema,
)
from tollbook.api.operations import (
    BODY_REFUSED,
    JSON,
    Answer,
    Operation,
    detail,
    field_errors,
    json_body,
)
from tollbook.api.ordering import Ordering
from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    MONEY_SCHEMA,
    TEXT_SCHEMA,
    UUID_SCHEMA,
    Field,
    Shape,
    moment,
    moment_or_null,
    money,
    nested_list,
    nullable,
    plain,
    text,
    words,
)
from tollbook.api.v1.short_forms import PRODUCT_CATEGORY_SHORT
from tollbook.api.v1.task_list import REQUEST_ID_HEADER, read_request_id
from tollbook.api.views import ListView
from tollbook.clients.viewer import Viewer
from tollbook.credits.models import Grant
from tollbook.credits.rules import CreditStatus
from tollbook.credits.selectors import GrantAt, find_grant, visible_grants
from tollbook.credits.services import LONGEST_COMMENT, check_may_grant, grant_credit

TAG: Final = "accounting"
COMPONENT: Final = "GrantCreditRequest"
EXAMPLE: Final = {
    "client_id": 1001,
    "amount": "100.00",
    "currency": "EUR",
    "valid_from": "2026-11-01",
    "valid_to": "2027-02-01",
    "product_categories": [1],
    "comment": "welcome",
}
BONUS_CREDIT: Final = Shape(
    "BonusCredit",
    (
        Field("id", UUID_SCHEMA, text("pk"), "The action that gave it; what `parent` names."),
        Field("client_id", INTEGER_SCHEMA, plain("client_id"), "The client whose credit it is."),
        Field("unit_code", TEXT_SCHEMA, plain("unit_code"), "The currency's code."),
        Field("amount", MONEY_SCHEMA, money("amount"), "How much was given."),
        Field("left", MONEY_SCHEMA, money("left"), "How much of it may still be spent."),
        Field("spent", MONEY_SCHEMA, money("spent"), "How much of it paid for expenses."),
        Field("expired", MONEY_SCHEMA, money("expired"), "How much of it was lost."),
        Field(
            "valid_from",
            MOMENT_SCHEMA,
            moment("valid_from"),
            "It pays for the months that its time touches.",
        ),
        Field(
            "valid_to",
            nullable(MOMENT_SCHEMA),
            moment_or_null("valid_to"),
            "When what is left of it expires; null for never.",
        ),
        nested_list(
            "product_categories",
            PRODUCT_CATEGORY_SHORT,
            lambda grant: grant.categories.all(),
            "What it is good for; empty for everything.",
        ),
        Field("comment", TEXT_SCHEMA, plain("comment"), "Why it was given."),
        Field(
            "status",
            words(CreditStatus),
            plain("status"),
            "Where it stands now: `upcoming`, `active`, all `used`, `expired`, or `taken_back`.",
        ),
        Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When it was given."),
    ),
    "A bonus credit that was given to a client, and what became of it.",
    {
        "id": "97a05755-885f-58a8-abe2-b9d94f308983",
        "client_id": 1008,
        "unit_code": "EUR",
        "amount": "50.000000000000",
        "left": "0.000000000000",
        "spent": "24.781894554596",
        "expired": "25.218105445404",
        "valid_from": "2026-08-01T07:00:00.000001Z",
        "valid_to": "2026-09-15T07:00:00.000001Z",
        "product_categories": [{"id": 1, "name": "Content delivery"}],
        "comment": "welcome",
        "status": "expired",
        "created_at": "2026-08-01T07:04:30.000001Z",
    },
)
MEMBERS: Final = (
    Member("client_id", ID_SCHEMA, read_id, "Who gets it.", required=True),
    Member(
        "amount",
        AMOUNT_SCHEMA,
        read_amount,
        "How much: more than 0, with at most 12 decimals.",
        required=True,
    ),
    Member(
        "currency",
        {"type": "string", "pattern": "^[A-Z]{3}$"},
        read_text,
        "The currency's code; it pays for expenses in it.",
        required=True,
    ),
    Member(
        "valid_from",
        MOMENT_SCHEMA,
        read_moment_text,
        "From when it is good; now where nothing is said.",
    ),
    Member(
        "valid_to", MOMENT_SCHEMA, read_moment_text, "When what is left of it expires; else never."
    ),
    Member(
        "product_categories",
        IDS_SCHEMA,
        read_ids,
        "The ids of the product categories that it is good for; else everything.",
    ),
    Member("comment", text_schema(LONGEST_COMMENT), read_text, "Why it is given."),
)


class Credits(ListView):
    """The list of credits, and giving one more."""

    shape = BONUS_CREDIT
    parser_classes = (StrictJson,)
    filters = (
        Filter("client_id", INTEGER, any_of("client_id"), "Of one of these clients.", several=True),
        Filter(
            "company_name",
            TEXT,
            field("client__company_name__icontains"),
            "The client's name contains this, in any case.",
        ),
        Filter("id", UUID_VALUE, field("pk"), "With this id."),
        Filter("unit_code", TEXT, field("unit_code"), "In the currency of this code."),
        Filter("valid_to__from", MOMENT, field("valid_to__gte"), "Ends at this moment or later."),
        Filter("valid_to__to", MOMENT, field("valid_to__lte"), "Ends at this moment or earlier."),
    )
    ordering = Ordering(
        {
            "amount": "amount",
            "client_id": "client_id",
            "created_at": "action__created_at",
            "left": "left",
            "valid_from": "valid_from",
            "valid_to": "valid_to",
        },
        default=("-action__created_at",),
        key="pk",
    )

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the list and of the request."""
        words_on_it = "What is given, to whom, until when and what for."
        return {**super().components(), COMPONENT: members_schema(MEMBERS, words_on_it, EXAMPLE)}

    def check_writer(self) -> None:
        """Refuse giving to all but the operator."""
        check_may_grant(self.viewer)

    def queryset_for(self, viewer: Viewer) -> QuerySet[Grant]:
        """The credits of the viewer's clients."""
        return visible_grants(viewer)

    def rows(self, items: Sequence[Grant]) -> list[dict[str, Any]]:
        """The credits, all as they stand at one moment."""
        now = timezone.now()
        return super().rows([GrantAt(item, now) for item in items])

    def post(self, request: Request) -> Response:
        """Give the credit and answer it; the same ``Request-Id`` finds it again."""
        now = timezone.now()
        given = grant_credit(
            viewer=self.viewer,
            **{"valid_from": now, **read_members(request.data, MEMBERS)},
            request_id=read_request_id(request),
            now=now,
        )
        shown = BONUS_CREDIT.row(GrantAt(find_grant(self.viewer, given.pk), now))
        return Response(shown, status=201, headers={"Request-Id": str(given.pk)})


Credits.operations = {
    **list_operation(
        Credits,
        "v1_accounting_credits_list",
        TAG,
        "List bonus credits",
        "The credits that were given to your clients, with what is left of each; the latest first "
        "where no order is asked.",
        mistake={"valid_to__from": ["There is no such day."]},
    ),
    "post": Operation(
        "v1_accounting_credits_create",
        TAG,
        "Give a bonus credit",
        "Gives a client a credit that pays for expenses when months are closed: before tax, what "
        "expires first is used first, then what is limited to product categories, then the "
        "oldest. Only the operator may do this. Send a `Request-Id` of your own to be free to "
        "repeat the call.",
        {
            201: Answer(
                "The credit.",
                {JSON: BONUS_CREDIT.reference},
                headers={
                    "Request-Id": {
                        "description": "Its `id`.",
                        "required": True,
                        "schema": UUID_SCHEMA,
                    }
                },
            ),
            400: field_errors(
                "The body is no JSON, or a field of it cannot be taken.",
                {"valid_to": ["This is not after valid_from."]},
            ),
            409: detail(
                "The `Request-Id` belongs to another credit.",
                "the request id 0d5ff8ba-7f3f-4d0a-9c5e-0a3f6d0f5f11 belongs to another credit",
            ),
            **BODY_REFUSED,
        },
        parameters=(REQUEST_ID_HEADER,),
        request=json_body(COMPONENT),
    ),
}
