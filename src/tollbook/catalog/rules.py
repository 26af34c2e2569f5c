"""Closed sets of the catalogue, named as the published API names them."""

from django.db.models import TextChoices


class CalcRuleType(TextChoices):
    """How a quantity and a price become an amount."""

    COMMIT = "commit", "commit"
    OVERCOMMIT = "overcommit", "overcommit"
    STEPPED = "stepped", "stepped"
    STAGED = "staged", "staged"
    COMMIT_HOURLY = "commit_hourly", "commit_hourly"


class RoundOperation(TextChoices):
    """Which way usage is rounded to a multiple."""

    CEIL = "ceil", "ceil"
    FLOOR = "floor", "floor"


class CountryZone(TextChoices):
    """The zone that tax and prices go by."""

    RU = "RU", "Russia"
    EU = "EU", "the European Union"
    OTHER = "OTHER", "everywhere else"
