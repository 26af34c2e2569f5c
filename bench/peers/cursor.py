"""psycopg's server-side cursor and orjson, without Django's models in between."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson
from django.db import connection, transaction

from bench.peers.rows import chosen_values
from bench.span import Span
from tollbook.results.columns import Column

_AT_ONCE: Final = 5_000


def write_json(span: Span, columns: Sequence[Column], file: Path) -> None:
    """``{"headers": […], "rows": [[…]]}``, a few thousand rows at a time."""
    sql, parameters = chosen_values(span, columns).query.sql_with_params()
    connection.ensure_connection()
    with (
        transaction.atomic(),
        connection.connection.cursor(name="expenses") as cursor,
        file.open("wb") as opened,
    ):
        cursor.itersize = _AT_ONCE
        cursor.execute(sql, parameters)
        headers = orjson.dumps([column.header for column in columns])
        opened.write(b'{"headers":' + headers + b',"rows":[')
        between = b""
        while rows := cursor.fetchmany(_AT_ONCE):
            opened.write(between + orjson.dumps(rows, default=str)[1:-1])
            between = b","
        opened.write(b"]}")
