"""Fields that point to other rows: what a form sends for one may be no key at all."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, ManyToManyField


class _AnythingSent:
    """Django asks the ledger for whatever was sent: to check it, and to show it once more.

    The field knows how to refuse what is no row's key; showing it did not.
    """

    field: "ForeignKey[Any, Any] | ManyToManyField[Any, Any]"

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """What was sent, without the one character that PostgreSQL cannot even be asked for."""
        sent = super().value_from_datadict(data, files, name)  # type: ignore[misc]  # a mixin
        return [_askable(one) for one in sent] if isinstance(sent, list) else _askable(sent)

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        """The rows among what was sent."""
        keys = [one for one in value if self._may_be_key(one)]
        return super().optgroups(name, keys, attrs)  # type: ignore[misc]  # a mixin

    def _may_be_key(self, sent: str) -> bool:
        try:
            self.field.target_field.to_python(sent)
        except ValidationError:
            return False
        return True


class RowChoice(_AnythingSent, AutocompleteSelect):
    """One row, found by typing."""


class RowsChoice(_AnythingSent, AutocompleteSelectMultiple):
    """Some rows, found by typing."""


def _askable(sent: Any) -> Any:
    return sent.replace("\x00", "\N{REPLACEMENT CHARACTER}") if isinstance(sent, str) else sent
