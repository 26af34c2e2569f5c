"""Tells Django of the room."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """The room ``catalog``."""

    name = "tollbook.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
