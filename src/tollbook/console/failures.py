"""Pages for what went wrong: for a browser on the admin site; the API answers its own way."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tollbook.api import errors
from tollbook.console.middleware import is_admin


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that cannot be taken at all."""
    if is_admin(request):
        return _page(request, 400, "This request cannot be understood")
    return errors.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Something that nobody may do here, such as changing an expense."""
    if is_admin(request):
        return _page(request, 403, "This is not allowed here")
    return errors.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A path that leads nowhere."""
    if is_admin(request):
        return _page(request, 404, "There is nothing here")
    return errors.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A mistake of ours."""
    if is_admin(request):
        return _page(request, 500, "Something went wrong on our side")
    return errors.server_error(request)


def _page(request: HttpRequest, status: int, title: str) -> HttpResponse:
    told = {"title": title, "request_id": request.META.get("tollbook.request_id", "")}
    return render(request, "console/failure.html", told, status=status)
