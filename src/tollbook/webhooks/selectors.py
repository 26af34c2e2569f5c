"""Which endpoints there are, and what was sent to them, for who is asking."""

from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import Forbidden, NotFound
from tollbook.webhooks.models import Delivery, Endpoint
from tollbook.webhooks.rules import MAY_USE


def check_may_use_webhooks(viewer: Viewer) -> None:
    """Refuse roles that have nothing to do with them."""
    if viewer.role not in MAY_USE:
        raise Forbidden("Only operators and resellers' admins have webhooks.")


def visible_endpoints(viewer: Viewer) -> QuerySet[Endpoint]:
    """All of them for the operator, those of the reseller for its admins."""
    match viewer.role:
        case Role.OPERATOR:
            return Endpoint.objects.all()
        case Role.ADMIN:
            return Endpoint.objects.filter(Q(reseller_id=viewer.reseller_id))
        case _:
            return Endpoint.objects.none()


def find_endpoint(viewer: Viewer, endpoint_id: int) -> Endpoint:
    """The endpoint; ``NotFound`` as well where it is another's."""
    endpoint = visible_endpoints(viewer).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound(f"there is no webhook {endpoint_id}", field="id")
    return endpoint


def lock_endpoint(viewer: Viewer, endpoint_id: int) -> Endpoint:
    """The endpoint, this transaction's alone; whoever locks its deliveries locks it first."""
    found = find_endpoint(viewer, endpoint_id)
    locked = Endpoint.objects.select_for_update().filter(pk=found.pk).first()
    if locked is None:
        raise NotFound(f"there is no webhook {endpoint_id}", field="id")
    return locked


def deliveries_of(viewer: Viewer, endpoint_id: int) -> QuerySet[Delivery]:
    """What was sent, or is to be sent, to the endpoint, with every attempt."""
    endpoint = find_endpoint(viewer, endpoint_id)
    return Delivery.objects.filter(endpoint=endpoint).prefetch_related("attempts")


def find_delivery(viewer: Viewer, endpoint_id: int, delivery_id: UUID) -> Delivery:
    """One message to the endpoint."""
    delivery = deliveries_of(viewer, endpoint_id).filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(f"there is no delivery {delivery_id}", field="delivery_id")
    return delivery


def may_be_private(reseller_id: int | None) -> bool:
    """Whether an endpoint of theirs may be on an address that is not public.

    The operator knows the own network; a reseller must not be able to look around in it.
    """
    return reseller_id is None or bool(settings.WEBHOOK_PRIVATE)
