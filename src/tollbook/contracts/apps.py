"""Tells Django of the room."""

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    """The room ``contracts``."""

    name = "tollbook.contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
