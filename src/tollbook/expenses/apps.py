"""Tells Django of the room."""

from django.apps import AppConfig


class ExpensesConfig(AppConfig):
    """The room ``expenses``."""

    name = "tollbook.expenses"
    label = "expenses"
    default_auto_field = "django.db.models.BigAutoField"
