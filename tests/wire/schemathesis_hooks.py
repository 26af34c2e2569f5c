"""What a JSON Schema cannot say, for schemathesis: valid requests are made to fit the book.

``date_from`` may not be after ``date_to``, clients, products and currencies must be in the book,
and so must reports that are compared; a template takes its own parameters only, a ``Request-Id`` is
good for one request, only a finished report, stop or closing has a file, a month that is closed is
over, and a trial has only the options of its product. Requests that are meant to be wrong stay as
they are, and no check is weakened. What is in the book is asked of the server itself; a parameter
without a known value is left out.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final
from uuid import uuid4

import httpx
import schemathesis

BASE: Final = "/billing/org/v1"
MAKE_FILES: Final = ("reports", "subscriptions/stop", "closings", "imports")
DAYS: Final = ("date_from", "date_to")
SIDES: Final = ("before", "after")
FROM_THE_BOOK: Final = ("client_id", "product_id", "currency")


@schemathesis.hook
def before_call(context: object, case: Any, kwargs: dict[str, Any]) -> None:
    """Fit a request that is meant to be right."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    operation = case.operation
    headers = operation.schema.config.headers_for(operation=operation)
    known = _book(operation.base_url, headers["Authorization"])
    _fit_result(case, known)
    if case.method.upper() == "POST" and "Request-Id" in (case.headers or {}):
        case.headers["Request-Id"] = str(uuid4())
    _fit_parameters(case, known)
    if case.method.upper() == "POST" and case.operation.path.endswith("/subscriptions/stop"):
        case.body = {"client_id": known["client_id"], "at": case.body["at"]}
    if case.method.upper() == "POST" and case.operation.path.endswith("/closings"):
        case.body = _closing(case.body, known)
    if "trial" in known:
        _fit_trial(case, known["trial"])


def _fit_result(case: Any, known: dict[str, Any]) -> None:
    folder, _, what = case.operation.path.removeprefix(f"{BASE}/").rpartition("/{uuid}/")
    if what in ("download", "rows") and folder in known["finished"]:
        case.path_parameters["uuid"] = known["finished"][folder]
        if what == "rows":
            _fit_rows(case, known["columns"][folder])


def _fit_rows(case: Any, keys: Sequence[str]) -> None:
    """Columns that the result has, and a condition that any of them takes."""
    fitting = {
        "columns": ",".join(keys[:2]),
        "filter": [f"{key}:is_null:false" for key in keys[:2]],
        "ordering": [f"-{key}" for key in keys[-1:]],
        "order_by": [f"{key}.asc" for key in keys[:1]],
    }
    case.query |= {name: value for name, value in fitting.items() if name in (case.query or {})}


def _fit_parameters(case: Any, known: dict[str, Any]) -> None:
    folder = case.operation.path.removeprefix(f"{BASE}/")
    if folder.startswith(("webhooks", "schedules")):
        case.body = _told_or_timed(folder, case.method.upper(), case.body)
    elif isinstance(case.body, dict) and isinstance(case.body.get("parameters"), dict):
        code = str(case.body.get("template_code")).removesuffix("V2")
        declared = known["templates"].get(code, {})
        case.body["parameters"] = _fitting(
            _taken(case.body["parameters"], declared), declared, known
        )


def _told_or_timed(folder: str, method: str, body: Any) -> Any:
    """A webhook on a public address; a schedule of a new name, at a time that comes."""
    if not isinstance(body, dict):
        return body
    if folder.startswith("webhooks"):
        return {**body, "url": "https://hooks.example/"} if body.get("url") is not None else body
    if method == "PATCH":
        return {name: value for name, value in body.items() if name == "enabled"}
    days = {"date_from": "{previous_month.start}", "date_to": "{previous_month.end}"}
    return {
        "name": f"s{uuid4().hex}",
        "template_code": "ResellerExpenses",
        "parameters": days,
        "cron": "0 6 1 * *",
        **{name: body[name] for name in ("format", "keep_days", "enabled") if name in body},
    }


def _closing(body: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Of a month that is over, for one's own reseller and a client of it."""
    century, year, rest = body["month"][:2], int(body["month"][2:4]), body["month"][4:]
    fitting = {**body, "month": f"{century}{year % 25:02}{rest}", "reseller": None}
    if body.get("client_ids") is not None:
        fitting["client_ids"] = [known["client_id"]]
    return fitting


def _fit_trial(case: Any, trial: dict[str, Any]) -> None:
    if case.operation.path.endswith("/trials/start-trial-data"):
        case.query |= {"client_id": trial["client_id"], "product_id": trial["product"]["id"]}
    if case.method.upper() == "PATCH" and isinstance(case.body, dict):
        case.path_parameters["id"] = trial["id"]
        names = {"days_limit", *(option["internal_name"] for option in trial["options"])}
        case.body = {name: value for name, value in case.body.items() if name in names}


def _taken(parameters: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any]:
    """What the template takes of the parameters of all templates, with words that it knows."""
    taken = {name: value for name, value in parameters.items() if name in declared}
    if "group_by" in taken and taken["group_by"] not in declared["group_by"].get("enum", ()):
        taken["group_by"] = declared["group_by"]["default"]
    return taken


def _fitting(
    parameters: dict[str, Any], declared: dict[str, Any], known: dict[str, Any]
) -> dict[str, Any]:
    needed = {name: known["sample"][name] for name, one in declared.items() if one["required"]}
    fitting = {**needed, **parameters}
    if "date_from" in fitting:
        fitting["date_from"], fitting["date_to"] = sorted(fitting[name] for name in DAYS)
    fitting |= {name: known["sample"][name] for name in SIDES if name in fitting}
    for name in FROM_THE_BOOK:
        if fitting.get(name) is not None:
            fitting[name] = known.get(name)
    return fitting


def _columns(client: httpx.Client, folder: str, uuid: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{BASE}/{folder}/{uuid}/rows?limit=1").json()[
        "columns"
    ]
    return found


@cache
def _book(server: str, key: str) -> dict[str, Any]:
    """Templates, finished tasks, a client, a currency and a trial that the key may see."""
    with httpx.Client(base_url=server, headers={"Authorization": key}) as client:
        finished = {
            folder: task["uuid"]
            for folder in MAKE_FILES
            for task in client.get(f"{BASE}/{folder}?status=Completed&limit=1").json()["results"]
        }
        invoices = client.get(f"{BASE}/erp-invoices?limit=1").json()["results"]
        templates = client.get(f"{BASE}/reports/templates").json()["results"]
        trials = client.get(f"{BASE}/trials?ordering=client_id&limit=1").json()["results"]
    known = {name: invoice[name] for invoice in invoices for name in ("client_id", "currency")}
    known["templates"] = {
        template["code"]: {each["name"]: each for each in template["parameters"]["parameters"]}
        for template in templates
    }
    known["finished"] = finished
    known["sample"] = {
        **dict.fromkeys(DAYS, "2026-10-01"),
        **dict.fromkeys(SIDES, finished.get("reports")),
    }
    with httpx.Client(base_url=server, headers={"Authorization": key}) as client:
        known["columns"] = {
            folder: [each["key"] for each in _columns(client, folder, uuid)]
            for folder, uuid in finished.items()
        }
    return known | ({"trial": trials[0]} if trials and trials[0]["client_id"] else {})
