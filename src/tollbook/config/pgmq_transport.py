"""kombu's ``pgmq`` transport, mended where a database that restarts would halt a worker."""

from typing import Any, LiteralString

import psycopg
from kombu.transport import pgmq
from pgmq import PGMQueue

_GONE = (psycopg.OperationalError, psycopg.InterfaceError)


class Channel(pgmq.Channel):
    """A message that cannot be settled now gives its place back to the next one all the same.

    Else the worker would wait for ever for a place that nobody frees. The message itself comes
    again when its visibility ends, and finds nothing to claim.
    """

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Take the message out of the queue."""
        try:
            super().basic_ack(delivery_tag, multiple=multiple)  # type: ignore[no-untyped-call]
        except _GONE:
            self.qos.ack(delivery_tag)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give the message back, or throw it away."""
        try:
            super().basic_reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        except _GONE:
            self.qos.ack(delivery_tag)

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        """Make the queue once, not on each connection of each web process: that locks it."""
        if not self._has_queue(queue):
            super()._new_queue(queue, **kwargs)  # type: ignore[no-untyped-call]

    def _has_queue(self, queue: str, **_: Any) -> bool:
        name = self._queue_name(queue)
        return (
            _first_row(self.pgmq, "SELECT 1 FROM pgmq.meta WHERE queue_name = %s", name) is not None
        )


class Transport(pgmq.Transport):
    """The transport with that channel.

    It asks for an answer and no more: kombu's own way lists the queues, which warns, and silences
    that for all threads at once.
    """

    Channel = Channel

    def establish_connection(self) -> Any:
        """Connect, or raise one of ``connection_errors``."""
        _first_row(self._get_pgmq_client(), "SELECT 1")
        return super(pgmq.Transport, self).establish_connection()


def _first_row(client: PGMQueue, sql: LiteralString, *values: str) -> tuple[Any, ...] | None:
    if client.pool is None:
        raise psycopg.OperationalError("the queue's connections are closed")
    with client.pool.connection() as connection:
        return connection.execute(sql, values or None).fetchone()
