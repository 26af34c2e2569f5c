"""Tells Django of the room."""

from django.apps import AppConfig


class UsageConfig(AppConfig):
    """The room ``usage``."""

    name = "tollbook.usage"
    label = "usage"
    default_auto_field = "django.db.models.BigAutoField"
