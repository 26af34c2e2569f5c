"""Messages that wake a sender; beat wakes those again that were lost."""

from typing import Final

from tollbook.filetasks.queue import send_message

DELIVER: Final = "webhooks.deliver"


def wake_sender(endpoint_id: int) -> None:
    """Ask a worker to send what is due to the endpoint."""
    send_message(DELIVER, str(endpoint_id))
