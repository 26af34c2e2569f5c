"""Tells Django of the room."""

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    """The room ``clients``."""

    name = "tollbook.clients"
    label = "clients"
    default_auto_field = "django.db.models.BigAutoField"
