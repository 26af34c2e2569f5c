"""The root of all addresses."""

from typing import Final

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from tollbook.api.documents import (
    health,
    interactive_pages,
    openapi_json,
    readiness,
    to_interactive_pages,
)
from tollbook.api.metrics import MetricsPage
from tollbook.console.site import open_site

urlpatterns: Final[list[URLPattern | URLResolver]] = [
    path("", to_interactive_pages),
    path("docs", interactive_pages, name="docs"),
    path("healthz", health),
    path("readyz", readiness),
    path("metrics", MetricsPage.as_view()),
    path("billing/org/v1/openapi.json", openapi_json),
    path("billing/org/v1/", include("tollbook.api.v1.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", open_site().urls),
]
handler400 = "tollbook.console.failures.bad_request"
handler403 = "tollbook.console.failures.permission_denied"
handler404 = "tollbook.console.failures.page_not_found"
handler500 = "tollbook.console.failures.server_error"
