"""Tells Django of the room."""

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """The room ``credits``."""

    name = "tollbook.credits"
    label = "credits"
    default_auto_field = "django.db.models.BigAutoField"
