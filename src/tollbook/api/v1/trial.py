"""A trial on the wire."""

from collections.abc import Callable
from typing import Any, Final

from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    TEXT_SCHEMA,
    Field,
    Shape,
    moment,
    nested,
    nested_list,
    nullable,
    plain,
)
from tollbook.api.v1.short_forms import ACTIVE_RANGE, PLAN_SHORT, PRODUCT_SHORT, UNIT
from tollbook.contracts.rules import LARGEST_LIMIT

LIMIT_SCHEMA: Final = {"type": "integer", "minimum": 0, "maximum": LARGEST_LIMIT}

CUSTOMER_SHORT: Final = Shape(
    "CustomerCommonShort",
    (
        Field("id", {**INTEGER_SCHEMA, "minimum": 1}, plain("id")),
        Field("company_name", TEXT_SCHEMA, plain("company_name"), "The company's name."),
    ),
    "A client.",
)
FEATURE_EXTERNAL: Final = Shape(
    "FeatureCommonExternal",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field("name", TEXT_SCHEMA, plain("name"), "What is measured and priced."),
    ),
    "A feature of a product.",
)


def _type(column: str) -> Callable[[Any], Any]:
    return lambda option: getattr(option.option_type, column)


def _trial(column: str) -> Callable[[Any], Any]:
    return lambda at: getattr(at.trial, column)


TRIAL_OPTION: Final = Shape(
    "TrialOptionForOrgSerializerV1",
    (
        Field(
            "internal_name",
            TEXT_SCHEMA,
            _type("internal_name"),
            "Its name for programs: the field that changes it in a `PATCH`.",
        ),
        Field("name", TEXT_SCHEMA, _type("name"), "Its name for people."),
        Field(
            "description",
            TEXT_SCHEMA,
            _type("description"),
            "What it means; empty where the name says it all.",
        ),
        nested("unit", UNIT, _type("unit"), "What its values count."),
        Field("value", LIMIT_SCHEMA, plain("value"), "How much the trial gives."),
        Field("used_value", LIMIT_SCHEMA, plain("used_value"), "How much has been used."),
        Field(
            "remaining_value",
            LIMIT_SCHEMA,
            plain("remaining_value"),
            "How much is left; 0 where more was used than given.",
        ),
        Field(
            "is_limit",
            {"type": "boolean"},
            _type("is_limit"),
            "Whether using it up ends the trial; where not, only what goes beyond is charged.",
        ),
        nested("feature", FEATURE_EXTERNAL, _type("feature"), "What it makes free."),
    ),
    "How much of one thing a trial gives.",
)
TRIAL: Final = Shape(
    "TrialForOrgSerializerV1",
    (
        Field("id", INTEGER_SCHEMA, _trial("id")),
        Field(
            "client_id",
            nullable(INTEGER_SCHEMA),
            _trial("client_id"),
            "The client whose trial it is; null for a base trial.",
        ),
        nested(
            "client",
            CUSTOMER_SHORT,
            _trial("client"),
            "The same client with its name; null for a base trial.",
            empty=True,
        ),
        nested("product", PRODUCT_SHORT, _trial("product"), "What may be tried."),
        nested(
            "plan",
            PLAN_SHORT,
            _trial("plan"),
            "The plan whose usage is free meanwhile; null for any plan of the product.",
            empty=True,
        ),
        Field("days_limit", LIMIT_SCHEMA, _trial("days_limit"), "For how many days it may run."),
        nested_list(
            "active_ranges",
            ACTIVE_RANGE,
            plain("ranges"),
            "When it ran, runs or will run, the earliest first; empty before it is started.",
        ),
        Field(
            "created_at",
            MOMENT_SCHEMA,
            lambda at: moment("created_at")(at.trial),
            "When it was written down.",
        ),
        nested_list("options", TRIAL_OPTION, plain("options"), "What it gives, by internal name."),
        Field(
            "remaining_duration",
            LIMIT_SCHEMA,
            plain("remaining_duration"),
            "How many whole days of `days_limit` are left now, whatever is left of the options; "
            "only time inside `active_ranges` counts.",
        ),
        Field(
            "is_trial_skipped",
            {"type": "boolean"},
            plain("is_trial_skipped"),
            "Whether the client went without the trial; false again once it has begun after all.",
        ),
    ),
    "Free use of a product for some days or up to a limit, whichever ends first. Without a client "
    "it is the product's base trial: what a new client is offered.",
    {
        "id": 12,
        "client_id": 1005,
        "client": {"id": 1005, "company_name": "Juniper Weather s.r.o."},
        "product": {"id": 1, "name": "CDN", "internal_name": "CDN"},
        "plan": {"id": 11, "name": "CDN Start"},
        "days_limit": 14,
        "active_ranges": [
            {"start": "2026-09-25T23:00:00.000000Z", "end": "2026-09-27T23:00:00.000000Z"},
            {"start": "2026-09-29T23:00:00.000000Z", "end": "2026-10-01T23:00:00.000000Z"},
        ],
        "created_at": "2026-06-09T09:09:18.000000Z",
        "options": [
            {
                "internal_name": "CDN_TRIAL_TRAFFIC_LIMIT",
                "name": "Traffic",
                "description": "",
                "unit": {"id": 2, "name": "GB", "internal_name": "GB"},
                "value": 1000,
                "used_value": 780,
                "remaining_value": 220,
                "is_limit": True,
                "feature": {"id": 101, "name": "Delivery traffic"},
            }
        ],
        "remaining_duration": 10,
        "is_trial_skipped": False,
    },
)
