"""Who is asking: the first argument of every selector."""

from dataclasses import dataclass

from tollbook.clients.rules import MAY_WRITE, Role


@dataclass(frozen=True)
class Viewer:
    """A user as the rules see it; ``account_id`` is the client, else the reseller, else 0."""

    user_id: int
    role: Role
    reseller_id: int | None = None
    client_id: int | None = None

    @property
    def may_write(self) -> bool:
        """Whether the role may do more than read."""
        return self.role in MAY_WRITE

    @property
    def account_id(self) -> int:
        """The account the viewer speaks for; 0 is the operator's whole book."""
        return self.client_id or self.reseller_id or 0
