"""The result of a finished task in the format that is wanted, whole or in part."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request

from tollbook import __version__
from tollbook.api.downloads import Download, file_pieces, gzip_pieces, steadily
from tollbook.api.file_names import content_disposition, safe_name
from tollbook.api.filters import Filter, check_names, read_filters
from tollbook.api.kinds import BOOLEAN, one_of
from tollbook.api.negotiation import choose, wants_encoding
from tollbook.api.paths import read_uuid
from tollbook.api.query import read_query
from tollbook.api.ranges import OutsideRange, asks_for_range, names_tag, read_range
from tollbook.api.rendered_files import ensure_rendered, rendered_key
from tollbook.api.slots import DOWNLOADS, RENDERINGS, Busy
from tollbook.api.v1.download_document import FORMATS
from tollbook.api.views import ApiView
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import OpenedResult, ResultNotReady, open_result
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import NOUNS, TaskStatus, TaskType
from tollbook.kernel.errors import InvalidFields
from tollbook.reports.renderers import RENDERERS, ReportFormat, render_csv
from tollbook.results.result_file import NotAResult
from tollbook.storage.files import StorageUnavailable

_COMPRESSED: Final = frozenset({ReportFormat.CSV, ReportFormat.JSON})
"""Formats that compressing makes smaller; the others are compressed inside."""
_LONGEST_WAIT: Final = 60.0
_LOOK_SECONDS: Final = 0.2
_DAYS: Final = ("month", "date_from", "date_to")

_PARAMETERS: Final = (
    Filter("format", one_of(ReportFormat), ReportFormat, "The format."),
    Filter("raw", BOOLEAN, bool, "Whether CSV keeps texts as they are."),
)


@dataclass(frozen=True)
class Form:
    """What a client wants a result as."""

    format: ReportFormat
    raw: bool
    gzip: bool

    @property
    def media_type(self) -> str:
        """The media type, with the character set where there is one."""
        return RENDERERS[self.format].media_type

    @property
    def name(self) -> str:
        """Its name among the forms of one result."""
        raw = "raw." if self.raw else ""
        return f"{__version__}.{raw}{RENDERERS[self.format].extension}"

    def tag(self, task: FileTask) -> str:
        """The strong validator: equal exactly for equal bytes."""
        return f'"{task.result_digest[:32]}-{self.name}{".gz" if self.gzip else ""}"'

    def pieces(self, report: OpenedResult) -> Iterator[bytes]:
        """The result in this form, not compressed."""
        if self.raw:
            return render_csv(report.result, raw=True)
        return RENDERERS[self.format].render(report.result)


class TaskDownload(ApiView):
    """The file of a task of one type."""

    task_type: ClassVar[TaskType]

    def check_accept(self, request: Request) -> None:
        """The form is negotiated later: ``format`` in the query counts before ``Accept``."""

    def get(self, request: Request, uuid: str) -> HttpResponseBase:
        """Answer the file, or the part of it that is asked for."""
        form = read_form(request)
        give_back = DOWNLOADS.take(request.auth.pk)
        if give_back is None:
            raise Busy("Too many downloads are under way; try again.")
        with ExitStack() as held:
            held.callback(give_back)
            report = _open(self.viewer, read_uuid(uuid), self.task_type)
            held.callback(report.close)
            try:
                return _answer(request, report, form, held)
            except OSError as error:
                raise _unavailable() from error


def read_form(request: Request) -> Form:
    """The form that query and headers ask for."""
    query = read_query(request)
    check_names([declared.name for declared in _PARAMETERS], query)
    _, errors = read_filters(_PARAMETERS, query)
    if errors:
        raise InvalidFields(errors)
    wanted = ReportFormat(query["format"][0]) if "format" in query else _negotiated(request)
    raw = query.get("raw", ["false"])[0].lower() == "true"
    gzip = wants_encoding(request.META.get("HTTP_ACCEPT_ENCODING", ""), "gzip")
    return Form(wanted, raw and wanted is ReportFormat.CSV, gzip and wanted in _COMPRESSED)


def file_name(task: FileTask, form: Form) -> str:
    """A telling name: what it is, its days, the start of the uuid."""
    days = [str(task.parameters[name]) for name in _DAYS if name in task.parameters]
    kind = task.template or NOUNS[TaskType(task.task_type)]
    stem = "_".join([kind, *days, str(task.uuid)[:8]])
    return f"{safe_name(stem)}.{RENDERERS[form.format].extension}"


def _open(viewer: Viewer, uuid: UUID, task_type: TaskType) -> OpenedResult:
    try:
        return open_result(viewer, uuid, task_type, now=timezone.now())
    except NotAResult as error:
        reason = "its file is damaged; ask for it again"
        raise ResultNotReady(task_type, TaskStatus.FAILED, reason) from error
    except OSError as error:
        raise _unavailable() from error


def _unavailable() -> StorageUnavailable:
    return StorageUnavailable("the storage for results does not answer")


def _negotiated(request: Request) -> ReportFormat:
    chosen = choose(request.META.get("HTTP_ACCEPT", ""), tuple(FORMATS))
    if chosen is None:
        raise NotAcceptable(f"A result can be had as {', '.join(FORMATS)}.")
    return FORMATS[chosen]


def _answer(
    request: Request, report: OpenedResult, form: Form, held: ExitStack
) -> HttpResponseBase:
    tag = form.tag(report.task)
    if names_tag(request.META.get("HTTP_IF_NONE_MATCH", ""), tag):
        return _with_headers(HttpResponse(status=304), report.task, form)
    if request.method == "HEAD":
        return _with_headers(StreamingHttpResponse(iter(())), report.task, form)
    plain = Form(form.format, form.raw, gzip=False)
    if _wants_part(request, plain.tag(report.task)) and (key := _kept(report, plain)):
        return _part(request, report.task, plain, key, held)
    return _whole(report, form, plain, held)


def _wants_part(request: Request, tag: str) -> bool:
    condition = request.META.get("HTTP_IF_RANGE", tag).strip()
    return condition == tag and asks_for_range(request.META.get("HTTP_RANGE", ""))


def _key(report: OpenedResult, form: Form) -> str:
    if form.format is ReportFormat.PARQUET:
        return report.task.result_key
    return rendered_key(report.task, form.name)


def _kept(report: OpenedResult, form: Form) -> str | None:
    """The key of a copy to read from; none where there is no room, or it is being made."""
    key = _key(report, form)
    if form.format is ReportFormat.PARQUET:
        return key
    try:
        return key if ensure_rendered(key, steadily(form.pieces(report))) else None
    except StorageUnavailable:
        return None


def _part(
    request: Request, task: FileTask, form: Form, key: str, held: ExitStack
) -> HttpResponseBase:
    store = result_store()
    try:
        wanted = read_range(request.META["HTTP_RANGE"], store.size(key))
    except OutsideRange as error:
        body = b'{"detail": "No byte of this range exists."}'
        headers = {"Content-Range": str(error)}
        return HttpResponse(body, status=416, content_type="application/json", headers=headers)
    file = held.enter_context(store.open(key))
    pieces = file_pieces(file, wanted.first, wanted.size)
    answer = StreamingHttpResponse(_sent(pieces, held), status=206)
    answer["Content-Range"] = wanted.content_range
    answer["Content-Length"] = str(wanted.size)
    return _with_headers(answer, task, form)


def _whole(report: OpenedResult, form: Form, plain: Form, held: ExitStack) -> HttpResponseBase:
    """All of it: from a copy where there is one, else as it is made, if there is room for that."""
    key = _key(report, plain)
    end = time.monotonic() + _LONGEST_WAIT
    while not (copied := result_store().exists(key)):
        if give_back := RENDERINGS.take():
            held.callback(give_back)
            break
        if time.monotonic() > end:
            raise Busy("Too many results are made into files now; try again.")
        if _kept(report, plain) is None:
            time.sleep(_LOOK_SECONDS)
    length = result_store().size(key) if copied else 0
    pieces = _stored(key, length, held) if copied else steadily(plain.pieces(report))
    packed = gzip_pieces(pieces) if form.gzip else pieces
    answer = StreamingHttpResponse(_sent(packed, held))
    if copied and not form.gzip:
        answer["Content-Length"] = str(length)
    return _with_headers(answer, report.task, form)


def _stored(key: str, length: int, held: ExitStack) -> Iterator[bytes]:
    return file_pieces(held.enter_context(result_store().open(key)), 0, length)


def _sent(pieces: Iterator[bytes], held: ExitStack) -> Download:
    """The body of an answer, which from now on holds what was held, but for the database."""
    if not connection.in_atomic_block:
        connection.close()
    return Download(pieces, held.pop_all().close)


def _with_headers(answer: HttpResponseBase, task: FileTask, form: Form) -> HttpResponseBase:
    headers: Mapping[str, str] = {
        "Content-Type": form.media_type,
        "Content-Disposition": content_disposition(file_name(task, form)),
        "ETag": form.tag(task),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Accept-Encoding, Authorization",
        **({"Content-Encoding": "gzip"} if form.gzip else {}),
    }
    for name, value in headers.items():
        answer[name] = value
    return answer
