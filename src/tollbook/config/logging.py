"""Structured log lines: JSON, or plain text on a terminal; never a secret."""

import logging
import logging.config
import sys
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(level: str) -> dict[str, Any]:
    """The form that ``logging.config.dictConfig`` takes; everything goes to standard error."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "filters": {"without_trace": {"()": lambda: _without_trace}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # The commands that talk to a server tell what comes of it; httpx has a line for each
            # of their requests, and a command that follows a task makes several in a second.
            "httpx": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},  # every request has its own line already
            # Whoever sends a bad Host is told; here one line says so, its trace is Django's own.
            "django.security.DisallowedHost": {"filters": ["without_trace"]},
            "gunicorn.http.wsgi": {
                "level": "ERROR"
            },  # it leaves out the body of a HEAD, as it must
        },
    }


def _without_trace(record: logging.LogRecord) -> bool:
    """Let a line through, but no trace of how it came to it."""
    record.exc_info = None
    return True


def set_up_logging(config: dict[str, Any]) -> None:
    """Apply the settings' logging and bind structlog to it."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
