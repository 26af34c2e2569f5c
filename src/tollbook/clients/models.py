"""Tables of who there is: resellers, their clients and payers, users and API keys.

Resellers and clients share one number space (the sequence ``account_id``), so that a ``client_id``
on the wire names one account without a doubt.
"""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower, Now

from tollbook.clients.rules import Role


def next_account_id() -> RawSQL:
    """The database's own next number for a reseller or a client."""
    return RawSQL("nextval('account_id')", ())


class Reseller(models.Model):
    """A company that sells to clients of its own and sees only those."""

    id = models.IntegerField(primary_key=True, db_default=next_account_id())
    company_name = models.CharField(max_length=255)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.company_name


class Payer(models.Model):
    """Who is invoiced for one or several clients, and at which tax rate (percent)."""

    id = models.AutoField(primary_key=True)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="payers")
    company_name = models.CharField(max_length=255)
    address = models.TextField(blank=True)
    tax_number = models.CharField(max_length=64, blank=True)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(tax_rate__gte=0, tax_rate__lt=100), name="payer_tax_rate_percent"
            ),
        )

    def __str__(self) -> str:
        return self.company_name


class Client(models.Model):
    """A company that uses the services; it belongs to one reseller."""

    id = models.IntegerField(primary_key=True, db_default=next_account_id())
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="clients")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="clients")
    seller = models.ForeignKey(
        "clients.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="sold_to"
    )
    company_name = models.CharField(max_length=255)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.company_name


class TollbookUserManager(UserManager["User"]):
    """Makes users known by their e-mail address."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail, in any case of letters."""
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person or program, known by e-mail; the role says what it may do and for whom."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=16, choices=Role.choices)
    reseller = models.ForeignKey(
        Reseller, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    username = None  # type: ignore[assignment]  # the e-mail address takes its place

    objects = TollbookUserManager()  # type: ignore[misc]  # narrower than the parent's manager

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_is_one_in_any_case",
                violation_error_message="There is a user with this e-mail address already.",
            ),
            models.CheckConstraint(
                name="user_belongs_where_its_role_says",
                condition=models.Q(role=Role.OPERATOR, reseller=None, client=None)
                | models.Q(role__in=(Role.ADMIN, Role.SELLER), reseller__isnull=False, client=None)
                | models.Q(role=Role.CLIENT, reseller__isnull=False, client__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.email


class ApiKey(models.Model):
    """A key of a user; only the hash of its secret is kept."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    label = models.CharField(max_length=100, blank=True)
    secret_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.id} of {self.user}"
