"""A region and a product asked for together are counted by one index."""

from django.db import migrations

WITH_PRODUCT = """
DROP INDEX expense_by_region;
CREATE INDEX expense_by_region ON expenses_expense (region_id, reseller_id, for_date, deleted)
    INCLUDE (product_id);
"""
WITHOUT = """
DROP INDEX expense_by_region;
CREATE INDEX expense_by_region ON expenses_expense (region_id, reseller_id, for_date, deleted);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("expenses", "0005_months"),
    ]

    operations = [
        migrations.RunSQL(WITH_PRODUCT, WITHOUT),
    ]
