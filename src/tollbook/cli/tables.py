"""Which tables of a database are the book's own; what else lies there belongs to others.

The functions that take a connection know nothing of Django.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

FILLED_BY_MIGRATE: Final = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "expenses_partmark"}
)
"""Tables that have rows in a book that nobody has used yet."""
MADE_AGAIN: Final = frozenset({"reports_readymonth"})
"""Tables whose rows are made again any time; they are empty in backups, as are their files."""

_TABLES: Final = """
SELECT DISTINCT tree.relid::oid AS oid, child.relname, child.relispartition
FROM pg_class root, pg_partition_tree(root.oid) tree, pg_class child
WHERE root.relnamespace = 'public'::regnamespace AND root.relkind = 'p'
  AND root.relname = ANY(%(tables)s) AND child.oid = tree.relid
UNION ALL
SELECT oid, relname, relispartition FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY(%(tables)s)
ORDER BY relname
"""
_SEQUENCES: Final = """
SELECT DISTINCT sequence.relname
FROM pg_attrdef preset
JOIN pg_depend needs ON needs.classid = 'pg_attrdef'::regclass AND needs.objid = preset.oid
JOIN pg_class sequence ON needs.refclassid = 'pg_class'::regclass
  AND sequence.oid = needs.refobjid AND sequence.relkind = 'S'
WHERE preset.adrelid = ANY(%(oids)s) AND sequence.relnamespace = 'public'::regnamespace
ORDER BY 1
"""
_FUNCTIONS: Final = """
SELECT DISTINCT
  format('public.%%I(%%s)', proname, pg_get_function_identity_arguments(function.oid)),
  pg_get_functiondef(function.oid)
FROM pg_trigger fires
JOIN pg_proc function ON function.oid = fires.tgfoid
WHERE NOT fires.tgisinternal AND fires.tgrelid = ANY(%(oids)s)
  AND function.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (
    SELECT 1 FROM pg_trigger other
    WHERE other.tgfoid = function.oid AND NOT other.tgrelid = ANY(%(oids)s)
  )
ORDER BY 1
"""
_FOREIGN: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT relispartition AND NOT relname = ANY(%(tables)s)
  AND NOT EXISTS (
    SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
      AND deptype = 'e'
  )
ORDER BY relname
"""


@dataclass(frozen=True)
class OwnObjects:
    """What the book has in a database: tables with their partitions, and what these need."""

    tables: Sequence[str]
    partitions: Sequence[str]
    sequences: Sequence[str]
    functions: Sequence[str]
    """Signatures."""
    definitions: Sequence[str]
    """Of the functions, as SQL."""


def list_own_tables() -> list[str]:
    """The tables that this version knows; needs Django ready."""
    from django.db import connection  # noqa: PLC0415  Django must be ready

    return sorted({*FILLED_BY_MIGRATE, *connection.introspection.django_table_names()})


def find_own_objects(connection: psycopg.Connection[Any], tables: Sequence[str]) -> OwnObjects:
    """Those of ``tables`` that are there, and all that was made for them."""
    found = connection.execute(_TABLES, {"tables": list(tables)}).fetchall()
    oids = {"oids": [oid for oid, _, _ in found]}
    functions = connection.execute(_FUNCTIONS, oids).fetchall()
    return OwnObjects(
        tables=[name for _, name, is_partition in found if not is_partition],
        partitions=[name for _, name, is_partition in found if is_partition],
        sequences=[name for (name,) in connection.execute(_SEQUENCES, oids)],
        functions=[signature for signature, _ in functions],
        definitions=[definition for _, definition in functions],
    )


def list_foreign_tables(connection: psycopg.Connection[Any], tables: Sequence[str]) -> list[str]:
    """Tables and views beside ours, which belong to others."""
    found = connection.execute(_FOREIGN, {"tables": list(tables)}).fetchall()
    return [name for (name,) in found]


def count_rows(connection: psycopg.Connection[Any], tables: Sequence[str]) -> dict[str, int]:
    """The rows of each of ``tables`` that is there."""
    counts = {}
    for table in find_own_objects(connection, tables).tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))
        counts[table] = connection.execute(query).fetchall()[0][0]
    return counts


def drop_statements(own: OwnObjects) -> str:
    """SQL that removes them, and fails where something of others needs them."""
    named = [("TABLE", own.tables), ("SEQUENCE", own.sequences)]
    lines = [
        f"DROP {kind} IF EXISTS {', '.join(map(quoted, names))};\n"
        for kind, names in named
        if names
    ]
    if own.functions:
        lines.append(f"DROP FUNCTION IF EXISTS {', '.join(own.functions)};\n")
    return "".join(lines)


def quoted(name: str) -> str:
    """The full name of a table or sequence of ours, as SQL and as a pattern of ``pg_dump``."""
    escaped = name.replace('"', '""')
    return f'public."{escaped}"'
