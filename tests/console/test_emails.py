"""An e-mail address is one user's, in whatever case of letters it is written."""

import pytest
from django.db import IntegrityError, transaction

from tollbook.clients.models import User
from tollbook.clients.rules import Role
from tollbook.clients.services import register_user
from tollbook.kernel.errors import Conflict

pytestmark = pytest.mark.django_db


def test_the_same_address_in_other_letters_is_refused_by_the_service() -> None:
    register_user(email="ann@example.com", role=Role.OPERATOR)

    with pytest.raises(Conflict):
        register_user(email="ANN@Example.com", role=Role.OPERATOR)


def test_the_same_address_in_other_letters_is_refused_by_the_database() -> None:
    register_user(email="ann@example.com", role=Role.OPERATOR)

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="Ann@EXAMPLE.com", role=Role.OPERATOR, password="!")
