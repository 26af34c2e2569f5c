"""``/calc-rules``: how a quantity and a price become an amount."""

from typing import Final

from django.db.models import QuerySet

from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.ordering import Ordering
from tollbook.api.paths import read_id
from tollbook.api.shapes import INTEGER_SCHEMA, TEXT_SCHEMA, Field, Shape, plain, words
from tollbook.api.views import ListView
from tollbook.catalog.models import CalcRule
from tollbook.catalog.rules import CalcRuleType
from tollbook.catalog.selectors import find_in_catalogue, visible_catalogue
from tollbook.clients.viewer import Viewer

TAG: Final = "calc_rules"
CALC_RULE_TYPES: Final = (
    "`commit`: a fixed fee a month for a committed quantity; `overcommit`: what goes beyond it; "
    "`stepped`: each slice of the quantity at its own stage's price; `staged`: the whole quantity "
    "at the price of the stage that it reaches; `commit_hourly`: a quantity owed every hour."
)

CALC_RULE: Final = Shape(
    "CalcRule",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field("name", TEXT_SCHEMA, plain("name"), "Its name for people."),
        Field("rule_type", words(CalcRuleType), plain("rule_type"), CALC_RULE_TYPES),
    ),
    "A named way from a quantity and a price to an amount.",
    {"id": 4, "name": "Volume prices", "rule_type": "staged"},
)


class CalcRules(ListView):
    """The list of calc rules."""

    shape = CALC_RULE
    ordering = Ordering(
        {name: name for name in ("id", "name", "rule_type")}, default=("id",), key="id"
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[CalcRule]:
        """All calc rules."""
        return visible_catalogue(viewer, CalcRule)


class CalcRuleItem(ItemView):
    """One calc rule."""

    shape = CALC_RULE
    operations = read_operation(
        CALC_RULE, "v1_calc_rules_retrieve", TAG, "Read a calc rule", "One rule by its number."
    )

    def find(self, text: str) -> CalcRule:
        """The calc rule."""
        return find_in_catalogue(self.viewer, CalcRule, read_id(text))


CalcRules.operations = list_operation(
    CalcRules,
    "v1_calc_rules_list",
    TAG,
    "List calc rules",
    "The rules by which plan items are priced, by number where no order is asked.",
    mistake={"limit": ["This is less than 1."]},
)
