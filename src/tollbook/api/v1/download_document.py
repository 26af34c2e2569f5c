"""What the document says of the download of a task's result."""

from collections.abc import Mapping
from typing import Any, Final

from tollbook.api.operations import JSON, NOT_FOUND, RETRY_AFTER, Answer, Operation, detail
from tollbook.api.paths import uuid_parameter
from tollbook.api.v1.proof_headers import proof_header_schemas
from tollbook.reports.renderers import RENDERERS, ReportFormat

FORMATS: Final[Mapping[str, ReportFormat]] = {
    RENDERERS[name].media_type.partition(";")[0]: name
    for name in (
        ReportFormat.JSON,
        ReportFormat.CSV,
        ReportFormat.XLSX,
        ReportFormat.PARQUET,
    )
}
"""Formats by media type; the first is what a client gets that takes anything."""

_BINARY: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_REFUSED: Final = {"$ref": "#/components/schemas/DownloadRefused"}
EXAMPLE: Final = {
    "headers": [
        "Expense ID",
        "Date",
        "Used from",
        "Used until",
        "Reseller ID",
        "Client ID",
        "Client",
        "Payer ID",
        "Payer",
        "Addendum ID",
        "Plan",
        "Plan item ID",
        "Product ID",
        "Product",
        "Feature",
        "Region ID",
        "Region",
        "Calc rule",
        "Kind",
        "Usage",
        "Unit",
        "Currency",
        "Cost before discount",
        "Discount",
        "Cost",
        "Tax rate, %",
        "Tax",
        "Cost with tax",
        "Deleted",
        "Reason",
        "Comment",
    ],
    "rows": [
        [
            115255,
            "2026-10-01",
            "2026-10-01T00:00:00Z",
            "2026-10-02T00:00:00Z",
            101,
            1003,
            "Sørland Motors S.A.",
            3,
            "Sørland Motors S.A.",
            9,
            "CDN Start",
            111,
            1,
            "CDN",
            "Delivery traffic",
            2,
            "Europe",
            "stepped",
            "usage",
            "346.302088671000",
            "GB",
            "USD",
            "13.852083546840",
            "6.926041773420",
            "6.926041773420",
            "0.00",
            "0.000000000000",
            "6.926041773420",
            False,
            None,
            None,
        ]
    ],
}
DOWNLOAD_COMPONENTS: Final[Mapping[str, Any]] = {
    "ReportTable": {
        "type": "object",
        "description": "A report as JSON.",
        "properties": {
            "headers": {
                "type": "array",
                "items": {"type": "string"},
                "description": "The names of the columns, for people.",
            },
            "rows": {
                "type": "array",
                "items": {"type": "array", "items": {}},
                "description": (
                    "The rows: amounts are texts with all their digits, days and moments are ISO "
                    "8601, nothing is null."
                ),
            },
        },
        "required": ["headers", "rows"],
        "examples": [EXAMPLE],
    },
    "DownloadRefused": {
        "type": "object",
        "description": (
            "`error` says why there is no file; where a parameter is at fault, its name maps to "
            "its messages instead. It is JSON whatever format was asked for."
        ),
        "properties": {"error": {"type": "string"}},
        "additionalProperties": True,
    },
}


def _file_headers(**more: Any) -> dict[str, Any]:
    text = {"required": True, "schema": {"type": "string"}}
    return {
        "Content-Disposition": {**text, "description": "The name to save it under."},
        "ETag": {**text, "description": "Changes with the bytes, and only then."},
        **proof_header_schemas(),
        **more,
    }


def _contents() -> dict[str, dict[str, Any]]:
    table = {"$ref": "#/components/schemas/ReportTable"}
    return {media_type: table if media_type == JSON else _BINARY for media_type in FORMATS}


def _header(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


def download_operation(tag: str, noun: str) -> Operation:
    """The document's words on downloading what a ``noun`` made; ``tag`` is its part of the path."""
    return Operation(
        f"v1_{tag}_download_retrieve",
        tag,
        f"Download a {noun}",
        f"The result of a `Completed` {noun}. `format` says what it comes as; without it `Accept` "
        "is negotiated, and a client that takes anything gets JSON. The file streams as it is "
        "made. A broken download goes on with `Range: bytes=…-` and the `ETag` as `If-Range`; of "
        "several ranges the whole comes. `HEAD` answers the headers alone; CSV and JSON are "
        f"compressed for clients that send `Accept-Encoding: gzip`. A {noun} that is not finished "
        "yet answers 400 with `Retry-After`.",
        {
            200: Answer("The file.", _contents(), _file_headers()),
            206: Answer(
                "The part of the file that `Range` asks for.",
                {media_type: {} if media_type == JSON else _BINARY for media_type in FORMATS},
                _file_headers(
                    **{
                        "Content-Range": {
                            "required": True,
                            "schema": {"type": "string"},
                            "description": "Which bytes these are, of how many.",
                        }
                    }
                ),
            ),
            304: Answer("The client's copy is still the file.", headers=_file_headers()),
            400: Answer(
                "There is no file (yet, or at all), or a parameter cannot be taken.",
                dict.fromkeys(FORMATS, _REFUSED),
                headers={"Retry-After": RETRY_AFTER},
                example={"error": f"Failed to render {noun}: the {noun} is not ready yet: Pending"},
            ),
            404: NOT_FOUND,
            410: detail(f"The result has expired; ask for the {noun} again.", "the result expired"),
            416: detail(
                "No byte of the `Range` exists.",
                "No byte of this range exists.",
                headers={
                    "Content-Range": {
                        "required": True,
                        "schema": {"type": "string"},
                        "description": "How many bytes there are.",
                    }
                },
            ),
        },
        parameters=(
            uuid_parameter("uuid", f"The {noun}'s `uuid`, which is also its `Request-Id`."),
            {
                "name": "format",
                "in": "query",
                "description": "What the file comes as; counts before `Accept`.",
                "schema": {"type": "string", "enum": sorted(ReportFormat)},
            },
            {
                "name": "raw",
                "in": "query",
                "description": (
                    "CSV only: `true` leaves texts that a spreadsheet would run as they are, such "
                    "as one that begins with `=`; usually they get a leading `'`, and so do those "
                    "that begin with apostrophes before such a character."
                ),
                "schema": {"type": "boolean", "default": False},
            },
            _header("If-None-Match", "`ETag`s of copies that you have.", '"9f2c"'),
        ),
    )
