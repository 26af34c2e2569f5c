"""Pages that need no key: the OpenAPI document, the pages made of it, and a sign of life."""

from typing import Final

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularSwaggerView

from tollbook.api.schema import openapi_document

DOCUMENT: Final = "/billing/org/v1/openapi.json"


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI document."""
    answer = JsonResponse(openapi_document(), json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "max-age=60"
    return answer


interactive_pages = require_safe(SpectacularSwaggerView.as_view(url=DOCUMENT))
"""The page where the API can be read and tried; everything on it comes from here."""


@require_safe
def to_interactive_pages(request: HttpRequest) -> HttpResponse:
    """Lead people who come to the bare address to the interactive pages."""
    return HttpResponseRedirect("/docs")


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 while requests are taken at all; for restarting a process that hangs."""
    return JsonResponse({"status": "ok"})


@require_safe
def readiness(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the ledger answers and has every table, else 503 with what is amiss."""
    amiss = _ledger_trouble()
    if amiss:
        return JsonResponse({"status": "not ready", "ledger": amiss}, status=503)
    return JsonResponse({"status": "ok", "ledger": "ok"})


def _ledger_trouble() -> str | None:
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError:
        connection.close()
        return "does not answer"
    return f"{len(waiting)} migrations wait; run tollbook migrate" if waiting else None
