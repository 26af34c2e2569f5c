"""kombu's ``redis`` transport, mended where a Redis that goes away would halt a worker."""

from typing import Final

import redis
from kombu.transport import redis as kombu_redis
from kombu.transport.virtual import base as virtual

_GONE: Final = (redis.ConnectionError, redis.TimeoutError, OSError)


class QoS(kombu_redis.QoS):
    """A message that cannot be settled now gives its place back to the next one all the same.

    Else the worker waits for a place that nobody frees, and asks Redis for nothing, so that it does
    not even see that its connection is gone. The message itself comes again when its visibility
    ends, and finds nothing to claim.
    """

    def ack(self, delivery_tag: str) -> None:
        """Take the message out of the queue; ``redis.RedisError`` where that was not possible."""
        try:
            super().ack(delivery_tag)
        except _GONE:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give the message back, or throw it away; ``redis.RedisError`` where neither went."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        except _GONE:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(kombu_redis.Channel):
    """A channel that counts its messages so."""

    QoS = QoS


class Transport(kombu_redis.Transport):
    """The transport with that channel."""

    Channel = Channel
