"""What operators change is checked, kept with their name, and never a failure of the page."""

from datetime import date
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db.models import Model
from django.db.models.signals import pre_save
from django.forms import ModelChoiceField
from django.test import Client as Browser
from pytest_django import Settings

from tests.console.conftest import Desk
from tests.reports.book import add_expense
from tests.wire.book import let_in
from tollbook.catalog.models import Plan, Price, ProductCategory, Region
from tollbook.clients.models import ApiKey, Client, Reseller, User
from tollbook.console.audit import AUDITED
from tollbook.console.site import SECTIONS
from tollbook.contracts.models import Addendum, Trial

pytestmark = pytest.mark.django_db


def save(desk: Desk, path: str, **told: Any) -> dict[str, list[str]]:
    """The mistakes that the form was answered with; none where it was saved."""
    page = desk.browser.get(f"/admin/{path}/").context
    for inline in page["inline_admin_formsets"]:
        told |= {
            f"{inline.formset.prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")
        }
    answer = desk.browser.post(f"/admin/{path}/", told)
    if answer.status_code == 302:
        return {}
    assert answer.status_code == 200
    found: dict[str, list[str]] = answer.context["adminform"].form.errors
    assert found
    return found


def test_every_table_that_can_be_changed_is_audited() -> None:
    changed = {
        model
        for section in SECTIONS
        for model, table in section.tables.items()
        if table.can_add or table.can_change or table.can_delete_row
    }
    assert changed
    assert changed - set(AUDITED) == set()


def test_a_change_is_kept_with_its_author_before_and_after(desk: Desk) -> None:
    price = Price.objects.create(
        plan_item=desk.book.items["CDN"], currency=desk.book.usd, money_value="0.125"
    )
    assert save(desk, f"catalog/price/{price.pk}/change", money_value="0.25") == {}

    entry = LogEntry.objects.get_for_object(price).latest("timestamp")
    assert entry.actor == desk.operator
    assert entry.actor_email == desk.operator.email
    assert entry.remote_addr == "127.0.0.1"
    assert entry.cid
    assert entry.changes == {"money_value": ["0.125000000000", "0.25"]}


@pytest.mark.parametrize(
    ("table", "column"),
    [("contracts/subscription", "quantity"), ("catalog/planitem", "default_value")],
)
def test_nobody_commits_to_less_than_nothing(desk: Desk, table: str, column: str) -> None:
    refused = save(desk, f"{table}/add", **{column: "-0.00000001"})
    assert refused[column] == ["Ensure this value is greater than or equal to 0."]
    for taken in ("0", "0.00000001"):
        assert column not in save(desk, f"{table}/add", **{column: taken})


POINTING = [
    model
    for section in SECTIONS
    for model, table in section.tables.items()
    if table.can_add and any(field.remote_field for field in model._meta.fields)
]


@pytest.mark.long
@pytest.mark.parametrize("model", POINTING, ids=lambda model: model.__name__)
@pytest.mark.parametrize("sent", ["abc", "-1", "9" * 30, "a\x00b"])
def test_what_is_no_row_is_told_at_the_field_that_points_to_it(
    desk: Desk, model: type[Model], sent: str
) -> None:
    path = f"{model._meta.app_label}/{model._meta.model_name}/add"
    form = desk.browser.get(f"/admin/{path}/").context["adminform"].form
    pointers = [name for name, field in form.fields.items() if isinstance(field, ModelChoiceField)]
    assert pointers
    told = save(desk, path, **dict.fromkeys(pointers, sent))
    assert [name for name in pointers if "valid" not in told[name][0]] == []


def test_the_page_of_a_price_warns(desk: Desk) -> None:
    price = Price.objects.create(
        plan_item=desk.book.items["CDN"], currency=desk.book.usd, money_value="0.125"
    )
    page = desk.browser.get(f"/admin/catalog/price/{price.pk}/change/").content.decode()
    assert "A changed price counts for what is rated from now on" in page


def test_a_new_row_and_one_that_went_are_kept_too(desk: Desk) -> None:
    from tollbook.catalog.models import Country

    Country.objects.create(code="SE", name="Sweden", zone="EU", currency=desk.book.eur)
    assert save(desk, "catalog/region/add", country="SE", code="AB", name="Stockholm") == {}
    region = Region.objects.get(code="AB")
    desk.browser.post(f"/admin/catalog/region/{region.pk}/delete/", {"post": "yes"})
    assert not Region.objects.exists()
    kept = LogEntry.objects.filter(content_type__model="region").order_by("pk")
    assert [entry.get_action_display() for entry in kept] == ["create", "delete"]
    assert {entry.actor for entry in kept} == {desk.operator}


def test_a_new_reseller_takes_the_next_number(desk: Desk) -> None:
    assert save(desk, "clients/reseller/add", company_name="West") == {}
    assert Reseller.objects.get(company_name="West").pk > desk.book.sand.pk


def test_a_client_stays_with_its_reseller_once_it_has_expenses(desk: Desk) -> None:
    brook = desk.book.brook
    south = desk.book.sand.reseller
    told = {"company_name": "Brook 2", "payer": desk.book.sand.payer_id, "reseller": south.pk}
    add_expense(desk.book, brook, date(2026, 10, 1), "1")
    found = save(desk, f"clients/client/{brook.pk}/change", **told)
    assert list(found) == ["payer"]
    told["payer"] = brook.payer_id
    assert save(desk, f"clients/client/{brook.pk}/change", **told) == {}
    brook.refresh_from_db()
    assert (brook.company_name, brook.reseller_id) == ("Brook 2", desk.book.fjord.reseller_id)


def test_a_client_without_anything_may_move_with_its_payer(desk: Desk) -> None:
    brook, south = desk.book.brook, desk.book.sand.reseller
    told = {"company_name": "Brook", "payer": desk.book.sand.payer_id, "reseller": south.pk}
    assert save(desk, f"clients/client/{brook.pk}/change", **told) == {}
    brook.refresh_from_db()
    assert brook.reseller_id == south.pk


def test_a_seller_of_another_reseller_is_refused(desk: Desk) -> None:
    told = {
        "company_name": "Brook",
        "reseller": desk.book.brook.reseller_id,
        "payer": desk.book.brook.payer_id,
        "seller": desk.book.stranger.user_id,
    }
    assert list(save(desk, f"clients/client/{desk.book.brook.pk}/change", **told)) == ["seller"]


@pytest.mark.parametrize(
    ("role", "reseller", "client", "is_staff", "wrong"),
    [
        ("operator", None, None, True, set()),
        ("operator", "north", None, False, {"reseller"}),
        ("operator", None, "fjord", False, {"client"}),
        ("admin", "north", None, False, set()),
        ("admin", None, None, False, {"reseller"}),
        ("admin", "north", None, True, {"is_staff"}),
        ("seller", "north", "fjord", False, {"client"}),
        ("seller", "north", None, False, set()),
        ("client", "north", "fjord", False, set()),
        ("client", None, "fjord", False, {"reseller"}),
        ("client", "north", None, False, {"client"}),
        ("client", "north", "sand", False, {"client"}),
        ("king", None, None, False, {"role"}),
    ],
)
def test_a_user_belongs_where_the_role_says(
    desk: Desk, role: str, reseller: str | None, client: str | None, is_staff: bool, wrong: set[str]
) -> None:
    told: dict[str, Any] = {"email": "new@example.com", "role": role, "is_active": "on"}
    if reseller:
        told["reseller"] = desk.book.fjord.reseller_id
    if client:
        told["client"] = {"fjord": desk.book.fjord, "sand": desk.book.sand}[client].pk
    if is_staff:
        told["is_staff"] = "on"
    assert set(save(desk, "clients/user/add", **told)) == wrong
    made = User.objects.filter(email="new@example.com").first()
    assert (made is None) == bool(wrong)
    assert made is None or not made.has_usable_password()


def test_no_role_is_chosen_before_somebody_chooses_it(desk: Desk) -> None:
    form = desk.browser.get("/admin/clients/user/add/").context["adminform"].form
    assert form.fields["role"].choices[0][0] == ""
    assert form["role"].initial is None
    assert list(save(desk, "clients/user/add", email="new@example.com")) == ["role"]


def test_an_email_in_other_letters_is_known_already(desk: Desk) -> None:
    told = {"email": "OPERATOR@example.com", "role": "operator", "is_active": "on"}
    assert list(save(desk, "clients/user/add", **told)) == ["email"]


def test_operators_cannot_shut_themselves_out(desk: Desk) -> None:
    path = f"clients/user/{desk.operator.pk}/change"
    assert save(desk, path, email=desk.operator.email, role="admin") == {}
    desk.operator.refresh_from_db()
    assert (desk.operator.role, desk.operator.is_active) == ("operator", True)


def test_keys_are_revoked_at_once_and_the_author_is_kept(desk: Desk) -> None:
    let_in(desk.book)
    key = ApiKey.objects.filter(revoked_at=None).earliest("pk")
    told = {"action": "revoke", "_selected_action": [str(key.pk)]}
    assert desk.browser.post("/admin/clients/apikey/", told).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    entry = LogEntry.objects.get_for_object(key).latest("timestamp")
    assert list(entry.changes) == ["revoked_at"]
    assert entry.actor == desk.operator


def test_no_hash_and_no_password_gets_into_the_audit(desk: Desk) -> None:
    let_in(desk.book)
    desk.operator.set_password("a long enough passphrase")
    desk.operator.save()
    kept = "".join(str(entry.changes) for entry in LogEntry.objects.all())
    assert "'password': ['hidden', 'hidden']" in kept
    assert desk.operator.password not in kept
    assert not any(key.secret_hash in kept for key in ApiKey.objects.all())


def test_what_only_the_database_can_refuse_is_told(desk: Desk) -> None:
    def be_first(sender: Any, instance: ProductCategory, **_: Any) -> None:
        ProductCategory.objects.bulk_create([ProductCategory(name=instance.name)])

    pre_save.connect(be_first, sender=ProductCategory)
    try:
        answer = desk.browser.post(
            "/admin/catalog/productcategory/add/", {"name": "Twice"}, follow=True
        )
    finally:
        pre_save.disconnect(be_first, sender=ProductCategory)
    assert answer.status_code == 200
    assert "Nothing was saved" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "told", "field"),
    [
        ("catalog/currency/add", {"char_code": "us", "name_en": "x", "minor_unit": "2"}, None),
        ("catalog/currency/add", {"char_code": "USD", "name_en": "x", "minor_unit": "2"}, None),
        ("catalog/currency/add", {"char_code": "XXX", "name_en": "x", "minor_unit": "99999"}, None),
        ("catalog/price/add", {"money_value": "-1"}, None),
        ("catalog/price/add", {"money_value": "1e99"}, "money_value"),
        ("catalog/price/add", {"money_value": "NaN"}, "money_value"),
        ("clients/payer/add", {"company_name": "x", "tax_rate": "100"}, None),
        ("clients/payer/add", {"company_name": "a\x00b", "tax_rate": "1"}, "company_name"),
        ("contracts/discount/add", {"relative_value": "100.1"}, None),
        ("contracts/trial/add", {"days_limit": "99999999999"}, "days_limit"),
        ("catalog/roundingrule/add", {"round_operation": "ceil", "value": "0"}, None),
    ],
)
def test_what_cannot_be_is_a_mistake_on_the_form(
    desk: Desk, path: str, told: dict[str, str], field: str | None
) -> None:
    facts: dict[str, Any] = {
        "plan_item": desk.book.items["CDN"].pk,
        "currency": desk.book.usd.pk,
        "reseller": desk.book.brook.reseller_id,
        "unit": desk.book.items["CDN"].unit_id,
        "product": desk.book.items["CDN"].plan.product_id,
        "addendum": Addendum.objects.create(
            client=desk.book.brook,
            plan=Plan.objects.earliest("pk"),
            currency=desk.book.usd,
            status="active",
        ).pk,
    }
    found = save(desk, path, **facts, **told)
    assert field is None or field in found


def test_an_addendum_ends_after_it_starts(desk: Desk) -> None:
    told = {
        "client": desk.book.brook.pk,
        "plan": Plan.objects.earliest("pk").pk,
        "currency": desk.book.usd.pk,
        "status": "active",
        "active_from_0": "2026-10-02",
        "active_from_1": "00:00:00",
        "active_to_0": "2026-10-01",
        "active_to_1": "00:00:00",
    }
    assert list(save(desk, "contracts/addendum/add", **told)) == ["active_to"]
    told["active_to_0"] = "2026-10-03"
    assert save(desk, "contracts/addendum/add", **told) == {}


@pytest.mark.parametrize("path", ["clients/client", "clients/user", "catalog/price"])
def test_what_the_book_knows_is_not_deleted(desk: Desk, path: str) -> None:
    key = {"clients/client": desk.book.brook.pk, "clients/user": desk.book.admin.user_id}.get(path)
    if key is None:
        key = Price.objects.create(
            plan_item=desk.book.items["CDN"], currency=desk.book.usd, money_value=1
        ).pk
    assert desk.browser.post(f"/admin/{path}/{key}/delete/", {"post": "yes"}).status_code == 403
    assert Client.objects.count() == 3


def test_the_history_of_a_row_is_its_audit(desk: Desk) -> None:
    reseller = desk.book.fjord.reseller
    save(desk, f"clients/reseller/{reseller.pk}/change", company_name="North 2")
    answer = desk.browser.get(f"/admin/clients/reseller/{reseller.pk}/history/", follow=True)
    entries = list(answer.context["cl"].result_list)
    assert entries[0].changes == {"company_name": ["North", "North 2"]}
    assert {(entry.content_type.model, entry.object_pk) for entry in entries} == {
        ("reseller", str(reseller.pk))
    }


def test_a_change_over_the_api_is_kept_with_its_author(desk: Desk) -> None:
    trial = Trial.objects.create(
        client=desk.book.brook, product=desk.book.items["CDN"].plan.product, days_limit=14
    )
    answer = Browser().patch(
        f"/billing/org/v1/trials/{trial.pk}",
        {"days_limit": 30},
        content_type="application/json",
        headers={"Authorization": let_in(desk.book).admin, "X-Request-Id": "asked-by-admin"},
    )
    assert answer.status_code == 200, answer.content
    entry = LogEntry.objects.get_for_object(trial).latest("timestamp")
    assert entry.changes == {"days_limit": ["14", "30"]}
    assert entry.actor_email == "admin@example.com"
    assert entry.cid == "asked-by-admin"


@pytest.mark.parametrize(
    ("forwarded", "trusted", "kept"),
    [
        ("203.0.113.7", False, "127.0.0.1"),
        ("198.51.100.1, 203.0.113.7", True, "203.0.113.7"),
        ("nonsense", True, None),
        (None, True, "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_that_the_proxy_saw(
    desk: Desk, settings: Settings, forwarded: str | None, trusted: bool, kept: str | None
) -> None:
    settings.USE_X_FORWARDED_HOST = trusted
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    told = {"company_name": "West"}
    answer = desk.browser.post("/admin/clients/reseller/add/", told, headers=headers)
    assert answer.status_code == 302
    assert LogEntry.objects.latest("timestamp", "pk").remote_addr == kept
