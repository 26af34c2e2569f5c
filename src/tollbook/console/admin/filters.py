"""Filters of lists that are quick whatever the list holds."""

from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

__all__ = ["one_of", "some"]


def some(field: str) -> tuple[str, type]:
    """Rows that point to one row, which is found by typing."""
    return field, AutocompleteSelectFilter


def one_of(field: str) -> tuple[str, type]:
    """Rows with one of the values that the field may have."""
    return field, ChoicesDropdownFilter
