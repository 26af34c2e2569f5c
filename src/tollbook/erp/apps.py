"""Tells Django of the room."""

from django.apps import AppConfig


class ErpConfig(AppConfig):
    """The room ``erp``."""

    name = "tollbook.erp"
    label = "erp"
    default_auto_field = "django.db.models.BigAutoField"
