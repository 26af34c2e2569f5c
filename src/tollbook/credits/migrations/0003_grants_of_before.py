"""Credits that were given before there were grants: what was agreed stands in their details."""

from django.db import migrations

GRANTS_OF_BEFORE = """
INSERT INTO credits_grant
    (action_id, client_id, unit_code, amount, valid_from, valid_to, comment)
SELECT action_id, client_id, unit_code, debit, applying_at,
    (details_json->>'valid_to')::timestamptz,
    coalesce(details_json->>'comment', details_json->>'reason', '')
FROM credits_action JOIN credits_operation ON action_id = credits_action.id
WHERE type_code = 'bonus.credit' AND acc = 'bonus.active' AND debit > 0
    AND coalesce((details_json->>'valid_to')::timestamptz > applying_at, true)
ON CONFLICT DO NOTHING;
INSERT INTO credits_grant_categories (grant_id, productcategory_id)
SELECT credits_grant.action_id, catalog_productcategory.id
FROM credits_grant
JOIN credits_action ON credits_action.id = credits_grant.action_id
JOIN catalog_productcategory
    ON details_json->'product_categories' @> to_jsonb(catalog_productcategory.id)
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("credits", "0002_grants"),
    ]

    operations = [
        migrations.RunSQL(GRANTS_OF_BEFORE, migrations.RunSQL.noop),
    ]
