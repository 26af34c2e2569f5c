"""What is done with webhooks: endpoints kept, ends of work announced, messages delivered."""

from tollbook.webhooks.services.announcing import announce_endings, announce_to
from tollbook.webhooks.services.delivering import deliver_due, wake_senders
from tollbook.webhooks.services.endpoints import (
    OLD_SECRET_FOR,
    add_endpoint,
    change_endpoint,
    remove_endpoint,
    rotate_secret,
)
from tollbook.webhooks.services.forgetting import forget_deliveries
from tollbook.webhooks.services.sending_again import redeliver, send_ping

__all__ = [
    "OLD_SECRET_FOR",
    "add_endpoint",
    "announce_endings",
    "announce_to",
    "change_endpoint",
    "deliver_due",
    "forget_deliveries",
    "redeliver",
    "remove_endpoint",
    "rotate_secret",
    "send_ping",
    "wake_senders",
]
