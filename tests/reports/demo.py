"""Reports on the demo book, asked by its own users, without the way through a queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.wire.demo_ledger import DemoLedger
from tollbook.clients.models import User
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.reports.dataset import Dataset
from tollbook.reports.services import ask
from tollbook.reports.snapshot import open_snapshot
from tollbook.reports.templates import find_template
from tollbook.results.exact_cast import cast_exactly


def viewer_named(demo_ledger: DemoLedger, name: str) -> Viewer:
    """One of those who may call in the demo book."""
    return viewer_of(User.objects.get(pk=demo_ledger.callers[name].user_id))


@contextmanager
def answered(viewer: Viewer, template_code: str, **parameters: Any) -> Iterator[Dataset]:
    """The dataset of a template, to be read while the snapshot is open."""
    template = find_template(template_code)
    question = ask(template, parameters, viewer)
    with open_snapshot(check=lambda: None) as snapshot:
        yield template.answer(question, snapshot)


def rows_of(viewer: Viewer, template_code: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a report by column key, as its file would hold them."""
    with answered(viewer, template_code, **parameters) as dataset:
        batches = [cast_exactly(batch, dataset.columns) for batch in dataset.batches]
    return [row for batch in batches for row in batch.to_pylist()]
