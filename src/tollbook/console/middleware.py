"""What a browser on the admin site needs around its requests; calls of the API pass it by."""

from collections.abc import Callable
from typing import Final

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware

from tollbook.console.audit import asked_by

ADMIN_PATH: Final = "/admin/"
_AROUND_ADMIN: Final = (
    SessionMiddleware,
    AuthenticationMiddleware,
    MessageMiddleware,
    XFrameOptionsMiddleware,
)
"""Outermost first. Every page of the admin site checks the CSRF token itself."""

Answer = Callable[[HttpRequest], HttpResponseBase]


class ConsoleMiddleware:
    """Sessions and messages under ``/admin/`` only; who is asking is noted for the audit always."""

    def __init__(self, get_response: Answer) -> None:
        self._api = get_response
        self._admin = get_response
        for layer in reversed(_AROUND_ADMIN):
            self._admin = layer(self._admin)  # type: ignore[assignment]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer ``request``."""
        with asked_by(request):
            return self._admin(request) if is_admin(request) else self._api(request)


def is_admin(request: HttpRequest) -> bool:
    """Whether the request is for a page of the admin site."""
    return request.path_info.startswith(ADMIN_PATH)
