"""Counts by product, its category and currency beside those by day, and an index for amounts.

A count of a product's expenses read an index entry for each of them: of ten million, hundreds of
milliseconds. The index by currency has no use any more: a currency is a large part of all rows.
"""

from django.db import migrations, models

KEYS = "for_date, reseller_id, deleted, product_id, product_category_id, currency_id"
COUNTS = f"""
CREATE OR REPLACE FUNCTION expenses_count_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH changes AS (
            SELECT {KEYS}, count(*) AS expenses FROM added GROUP BY {KEYS}
        ), products AS (
            INSERT INTO expenses_productcount ({KEYS}, expenses)
            SELECT {KEYS}, expenses FROM changes
        )
        INSERT INTO expenses_daycount (for_date, reseller_id, deleted, expenses)
        SELECT for_date, reseller_id, deleted, sum(expenses) FROM changes GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        WITH changes AS (
            SELECT {KEYS}, -count(*) AS expenses FROM removed GROUP BY {KEYS}
        ), products AS (
            INSERT INTO expenses_productcount ({KEYS}, expenses)
            SELECT {KEYS}, expenses FROM changes
        )
        INSERT INTO expenses_daycount (for_date, reseller_id, deleted, expenses)
        SELECT for_date, reseller_id, deleted, sum(expenses) FROM changes GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'UPDATE' THEN
        WITH changes AS (
            SELECT {KEYS}, sum(change) AS expenses FROM (
                SELECT {KEYS}, 1 AS change FROM added
                UNION ALL
                SELECT {KEYS}, -1 FROM removed
            ) AS both_ways GROUP BY {KEYS} HAVING sum(change) <> 0
        ), products AS (
            INSERT INTO expenses_productcount ({KEYS}, expenses)
            SELECT {KEYS}, expenses FROM changes
        )
        INSERT INTO expenses_daycount (for_date, reseller_id, deleted, expenses)
        SELECT for_date, reseller_id, deleted, sum(expenses) FROM changes
        GROUP BY 1, 2, 3 HAVING sum(expenses) <> 0;
    ELSE
        DELETE FROM expenses_productcount;
        DELETE FROM expenses_daycount;
    END IF;
    RETURN NULL;
END
$$;
INSERT INTO expenses_productcount ({KEYS}, expenses)
SELECT {KEYS}, count(*) FROM expenses_expense GROUP BY {KEYS};
"""  # noqa: S608
INDEXES = """
DROP INDEX expense_by_currency;
CREATE INDEX expense_by_money ON expenses_expense (money_value, id)
    INCLUDE (for_date, reseller_id, client_id, deleted);
"""
NO_INDEXES = """
DROP INDEX expense_by_money;
CREATE INDEX expense_by_currency ON expenses_expense
    (currency_id, reseller_id, for_date, deleted);
"""


class Migration(migrations.Migration):
    dependencies = [("expenses", "0003_part_marks")]

    operations = [
        migrations.CreateModel(
            name="ProductCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("for_date", models.DateField()),
                ("reseller_id", models.IntegerField()),
                ("deleted", models.BooleanField()),
                ("product_id", models.IntegerField()),
                ("product_category_id", models.IntegerField()),
                ("currency_id", models.IntegerField()),
                ("expenses", models.BigIntegerField()),
            ],
            options={"ordering": ("id",)},
        ),
        migrations.RunSQL(COUNTS),
        migrations.RunSQL(INDEXES, NO_INDEXES),
    ]
