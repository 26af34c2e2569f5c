"""The result of a finished task in the format that is wanted, whole or in part."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request

from tollbook.api.copies import CopyBroken, join_copy
from tollbook.api.downloads import Download, file_pieces, gzip_pieces, steadily
from tollbook.api.file_names import content_disposition, safe_name
from tollbook.api.filters import Filter, check_names, read_filters
from tollbook.api.kinds import BOOLEAN, one_of
from tollbook.api.negotiation import choose, wants_encoding
from tollbook.api.paths import read_uuid
from tollbook.api.query import read_query
from tollbook.api.ranges import OutsideRange, asks_for_range, names_tag, read_range
from tollbook.api.slots import DOWNLOADS, Busy
from tollbook.api.v1.download_document import FORMATS
from tollbook.api.v1.proof_headers import proof_headers
from tollbook.api.views import ApiView
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import OpenedResult, ResultNotReady, open_result
from tollbook.filetasks.results import copy_key, result_store
from tollbook.filetasks.rules import NOUNS, TaskStatus, TaskType
from tollbook.kernel.errors import InvalidFields
from tollbook.reports.renderers import RENDERERS, ReportFormat, copy_name, render_csv
from tollbook.results.result_file import NotAResult, ResultFile
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
        """Its name among the forms of one result, and of the copy in this form."""
        return copy_name(self.format, raw=self.raw, gzip=self.gzip)

    @property
    def plain(self) -> "Form":
        """The same, not compressed."""
        return Form(self.format, self.raw, gzip=False)

    @property
    def is_plain_csv(self) -> bool:
        """Whether its bytes are those that the digest is taken over."""
        return self.format is ReportFormat.CSV and not self.raw and not self.gzip

    def tag(self, task: FileTask) -> str:
        """The strong validator: equal exactly for equal bytes."""
        return f'"{task.result_digest[:32]}-{self.name}"'

    def key(self, task: FileTask) -> str:
        """Where the result lies in this form, if it does."""
        if self.format is ReportFormat.PARQUET:
            return task.result_key
        return copy_key(task.result_key, self.name)

    def make(self, task: FileTask) -> Iterator[bytes]:
        """The bytes in this form, from the plain copy if there is one and else from the result."""
        if self.gzip:
            return gzip_pieces(_plain_pieces(self.plain, task))
        return _rendered(self, task)


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
            report = open_task_result(self.viewer, read_uuid(uuid), self.task_type)
            held.callback(report.close)
            try:
                return _answer(request, report, form, held)
            except CopyBroken as error:
                raise _broken(self.task_type) from error
            except OSError as error:
                raise storage_unavailable() from error


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


def open_task_result(viewer: Viewer, uuid: UUID, task_type: TaskType) -> OpenedResult:
    """The result, to be closed; ``ResultNotReady``, ``Gone`` or ``StorageUnavailable``."""
    try:
        return open_result(viewer, uuid, task_type, now=timezone.now())
    except NotAResult as error:
        raise _broken(task_type) from error
    except OSError as error:
        raise storage_unavailable() from error


def _broken(task_type: TaskType) -> ResultNotReady:
    reason = "its file is damaged; ask for it again"
    return ResultNotReady(task_type, TaskStatus.FAILED, reason)


def storage_unavailable() -> StorageUnavailable:
    """What is said where the store does not answer."""
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
        return _with_headers(StreamingHttpResponse(status=304), report.task, form)
    if request.method == "HEAD":
        return _head(report.task, form)
    if _wants_part(request, form.plain.tag(report.task)) and _is_there(form.plain, report.task):
        return _part(request, report.task, form.plain, held)
    return _whole(report, form, held)


def _head(task: FileTask, form: Form) -> HttpResponseBase:
    """The headers alone; how long the file is where there is one, as none is made for them."""
    answer = _with_headers(StreamingHttpResponse(), task, form)
    with suppress(FileNotFoundError):
        answer["Content-Length"] = str(result_store().size(form.key(task)))
    return answer


def _wants_part(request: Request, tag: str) -> bool:
    condition = request.META.get("HTTP_IF_RANGE", tag).strip()
    return condition == tag and asks_for_range(request.META.get("HTTP_RANGE", ""))


def _is_there(form: Form, task: FileTask) -> bool:
    """Whether there is a whole file in this form, made now if need be and if it can be kept."""
    key = form.key(task)
    if result_store().exists(key):
        return True
    copy = join_copy(key, partial(form.make, task)) if settings.COPY_RETENTION_HOURS else None
    if copy is None:
        return False
    try:
        return copy.wait_for_all(_LONGEST_WAIT) and result_store().exists(key)
    finally:
        copy.leave()


def _part(request: Request, task: FileTask, form: Form, held: ExitStack) -> HttpResponseBase:
    store, key = result_store(), form.key(task)
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


def _whole(report: OpenedResult, form: Form, held: ExitStack) -> HttpResponseBase:
    """All of it: from a file where there is one, else as it is made."""
    store, key = result_store(), form.key(report.task)
    end = time.monotonic() + _LONGEST_WAIT
    while not store.exists(key):
        if copy := join_copy(key, partial(form.make, report.task)):
            held.callback(copy.leave)
            copy.wait_for_first()
            answer = StreamingHttpResponse(_sent(copy.pieces(), held))
            return _with_headers(answer, report.task, form)
        if time.monotonic() > end:
            raise Busy("Too many results are made into files now; try again.")
        time.sleep(_LOOK_SECONDS)
    length = store.size(key)
    answer = StreamingHttpResponse(_sent(_stored(key, length, held), held))
    answer["Content-Length"] = str(length)
    return _with_headers(answer, report.task, form)


def _stored(key: str, length: int, held: ExitStack) -> Iterator[bytes]:
    return file_pieces(held.enter_context(result_store().open(key)), 0, length)


def _plain_pieces(form: Form, task: FileTask) -> Iterator[bytes]:
    store, key = result_store(), form.key(task)
    if not store.exists(key):
        yield from _rendered(form, task)
        return
    with store.open(key) as file:
        yield from file_pieces(file, 0, store.size(key))


def _rendered(form: Form, task: FileTask) -> Iterator[bytes]:
    """The result made into this form; it may be made by a thread that outlives the request."""
    with result_store().open(task.result_key) as file, ResultFile(file) as result:
        if form.raw:
            yield from steadily(render_csv(result, raw=True))
        else:
            yield from steadily(RENDERERS[form.format].render(result))


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
        **proof_headers(task, is_plain_csv=form.is_plain_csv),
    }
    for name, value in headers.items():
        answer[name] = value
    return answer
