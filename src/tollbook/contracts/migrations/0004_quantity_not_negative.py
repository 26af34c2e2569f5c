"""Nobody commits to less than nothing."""

from typing import Any, Final

from django.db import migrations, models

from tollbook.kernel.errors import Conflict

_MEND: Final = "UPDATE contracts_subscription SET quantity = 0 WHERE quantity < 0"


def check_quantities(apps: Any, schema_editor: Any) -> None:
    """Name the rows of an older book that the constraint would stumble over."""
    subscriptions = apps.get_model("contracts", "Subscription").objects
    below = subscriptions.using(schema_editor.connection.alias).filter(quantity__lt=0)
    numbers = list(below.order_by("pk").values_list("pk", flat=True))
    if numbers:
        named = ", ".join(map(str, numbers[:20])) + (", …" if len(numbers) > 20 else "")
        raise Conflict(
            f"{len(numbers)} subscriptions have a quantity below zero: {named}. This version takes "
            "none such. Set each to what was agreed or to 0, and migrate again; in SQL: " + _MEND
        )


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0003_stops"),
    ]

    operations = [
        migrations.RunPython(check_quantities, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 0)),
                name="subscription_quantity_not_negative",
            ),
        ),
    ]
