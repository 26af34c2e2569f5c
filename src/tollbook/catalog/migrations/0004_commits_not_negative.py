"""A plan item offers nothing or a commit, never less than nothing."""

from typing import Any, Final

from django.db import migrations, models

from tollbook.kernel.errors import Conflict

_MEND: Final = "UPDATE catalog_planitem SET default_value = 0 WHERE default_value < 0"


def check_offers(apps: Any, schema_editor: Any) -> None:
    """Name the rows of an older book that the constraint would stumble over."""
    items = apps.get_model("catalog", "PlanItem").objects
    below = items.using(schema_editor.connection.alias).filter(default_value__lt=0)
    numbers = list(below.order_by("pk").values_list("pk", flat=True))
    if numbers:
        named = ", ".join(map(str, numbers[:20])) + (", …" if len(numbers) > 20 else "")
        raise Conflict(
            f"{len(numbers)} plan items have a default value below zero: {named}. This version "
            "takes none such. Set each to what is offered or to 0, and migrate again; in SQL: "
            + _MEND
        )


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_country_zone"),
    ]

    operations = [
        migrations.RunPython(check_offers, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="planitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("default_value__gte", 0)),
                name="default_value_not_negative",
            ),
        ),
    ]
