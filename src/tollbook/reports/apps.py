"""Tells Django of the room."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """The room ``reports``."""

    name = "tollbook.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"
