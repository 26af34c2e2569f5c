"""Tells Django of the room."""

from django.apps import AppConfig


class FileTasksConfig(AppConfig):
    """The room ``filetasks``."""

    name = "tollbook.filetasks"
    label = "filetasks"
    default_auto_field = "django.db.models.BigAutoField"
