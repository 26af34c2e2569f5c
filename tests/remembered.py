"""What many tests begin with is made once by the program and put back as rows afterwards.

The rows that the services made are kept as PostgreSQL tells them, and the objects beside them as
copies; nothing of it is written by hand.
"""

import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar

from django.db import connection, transaction
from psycopg import sql

Given = TypeVar("Given")
_INSERT: Final = re.compile(r'INSERT INTO "(\w+)"')
_NOTED: list[Counter[str]] = []
"""How many rows went into each table, for whoever is making something now."""
_KEPT: dict[tuple[str, Callable[[], Any]], "_Kept"] = {}


@dataclass(frozen=True)
class _Kept:
    """What a maker gave, and the rows of each table that it wrote to."""

    given: Any
    rows: dict[str, bytes]


def remembered(make: Callable[[], Given]) -> Callable[[], Given]:
    """Run ``make`` once for each database; later calls write the same rows, with the same ids.

    It is run again as long as the tables it writes to held something before.
    """

    @wraps(make)
    def made_or_put_back() -> Given:
        key = (connection.settings_dict["NAME"], make)
        with transaction.atomic():
            if key not in _KEPT:
                return _made(key, make)
            kept = _KEPT[key]
            for table, rows in kept.rows.items():
                _copy_in(table, rows)
                for noted in _NOTED:
                    noted[table] += rows.count(b"\n")
        given: Given = deepcopy(kept.given)
        return given

    return made_or_put_back


def _made(key: tuple[str, Callable[[], Any]], make: Callable[[], Given]) -> Given:
    inserts: Counter[str] = Counter()
    _NOTED.append(inserts)

    def note(execute: Callable[..., Any], statement: Any, *rest: Any) -> Any:
        if inserted := _INSERT.match(str(statement)):
            inserts[inserted[1]] += 1
        return execute(statement, *rest)

    try:
        with connection.execute_wrapper(note):
            given = make()
    finally:
        _NOTED.pop()
    if all(_count(table) == made for table, made in inserts.items()):
        rows = {table: _copy_out(table) for table in inserts}
        _KEPT[key] = _Kept(deepcopy(given), rows)
    return given


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        return int(cursor.fetchone()[0])


def _copy_out(table: str) -> bytes:
    statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return b"".join(map(bytes, copy))


def _copy_in(table: str, rows: bytes) -> None:
    statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows)
