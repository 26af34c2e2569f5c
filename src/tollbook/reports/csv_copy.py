"""The CSV of a result, kept while its digest is taken: so it is made once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeAlias

import pyarrow as pa
import structlog

from tollbook.storage.files import FileStore, StorageUnavailable

Lines: TypeAlias = bytes | pa.Buffer
_log = structlog.get_logger(__name__)


@contextmanager
def keeping_csv(store: FileStore, key: str | None) -> Iterator[Callable[[Lines], None]]:
    """Write the lines that are told under ``key``, all or none; none is written without a key.

    A store that has no room for it fails nobody: the download is made from the result then.
    """
    copy = _Copy(store, key) if key else None
    try:
        yield copy.write if copy else _forget
    except BaseException as error:
        if copy:
            copy.give_up(error)
        raise
    if copy:
        copy.finish()


class _Copy:
    def __init__(self, store: FileStore, key: str) -> None:
        self._file = ExitStack()
        self._sink: Any = None
        with self._forgiving():
            self._sink = self._file.enter_context(store.writing(key))

    def write(self, lines: Lines) -> None:
        if self._sink is not None:
            with self._forgiving():
                self._sink.write(lines)

    def finish(self) -> None:
        with self._forgiving():
            self._file.close()

    def give_up(self, error: BaseException) -> None:
        """Leave nothing of it."""
        self._sink = None
        with suppress(StorageUnavailable):
            self._file.__exit__(type(error), error, error.__traceback__)

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except (OSError, StorageUnavailable) as error:
            _log.warning("copy_not_kept", reason=str(error))
            self.give_up(error)


def _forget(_lines: Lines) -> None:
    pass
