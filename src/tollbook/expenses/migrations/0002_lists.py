"""Indexes for the filters of lists, and how many expenses there are of each day, always exact."""

from django.db import migrations, models

# Few columns, all of few values: PostgreSQL keeps equal entries once, so each of these takes about
# seven bytes a row, and a list is counted by day without a look at the table.
INDEXES = """
ALTER TABLE expenses_expense DROP CONSTRAINT expenses_expense_pkey;
ALTER TABLE expenses_expense
    ADD PRIMARY KEY (id, for_date) INCLUDE (reseller_id, client_id, deleted);
DROP INDEX expense_by_client;
CREATE INDEX expense_by_client ON expenses_expense (client_id, for_date, id) INCLUDE (deleted);
CREATE INDEX expense_by_day ON expenses_expense (for_date, id);
CREATE INDEX expense_by_payer ON expenses_expense (payer_id, for_date, deleted);
CREATE INDEX expense_by_addendum ON expenses_expense (addendum_id, for_date, deleted);
CREATE INDEX expense_by_subscription ON expenses_expense (subscription_id, for_date, deleted);
CREATE INDEX expense_by_plan ON expenses_expense (plan_id, reseller_id, for_date, deleted);
CREATE INDEX expense_by_product ON expenses_expense (product_id, reseller_id, for_date, deleted);
CREATE INDEX expense_by_feature ON expenses_expense (feature_id, reseller_id, for_date, deleted);
CREATE INDEX expense_by_region ON expenses_expense (region_id, reseller_id, for_date, deleted);
CREATE INDEX expense_by_metric ON expenses_expense (metric_id, reseller_id, for_date, deleted);
CREATE INDEX expense_by_currency ON expenses_expense
    (currency_id, reseller_id, for_date, deleted);
CREATE INDEX expense_by_product_category ON expenses_expense
    (product_category_id, reseller_id, for_date, deleted);
CREATE INDEX expense_by_discount ON expenses_expense (discount_id, for_date, deleted)
    WHERE discount_id IS NOT NULL;
CREATE INDEX expense_by_creation ON expenses_expense (created_at, reseller_id, for_date, deleted);
"""
NO_INDEXES = """
DROP INDEX expense_by_day, expense_by_payer, expense_by_addendum, expense_by_subscription,
    expense_by_plan, expense_by_product, expense_by_feature, expense_by_region,
    expense_by_metric, expense_by_currency, expense_by_product_category, expense_by_discount,
    expense_by_creation, expense_by_client;
CREATE INDEX expense_by_client ON expenses_expense (client_id, for_date, id);
ALTER TABLE expenses_expense DROP CONSTRAINT expenses_expense_pkey;
ALTER TABLE expenses_expense ADD PRIMARY KEY (id, for_date);
"""

# Every statement appends what it changed, so that writers never wait for each other; the sum of
# all rows is what a transaction sees of the table. Statements that name a partition itself are not
# heard: what writes so (load_new_months) appends its own.
COUNTS = """
CREATE FUNCTION expenses_count_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO expenses_daycount (for_date, reseller_id, deleted, expenses)
        SELECT for_date, reseller_id, deleted, count(*) FROM added GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO expenses_daycount (for_date, reseller_id, deleted, expenses)
        SELECT for_date, reseller_id, deleted, -count(*) FROM removed GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO expenses_daycount (for_date, reseller_id, deleted, expenses)
        SELECT for_date, reseller_id, deleted, sum(change) FROM (
            SELECT for_date, reseller_id, deleted, 1 AS change FROM added
            UNION ALL
            SELECT for_date, reseller_id, deleted, -1 FROM removed
        ) AS changes GROUP BY 1, 2, 3 HAVING sum(change) <> 0;
    ELSE
        DELETE FROM expenses_daycount;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER expense_days_added AFTER INSERT ON expenses_expense
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION expenses_count_days();
CREATE TRIGGER expense_days_removed AFTER DELETE ON expenses_expense
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION expenses_count_days();
CREATE TRIGGER expense_days_changed AFTER UPDATE ON expenses_expense
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION expenses_count_days();
CREATE TRIGGER expense_days_emptied AFTER TRUNCATE ON expenses_expense
    FOR EACH STATEMENT EXECUTE FUNCTION expenses_count_days();
INSERT INTO expenses_daycount (for_date, reseller_id, deleted, expenses)
SELECT for_date, reseller_id, deleted, count(*) FROM expenses_expense GROUP BY 1, 2, 3;
"""
NO_COUNTS = """
DROP TRIGGER expense_days_added ON expenses_expense;
DROP TRIGGER expense_days_removed ON expenses_expense;
DROP TRIGGER expense_days_changed ON expenses_expense;
DROP TRIGGER expense_days_emptied ON expenses_expense;
DROP FUNCTION expenses_count_days;
"""


class Migration(migrations.Migration):
    dependencies = [("expenses", "0001_initial")]

    operations = [
        migrations.RunSQL(INDEXES, NO_INDEXES),
        migrations.CreateModel(
            name="DayCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("for_date", models.DateField()),
                ("reseller_id", models.IntegerField()),
                ("deleted", models.BooleanField()),
                ("expenses", models.BigIntegerField()),
            ],
            options={"ordering": ("id",)},
        ),
        migrations.RunSQL(COUNTS, NO_COUNTS),
    ]
