"""Django's settings, made from the four addresses and a handful of other variables."""

import os
from pathlib import Path
from typing import Any

from tollbook import __version__
from tollbook.config.addresses import django_database, read_addresses
from tollbook.config.logging import logging_config
from tollbook.config.secret_key import kept_secret_key
from tollbook.console.appearance import UNFOLD  # noqa: F401  # a setting

ADDRESSES = read_addresses(os.environ)
TOLLBOOK_HOME: Path = ADDRESSES.home
STORAGE_URL: str = ADDRESSES.storage_url
ENGINE_URL: str = ADDRESSES.engine_url
BROKER_URL: str = ADDRESSES.broker_url
DATABASE_URL: str = ADDRESSES.database_url


def _number(name: str, default: int, *, least: int = 1, most: int = 1_000_000_000) -> int:
    given = os.environ.get(name) or str(default)
    digits = given.isascii() and given.isdigit() and len(given) <= len(str(most))
    if not (digits and least <= int(given) <= most):
        raise ValueError(f"{name} is {given!r}; it takes a whole number from {least} to {most}")
    return int(given)


def _one_of(name: str, *choices: str) -> str:
    """The value of a variable; the first choice where it is not set."""
    given = os.environ.get(name) or choices[0]
    if given not in choices:
        raise ValueError(f"{name} is {given!r}; it takes {' or '.join(choices)}")
    return given


SECRET_KEY = os.environ.get("TOLLBOOK_SECRET_KEY") or kept_secret_key(TOLLBOOK_HOME)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("TOLLBOOK_HOSTS", "*").split(",")
USE_X_FORWARDED_HOST = os.environ.get("TOLLBOOK_BEHIND_PROXY") == "1"
if USE_X_FORWARDED_HOST:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USE_X_FORWARDED_HOST
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
SESSION_COOKIE_AGE = 12 * 60 * 60

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "tollbook.clients",
    "tollbook.filetasks",
    "tollbook.catalog",
    "tollbook.contracts",
    "tollbook.usage",
    "tollbook.credits",
    "tollbook.expenses",
    "tollbook.invoicing",
    "tollbook.erp",
    "tollbook.reports",
    "tollbook.webhooks",
    "tollbook.schedules",
    "auditlog",
    "tollbook.console",
]
AUTH_USER_MODEL = "clients.User"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email",)}),
    )
]
DATABASES: dict[str, Any] = {
    "default": {
        **django_database(ADDRESSES.database_url),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "tollbook.console.formats"

ROOT_URLCONF = "tollbook.config.urls"
WSGI_APPLICATION = "tollbook.config.wsgi.application"
APPEND_SLASH = False
MIDDLEWARE = [
    "tollbook.api.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tollbook.console.middleware.ConsoleMiddleware",
]
# Sessions and messages are there, but only around the admin site: see ConsoleMiddleware.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
STATIC_URL = "/static/"
STATIC_ROOT = None  # whitenoise takes them from the packages
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

MAX_REQUEST_BYTES = _number("TOLLBOOK_MAX_REQUEST_BYTES", 1_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
MAX_IMPORT_BYTES = _number("TOLLBOOK_MAX_IMPORT_BYTES", 2_000_000_000, most=1_000_000_000_000)
MAX_UNPACKED_IMPORT_BYTES = 25 * MAX_IMPORT_BYTES
"""What may come out of a compressed file."""
THRESHOLD_IS_IN_NEW_STAGE = _one_of("TOLLBOOK_THRESHOLD", "new", "old") == "new"
COUNTS_ACTIVATION_DAY = _one_of("TOLLBOOK_ACTIVATION_DAY", "free", "owed") == "owed"
CLOSED_MONTHS = "tollbook.expenses.selectors.closed_resellers"
"""Imports ask it; the room that knows lies above theirs."""
PUBLISHER = os.environ.get("TOLLBOOK_PUBLISHER", "")
"""The cloud whose services are resold, as FOCUS names it; empty where resellers sell their own."""
RATE_LIMIT_PER_MINUTE = _number("TOLLBOOK_RATE_LIMIT_PER_MINUTE", 6_000)
API_DESCRIPTION = """
The billing back office of a company that resells cloud and CDN services, over HTTP.

**Access.** Every call carries `Authorization: apikey <number>$<secret>`. You see your own clients
and nobody else's: what belongs to others is answered like what does not exist, with 404.

**Lists** answer `count`, `next`, `previous` and `results`, in a stable order. A parameter that a
list does not have, or a value that it cannot take, is answered with 400 and named, never passed
over. Moments are RFC 3339, with a space in place of `T` if you like, or just a day; without an
offset they are UTC.

**Amounts** are texts with exactly twelve decimals: read them as decimals, never as floats.

**Errors** are JSON. 400 maps each field to its messages; other errors are one sentence in `detail`.
A path answers 405 with `Allow` to methods that it does not have. Every answer carries
`X-Request-Id`; send your own to find the call in our log.
""".strip()

FILE_TASK_LEASE_SECONDS = _number("TOLLBOOK_LEASE_SECONDS", 30)
FILE_TASK_HEARTBEAT_SECONDS = FILE_TASK_LEASE_SECONDS / 6
FILE_TASK_SWEEP_SECONDS = _number("TOLLBOOK_SWEEP_SECONDS", 5)
RESULT_RETENTION_DAYS = _number("TOLLBOOK_RETENTION_DAYS", 90)
COPY_RETENTION_HOURS = _number("TOLLBOOK_COPY_HOURS", 72, least=0)
"""How long a result's copies in the formats of downloads are kept; 0 keeps none."""
READY_MONTHS = _number("TOLLBOOK_READY_MONTHS", 13, least=0)
"""How many of the last months, once closed, are kept ready to be put into reports; 0 is none."""
EXPORT_RETENTION_DAYS = _number("TOLLBOOK_EXPORT_RETENTION_DAYS", 365)
LOG_DAYS = _number("TOLLBOOK_LOG_DAYS", 90)
"""How long the logs of webhooks' deliveries and of schedules' runs go back."""
WEBHOOK_PRIVATE = os.environ.get("TOLLBOOK_WEBHOOK_PRIVATE") == "1"
WEBHOOK_TIMEOUT_SECONDS = _number("TOLLBOOK_WEBHOOK_TIMEOUT_SECONDS", 15, most=60)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tollbook.api.access.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "tollbook.api.schema.DeclaredSchema",
    "EXCEPTION_HANDLER": "tollbook.api.errors.answer_error",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tollbook: Billing Reseller API",
    "DESCRIPTION": API_DESCRIPTION,
    "VERSION": __version__,
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "The server that this document comes from."}],
    "TAGS": [
        {"name": "reports", "description": "Ask for reports, follow them, download the result."},
        {"name": "imports", "description": "Hand in usage, follow it, fetch what was refused."},
        {"name": "closings", "description": "Close months, and see what that came to. Ours."},
        {"name": "webhooks", "description": "Be told when work has ended. Ours."},
        {"name": "schedules", "description": "Reports and closings at their time. Ours."},
        {"name": "erp-invoices", "description": "Invoices as the ERP keeps them."},
        {"name": "expenses", "description": "What clients were charged for, day by day."},
        {"name": "addendums", "description": "Contracts of clients on plans."},
        {"name": "plans", "description": "What plans hold, and what it costs."},
        {"name": "trials", "description": "Free use for some days or up to a limit."},
        {"name": "stops", "description": "End what clients have subscribed to."},
        {"name": "accounting", "description": "The book of bonus credits: two sides to all."},
        {"name": "products", "description": "What is sold."},
        {"name": "calc_rules", "description": "Ways from a quantity to an amount."},
        {"name": "currencies", "description": "Currencies of contracts and invoices."},
        {"name": "countries", "description": "Countries, with zone and currency."},
        {"name": "regions", "description": "Parts of countries."},
        {"name": "statistic-regions", "description": "Where usage is counted."},
    ],
    "POSTPROCESSING_HOOKS": ["tollbook.api.schema.add_components"],
    "SORT_OPERATIONS": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "displayRequestDuration": True},
}

CELERY_BROKER_URL = BROKER_URL
LOGGING_CONFIG = None
LOGGING = logging_config(os.environ.get("TOLLBOOK_LOG_LEVEL", "INFO"))
