"""The table of logins that failed, so that all web processes count together."""

from django.db import models

from tollbook.console.rules import LONGEST_EMAIL


class LoginFailures(models.Model):
    """How often a login with this e-mail address has failed since the last that worked."""

    email = models.CharField(max_length=LONGEST_EMAIL, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ("-last_at", "email")
        verbose_name = "failed login"

    def __str__(self) -> str:
        return self.email
