"""Tells Django of the room."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The room ``webhooks``."""

    name = "tollbook.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"
