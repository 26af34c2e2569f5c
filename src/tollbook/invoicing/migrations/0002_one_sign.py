import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_country_zone"),
        ("clients", "0002_one_user_for_an_email"),
        ("invoicing", "0001_closing"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="invoice",
            name="invoice_amounts",
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount_tax__gte", 0),
                    ("amount_untaxed__gte", 0),
                    (
                        "amount_total",
                        django.db.models.expressions.CombinedExpression(
                            models.F("amount_untaxed"), "+", models.F("amount_tax")
                        ),
                    ),
                ),
                name="invoice_amounts",
            ),
        ),
    ]
