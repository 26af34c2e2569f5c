"""Lists of row numbers: which rows of a result a question finds, kept beside the result.

So a question costs a look at its columns once; every page after that is found at once, however
deep. A list lies in the result's own folder, so it goes when the result goes.
"""

import hashlib
import json
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.fs as pafs
import structlog

from tollbook.api.pagination import Window
from tollbook.api.slots import ROW_LISTS, Busy
from tollbook.filetasks.opened import OpenedResult
from tollbook.filetasks.results import result_store
from tollbook.results.conditions import Condition, Order
from tollbook.results.selecting import select_rows
from tollbook.storage.files import FileStore, StorageUnavailable

_SUFFIX: Final = ".rows"
_MOST_LISTS: Final = 64
"""Of one result; a new one takes the place of another."""
_TOP: Final = 1_000
"""So many rows an order of all rows finds at first: the top is found faster than the whole."""
_COUNT_BYTES: Final = 8
_NUMBER_BYTES: Final = 4
_LONGEST_WAIT: Final = 30.0
_LOOK_SECONDS: Final = 0.05

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class FoundRows:
    """How many rows there are, and the numbers of those of the page."""

    count: int
    numbers: Sequence[int]


def find_rows(
    opened: OpenedResult, conditions: Sequence[Condition], orders: Sequence[Order], window: Window
) -> FoundRows:
    """The rows of one page; ``Busy`` where too many such questions are new at once."""
    rows = opened.result.rows
    if not conditions and not orders:
        return FoundRows(rows, range(rows)[window.offset : window.offset + window.limit])
    store, key = result_store(), _key(opened, conditions, orders)
    if (found := _kept(store, key, window)) is not None:
        return found
    end = time.monotonic() + _LONGEST_WAIT
    while (give_back := ROW_LISTS.take()) is None:
        if time.monotonic() > end:
            raise Busy("Too many rows are sorted and filtered now; try again.")
        time.sleep(_LOOK_SECONDS)
    try:
        if (found := _kept(store, key, window)) is not None:
            return found
        return _made(store, key, opened, conditions, orders, window)
    finally:
        give_back()


def _made(
    store: FileStore,
    key: str,
    opened: OpenedResult,
    conditions: Sequence[Condition],
    orders: Sequence[Order],
    window: Window,
) -> FoundRows:
    only_top = not conditions and window.offset + window.limit <= _TOP
    path = store.path(opened.task.result_key) if is_near(store) else None
    numbers = array("I")
    limit = _TOP if only_top else None
    for found in select_rows(opened.result, conditions, orders, path=path, limit=limit):
        numbers.frombytes(_bytes_of(found))
    count = opened.result.rows if only_top else len(numbers)
    try:
        _keep(store, key, count, numbers)
    except StorageUnavailable as error:
        _log.warning("row_list_not_kept", error=str(error))
    return FoundRows(count, numbers[window.offset : window.offset + window.limit])


def is_near(store: FileStore) -> bool:
    """Whether the store is a folder of this machine."""
    return isinstance(store.filesystem, pafs.LocalFileSystem)


def _keep(store: FileStore, key: str, count: int, numbers: "array[int]") -> None:
    with store.writing(key) as file:
        file.write(count.to_bytes(_COUNT_BYTES, "little"))
        file.write(memoryview(numbers).cast("B"))
    for other in _too_many(store, key):
        store.delete(other)


def _too_many(store: FileStore, key: str) -> Iterator[str]:
    folder = key.rpartition("/")[0]
    lists = [each for each in store.keys(folder) if each.endswith(_SUFFIX) and each != key]
    yield from lists[: max(0, len(lists) + 1 - _MOST_LISTS)]


def _kept(store: FileStore, key: str, window: Window) -> FoundRows | None:
    """What a kept list says of the page; none where there is no list, or it ends before."""
    try:
        with store.open(key) as file:
            count = int.from_bytes(file.read_at(_COUNT_BYTES, 0), "little")
            kept = (file.size() - _COUNT_BYTES) // _NUMBER_BYTES
            wanted = range(count)[window.offset : window.offset + window.limit]
            if len(wanted) and wanted[-1] >= kept:
                return None
            begin = _COUNT_BYTES + _NUMBER_BYTES * window.offset
            numbers = array("I")
            numbers.frombytes(file.read_at(_NUMBER_BYTES * len(wanted), begin) if wanted else b"")
    except FileNotFoundError:
        return None
    return FoundRows(count, numbers)


def _key(opened: OpenedResult, conditions: Sequence[Condition], orders: Sequence[Order]) -> str:
    asked = [
        [[each.column.key, each.operator, *map(str, each.values)] for each in conditions],
        [[each.column.key, each.descending] for each in orders],
    ]
    name = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]
    folder = opened.task.result_key.rpartition("/")[0]
    return f"{folder}/{opened.task.result_digest[:16]}-{name}{_SUFFIX}"


def _bytes_of(numbers: pa.Array) -> bytes:
    whole = pa.concat_arrays([numbers]) if numbers.offset else numbers
    return bytes(whole.buffers()[1])[: _NUMBER_BYTES * len(whole)]
