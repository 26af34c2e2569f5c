"""Tells Django of the room."""

from django.apps import AppConfig


class InvoicingConfig(AppConfig):
    """The room ``invoicing``."""

    name = "tollbook.invoicing"
    label = "invoicing"
    default_auto_field = "django.db.models.BigAutoField"
