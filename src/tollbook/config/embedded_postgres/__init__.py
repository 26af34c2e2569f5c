"""PostgreSQL under the home folder: the programs of a wheel, our own care for the server."""

from tollbook.config.embedded_postgres.server import EmbeddedPostgres, running_embedded_postgres
from tollbook.config.embedded_postgres.url import embedded_database_url

__all__ = ["EmbeddedPostgres", "embedded_database_url", "running_embedded_postgres"]
