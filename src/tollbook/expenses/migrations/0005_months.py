"""States of months, used credit as an expense, and corrections by the period that they correct."""

import django.db.models.deletion
from django.db import migrations, models

# A day may correct many days of closed months, so for a correction the period is part of what it
# is; of anything else there is one live row for each identity, whatever writes at the same time.
IDENTITY = """
ALTER TABLE expenses_expense DROP CONSTRAINT expenses_expense_kind_check;
ALTER TABLE expenses_expense ADD CONSTRAINT expenses_expense_kind_check
    CHECK (kind IN ('usage', 'fee', 'correction', 'credit'));
DROP INDEX expense_live_once;
CREATE UNIQUE INDEX expense_live_once ON expenses_expense (
    addendum_id, plan_item_id, region_id, for_date, kind,
    (CASE WHEN kind = 'correction' THEN period_start END)
) NULLS NOT DISTINCT WHERE NOT deleted;
"""
FORMER_IDENTITY = """
ALTER TABLE expenses_expense DROP CONSTRAINT expenses_expense_kind_check;
ALTER TABLE expenses_expense ADD CONSTRAINT expenses_expense_kind_check
    CHECK (kind IN ('usage', 'fee', 'correction'));
DROP INDEX expense_live_once;
CREATE UNIQUE INDEX expense_live_once ON expenses_expense
    (addendum_id, plan_item_id, region_id, for_date, kind) WHERE NOT deleted;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0001_initial"),
        ("expenses", "0004_product_counts"),
    ]

    operations = [
        migrations.RunSQL(IDENTITY, FORMER_IDENTITY),
        migrations.AlterField(
            model_name="expense",
            name="kind",
            field=models.CharField(
                choices=[
                    ("usage", "usage"),
                    ("fee", "fixed fee"),
                    ("correction", "correction of a closed month"),
                    ("credit", "bonus credit used"),
                ],
                default="usage",
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="RatedCorrection",
            fields=[
                ("expense_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("month", models.DateField()),
                ("reseller_id", models.IntegerField()),
            ],
            options={
                "ordering": ("expense_id",),
                "indexes": [
                    models.Index(fields=["month", "reseller_id"], name="rated_correction_of_month")
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthState",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("month", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("Open", "open"),
                            ("Closing", "being closed"),
                            ("Closed", "closed"),
                        ],
                        default="Open",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("closed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "segment_key",
                    models.CharField(editable=False, max_length=255, null=True, unique=True),
                ),
                ("segment_digest", models.CharField(editable=False, max_length=64, null=True)),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="months",
                        to="clients.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ("month", "reseller"),
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "month"), name="month_state_once"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["Open", "Closing", "Closed"])),
                        name="month_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)),
                        name="month_state_is_of_its_first_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("status", "Closed")),
                            models.Q(
                                models.Q(("status", "Closed"), _negated=True), ("closed_at", None)
                            ),
                            _connector="OR",
                        ),
                        name="month_is_closed_at_a_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("segment_digest", None), ("segment_key", None)),
                            models.Q(
                                ("segment_digest__isnull", False),
                                ("segment_digest__regex", "^[0-9a-f]{64}$"),
                                ("segment_key__isnull", False),
                                ("status", "Closed"),
                            ),
                            _connector="OR",
                        ),
                        name="month_is_sealed_once_closed",
                    ),
                ],
            },
        ),
    ]
