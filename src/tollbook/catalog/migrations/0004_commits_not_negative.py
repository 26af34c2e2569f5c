"""A plan item offers nothing or a commit, never less than nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_country_zone"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="planitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("default_value__gte", 0)),
                name="default_value_not_negative",
            ),
        ),
    ]
