"""What tests begin with is the same when it is put back, also where one part of it was before."""

from typing import Any

import pytest
from django.db import transaction

from tests import remembered
from tests.reports.book import open_book
from tests.wire.book import let_in
from tollbook.clients.models import ApiKey, User


@pytest.mark.parametrize("opened_before", [False, True])
def test_what_is_put_back_is_whole(db: Any, monkeypatch: Any, opened_before: bool) -> None:
    monkeypatch.setattr(remembered, "_KEPT", {})
    told = []
    for make in [*([open_book] if opened_before else []), let_in, let_in, let_in]:
        with transaction.atomic():
            made = make()
            if make is let_in:
                keys = ApiKey.objects.order_by("pk").values_list("pk", "user__email")
                told.append((made.book, list(keys), User.objects.count()))
            transaction.set_rollback(True)
    assert told[0] == told[1] == told[2]
    assert told[0][2] == 5
