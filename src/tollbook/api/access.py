"""Who is calling: API keys in the ``Authorization`` header."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tollbook.clients.models import ApiKey, User
from tollbook.clients.selectors import find_api_key

SCHEME = "apikey"


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: apikey <id>$<secret>``; the word counts in any case of letters."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """The key's user and the key; none where there is no header at all."""
        header = request.META.get("HTTP_AUTHORIZATION", "").strip()
        if not header:
            return None
        word, _, text = header.partition(" ")
        if word.lower() != SCHEME:
            raise AuthenticationFailed(
                "The header Authorization must be the word apikey, a space and a key."
            )
        key = find_api_key(text.strip(), now=timezone.now())
        if key is None:
            raise AuthenticationFailed("This API key is unknown, expired or revoked.")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """What ``WWW-Authenticate`` says in an answer 401."""
        return SCHEME
