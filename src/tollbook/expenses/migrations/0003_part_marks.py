"""A mark for every change of what stands inside expenses, so that processes may keep what they read.

The sum of all marks that a query sees is the same for two queries only where they see the same
changes, as each mark is random. Writers only append, so that they never wait for each other; one
in sixty-four adds up what others have appended, which leaves the sum as it is.
"""

from django.db import migrations, models

TABLES = (
    "catalog_currency",
    "catalog_feature",
    "catalog_metric",
    "catalog_plan",
    "catalog_planitem",
    "catalog_product",
    "catalog_productcategory",
    "catalog_statisticregion",
    "catalog_unit",
    "clients_client",
    "contracts_addendum",
    "contracts_discount",
)
FUNCTION = """
CREATE FUNCTION expenses_mark_part_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO expenses_partmark (mark)
    VALUES (('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint);
    IF random() * 64 < 1 THEN
        WITH folded AS (
            DELETE FROM expenses_partmark
            WHERE id IN (SELECT id FROM expenses_partmark FOR UPDATE SKIP LOCKED)
            RETURNING mark
        )
        INSERT INTO expenses_partmark (mark) SELECT sum(mark) FROM folded HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END
$$;
INSERT INTO expenses_partmark (mark)
VALUES (('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint);
"""
TRIGGER = """
CREATE TRIGGER part_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION expenses_mark_part_change();
"""
NO_TRIGGER = "DROP TRIGGER part_changed ON {table};"


class Migration(migrations.Migration):
    dependencies = [
        ("expenses", "0002_lists"),
        ("catalog", "0003_country_zone"),
        ("clients", "0001_initial"),
        ("contracts", "0002_trials"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("mark", models.DecimalField(decimal_places=0, max_digits=38)),
            ],
            options={"ordering": ("id",)},
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION expenses_mark_part_change;"),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), NO_TRIGGER.format(table=table))
            for table in TABLES
        ),
    ]
