"""Tells Django of the room."""

from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    """The room ``schedules``."""

    name = "tollbook.schedules"
    label = "schedules"
    default_auto_field = "django.db.models.BigAutoField"
