"""How a test that commits leaves the database: only what holds something is emptied.

Django's own flush truncates every table and then makes content types and permissions anew, which
takes longer than most tests.
"""

from typing import Final

from django.db import connection

_EMPTY: Final = """
DO $$
DECLARE
    each text;
    holds boolean;
    doomed text[] := ARRAY[]::text[];
BEGIN
    FOR each IN
        SELECT format('%I.%I', nspname, relname)
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind = 'r' AND relpersistence = 'p' AND nspname = current_schema()
            AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || each || ')' INTO holds;
        IF holds THEN
            doomed := doomed || each;
        END IF;
    END LOOP;
    IF doomed <> ARRAY[]::text[] THEN
        EXECUTE 'TRUNCATE ' || array_to_string(doomed, ', ') || ' CASCADE';
    END IF;
END $$
"""


def empty_tables() -> None:
    """Remove every row but those that Django itself keeps about tables."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
