"""Single rows of results, whose files stay open for the next page of who browses them."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from tollbook.api.row_lists import is_near
from tollbook.filetasks.opened import OpenedResult
from tollbook.filetasks.results import result_store
from tollbook.results.columns import Column
from tollbook.results.few_rows import RowPicker
from tollbook.results.result_file import ResultFile

_MOST_OPEN: Final = 4
_lock: Final = threading.Lock()
_open: Final[OrderedDict[str, RowPicker]] = OrderedDict()


def pick_rows(
    opened: OpenedResult, numbers: Sequence[int], columns: Sequence[Column]
) -> list[dict[str, Any]]:
    """The rows of those numbers, in that order, by the keys of the columns."""
    if not numbers or not columns:
        return []
    picker = _picker_of(opened)
    found: list[dict[str, Any]] = picker.pick(numbers, [each.key for each in columns]).to_pylist()
    return found


def _picker_of(opened: OpenedResult) -> RowPicker:
    """The picker of the result; where its pages lie is read once, not for every page of rows."""
    key = f"{opened.task.result_key} {opened.task.result_digest}"
    with _lock:
        if known := _open.get(key):
            _open.move_to_end(key)
            return known
    store = result_store()
    made = ResultFile(store.open(opened.task.result_key)).picker(is_near=is_near(store))
    with _lock:
        _open[key] = made
        while len(_open) > _MOST_OPEN:
            _open.popitem(last=False)
    return made
