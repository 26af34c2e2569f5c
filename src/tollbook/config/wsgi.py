"""The WSGI application, for gunicorn or any other server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tollbook.config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from tollbook.config.celery import app as celery_app
from tollbook.config.logging import set_up_logging

set_up_logging(settings.LOGGING)
celery_app.set_default()
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  # views load now, so that the first request is fast
