"""``ResellerStatistics`` over a small lake, beside a plain Python loop over its records."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.reports import demo
from tests.reports.book import Book, submit
from tests.reports.lake import Used, fill_lake, some_usage, used
from tollbook.catalog.models import Feature
from tollbook.clients.models import Client
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Addendum
from tollbook.filetasks.opened import open_result
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import run_file_task
from tollbook.kernel.errors import InvalidFields
from tollbook.reports.services import write_report

BOTH = {"date_from": "2026-09-01", "date_to": "2026-11-01"}
TIMES = {
    "month": ("month", lambda moment: moment.date().replace(day=1)),
    "day": ("date", lambda moment: moment.date()),
    "hour": ("hour", lambda moment: moment.replace(minute=0)),
}
KEYS = {
    "client": "client_id",
    "product": "product_id",
    "feature": "feature_id",
    "region": "region_id",
    "resource": "resource_id",
}
WAYS = [
    ("client",),
    ("product", "resource"),
    ("client", "feature", "region"),
    ("client", "product", "feature", "region", "resource"),
]


@pytest.fixture
def records(book: Book) -> list[Used]:
    """What the lake holds."""
    found = some_usage(book)
    fill_lake(found)
    return found


def asked(viewer: Viewer, **parameters: Any) -> Any:
    task = submit(viewer, template_code="ResellerStatisticsV2", **{**BOTH, **parameters})
    run_file_task(task.uuid, work=write_report)
    return open_result(viewer, task.uuid, TaskType.REPORT, now=datetime.now(UTC))


def rows_of(viewer: Viewer, **parameters: Any) -> list[dict[str, Any]]:
    return demo.rows_of(viewer, "ResellerStatistics", **{**BOTH, **parameters})


def expected(
    records: list[Used], clients: tuple[Client, ...], groups: tuple[str, ...], granularity: str
) -> list[dict[str, Any]]:
    """The sums of the clients' records, a key of the report at a time, in its order."""
    features = {feature.pk: feature for feature in Feature.objects.all()}
    time_key, time_of = TIMES[granularity]
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(list)
    for record in records:
        feature = features[record.feature_id]
        facts = {**vars(record), "product_id": feature.product_id}
        if record.client_id in {client.pk for client in clients}:
            own = tuple(facts[KEYS[group]] for group in groups)
            sums[time_of(record.period_start), own, feature.metric_id].append(record.amount)
    ordered = sorted(
        sums.items(),
        key=lambda each: (each[0][0], [(v is not None, v) for v in each[0][1]], each[0][2]),
    )
    return [
        {
            time_key: time,
            **dict(zip((KEYS[group] for group in groups), own, strict=True)),
            "usage": sum(amounts, Decimal(0)),
            "records": len(amounts),
        }
        for (time, own, _metric), amounts in ordered
    ]


def told(rows: list[dict[str, Any]], like: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: row[key] for key in like[0]} for row in rows]


@pytest.mark.parametrize("granularity", TIMES)
def test_usage_is_added_up_exactly_for_what_is_asked(
    book: Book, records: list[Used], granularity: str
) -> None:
    for groups in WAYS:
        rows = rows_of(book.admin, group_by=",".join(groups), granularity=granularity)
        plain = expected(records, (book.fjord, book.brook), groups, granularity)
        assert told(rows, plain) == plain, groups


def test_names_stand_beside_the_numbers_and_the_unit_beside_the_amount(
    book: Book, records: list[Used]
) -> None:
    first = rows_of(book.admin, group_by="client, product,feature,region,resource")[0]
    names = ("client_name", "product_name", "feature_name", "region_name", "metric_name")
    assert [first[name] for name in (*names, "unit_name", "resource_id")] == [
        book.fjord.company_name,
        "CDN",
        "CDN traffic",
        "Europe",
        "CDN",
        "GB of CDN",
        None,
    ]


def test_usage_of_different_metrics_is_never_added_up(book: Book, records: list[Used]) -> None:
    rows = rows_of(book.admin, group_by="client", granularity="month", client_id=book.brook.pk)
    assert {row["unit_name"] for row in rows} == {"GB of CDN", "GB of Storage"}
    assert len(rows) == 3


def test_each_role_sees_the_usage_of_its_own_clients(book: Book, records: list[Used]) -> None:
    for viewer, clients in (
        (book.operator, (book.fjord, book.brook, book.sand)),
        (book.admin, (book.fjord, book.brook)),
        (book.seller, (book.fjord,)),
        (book.stranger, (book.sand,)),
    ):
        rows = rows_of(viewer, group_by="client")
        plain = expected(records, clients, ("client",), "day")
        assert told(rows, plain) == plain


def test_the_notes_count_no_records_of_others(book: Book, records: list[Used]) -> None:
    report = asked(book.stranger)
    report.close()
    own = [record for record in records if record.client_id == book.sand.pk]
    assert report.task.processing_notes["records_to_process"] == len(own)


def test_client_and_product_narrow_the_answer(book: Book, records: list[Used]) -> None:
    product = book.items["Storage"].plan.product
    rows = rows_of(book.operator, client_id=book.sand.pk, product_id=product.pk)
    kept = [record for record in records if record.feature_id == book.items["Storage"].feature_id]
    plain = expected(kept, (book.sand,), ("client", "product", "feature", "region"), "day")
    assert told(rows, plain) == plain


def test_a_currency_keeps_what_was_used_under_a_contract_in_it(book: Book) -> None:
    noon = datetime(2026, 10, 5, 12, tzinfo=UTC)
    plan = book.items["CDN"].plan

    def contract(currency: Any, **more: Any) -> Addendum:
        return Addendum.objects.create(
            client=book.fjord, plan=plan, currency=currency, status="active", **more
        )

    euros = contract(book.eur, active_from=noon, active_to=noon + timedelta(days=1))
    dollars = contract(book.usd)
    fill_lake(
        [
            used(book, book.fjord, noon - timedelta(hours=1), "1"),
            used(book, book.fjord, noon, "10"),
            used(book, book.fjord, noon + timedelta(hours=23), "100"),
            used(book, book.fjord, noon + timedelta(hours=24), "1000"),
            used(book, book.fjord, noon, "10000", addendum_id=dollars.pk),
            used(book, book.fjord, noon + timedelta(days=3), "100000", addendum_id=euros.pk),
            used(book, book.fjord, noon, "1000000", item="Storage"),
            used(book, book.brook, noon, "10000000"),
        ]
    )

    def total(currency: str) -> Decimal:
        return sum((row["usage"] for row in rows_of(book.admin, currency=currency)), Decimal(0))

    assert total("EUR") == Decimal(100110)
    assert total("USD") == Decimal(11111)


def test_the_first_day_is_in_and_the_last_is_not(book: Book, records: list[Used]) -> None:
    rows = rows_of(book.operator, date_from="2026-10-01", date_to="2026-10-03", group_by="product")
    assert {str(row["date"]) for row in rows} == {"2026-10-01", "2026-10-02"}
    month = rows_of(
        book.operator,
        date_from="2026-10-01",
        date_to="2026-10-03",
        group_by="product",
        granularity="month",
    )
    assert sum(row["usage"] for row in month) == sum(row["usage"] for row in rows)


def test_without_usage_the_report_is_finished_and_empty(book: Book) -> None:
    report = asked(book.admin)
    report.close()
    assert (report.result.rows, report.task.status) == (0, "Completed")
    assert report.task.processing_notes["data_version"] == "no usage"


def test_the_same_question_on_the_same_lake_gives_the_same_bytes(
    book: Book, records: list[Used]
) -> None:
    files = []
    for _ in range(2):
        report = asked(book.operator, granularity="hour")
        files.append(b"".join(report.result.pieces()))
        report.close()
    assert files[0] == files[1]
    fill_lake([used(book, book.fjord, datetime(2026, 10, 3, tzinfo=UTC), "1")])
    report = asked(book.operator, granularity="hour")
    assert b"".join(report.result.pieces()) != files[0]
    report.close()


@pytest.mark.parametrize("wrong", ["", "planet", "client,client", "client;feature", "client,"])
def test_groups_that_there_are_not_are_refused_by_name(book: Book, wrong: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        asked(book.admin, group_by=wrong)
    assert list(caught.value.errors) == ["parameters.group_by"]
    assert "client, product, feature, region, resource" in caught.value.message
