"""``/imports``: handing in usage, following what becomes of it."""

from typing import Any, Final

from django.utils import timezone
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.operations import Operation, detail
from tollbook.api.slots import UPLOADS, Busy
from tollbook.api.streamed import header_of
from tollbook.api.uploaded_file import FILE, take_body, take_form_file
from tollbook.api.v1.task_items import task_views
from tollbook.api.v1.task_list import (
    REQUEST_ID_HEADER,
    TaskList,
    created,
    created_answers,
    read_request_id,
    task_list_operation,
)
from tollbook.filetasks.rules import TaskType
from tollbook.usage.forms import MEDIA_TYPES, FileForm, form_of_file
from tollbook.usage.services import check_may_import, submit_import
from tollbook.usage.uploads import Arrival, Upload, receiving

TAG: Final = "imports"
MULTIPART: Final = "multipart/form-data"
VIEWS: Final = task_views(TaskType.IMPORT_DATA, TAG)
_BINARY: Final = {"type": "string", "format": "binary"}
_FORM: Final = "ImportForm"


class Imports(TaskList):
    """The imports that were asked for, and handing in one more file."""

    task_type = TaskType.IMPORT_DATA

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the list and of the form."""
        form = {
            "type": "object",
            "description": "A form with a file.",
            "properties": {FILE: {**_BINARY, "description": "The file."}},
            "required": [FILE],
            "additionalProperties": False,
        }
        return {**super().components(), _FORM: form}

    def check_writer(self) -> None:
        """Refuse those who may not hand in usage, before a byte of it is read."""
        check_may_import(self.viewer)

    def check_coding(self, request: Request) -> None:
        """A file may come compressed: whoever receives it knows which codings it can read."""

    def post(self, request: Request) -> Response:
        """Take the file into the store, record the import and answer the task."""
        request_id = read_request_id(request)
        give_back = UPLOADS.take(request.auth.pk)
        if give_back is None:
            raise Busy("Too many files are handed in at once; try again.")
        try:
            upload = _received(request)
        finally:
            give_back()
        task = submit_import(
            viewer=self.viewer, upload=upload, request_id=request_id, now=timezone.now()
        )
        return created(request, task, "import")


def _received(request: Request) -> Upload:
    media_type = header_of(request, "CONTENT_TYPE").partition(";")[0].strip()
    coding = header_of(request, "HTTP_CONTENT_ENCODING")
    if media_type not in (MULTIPART, *MEDIA_TYPES):
        raise UnsupportedMediaType(media_type)
    if coding not in ("", "identity", "gzip") or (coding == "gzip" and media_type == MULTIPART):
        raise UnsupportedMediaType(f"{media_type} in {coding}")
    with receiving() as arrival:
        if media_type == MULTIPART:
            return _of_form(request, arrival)
        form = FileForm(MEDIA_TYPES[media_type], gzip=coding == "gzip")
        take_body(request, arrival.write)
        return arrival.upload(f"usage{form.suffix}", form)


def _of_form(request: Request, arrival: Arrival) -> Upload:
    name = take_form_file(request, arrival.write)
    return arrival.upload(name, form_of_file(name, arrival.beginning))


Imports.operations = {
    **task_list_operation(Imports, TAG),
    "post": Operation(
        "v1_imports_create",
        TAG,
        "Hand in usage",
        "Takes a file of usage records and answers at once; a worker imports it. For operators and "
        "a reseller's admins, who may import for their own clients. The file is CSV, JSON Lines or "
        "Parquet, as the body itself or as the one file of a form, where its name tells which, or "
        "else its first bytes; `.gz` at the end of the name, or `Content-Encoding: gzip`, means "
        "compressed.\n\n"
        "Good records go in, bad ones come back in the import's download, with line, column and "
        "reason. `record_id` makes it safe to hand in a file again: a record that is known already "
        "changes nothing, another one under the same id is refused. `processing_notes` counts "
        "`records_read`, `imported`, `known` and `refused`.",
        {
            **created_answers(
                TAG, TaskType.IMPORT_DATA, {FILE: ["This field is required: a file."]}
            ),
            413: detail("The body is too long.", "The body is longer than 2000000000 bytes."),
        },
        parameters=(REQUEST_ID_HEADER,),
        request={
            "required": True,
            "content": {
                MULTIPART: {"schema": {"$ref": f"#/components/schemas/{_FORM}"}},
                **{media_type: {"schema": _BINARY} for media_type in MEDIA_TYPES},
            },
        },
    ),
}
