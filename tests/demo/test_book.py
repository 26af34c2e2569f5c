"""The demo book: the same every time, with what it promises in it."""

import hashlib
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Count, F, Min

from tollbook.catalog.models import Currency, Product
from tollbook.catalog.rules import CalcRuleType
from tollbook.clients.models import Client, Payer, Reseller, User
from tollbook.clients.rules import Role
from tollbook.contracts.models import Addendum, Discount
from tollbook.contracts.rules import AddendumStatus
from tollbook.demo.names import ODD_NAMES, company_names
from tollbook.demo.remarks import REMARKS, REVISION_REASONS, WITHDRAWN_REASON
from tollbook.demo.services import DemoBook, load_demo_book
from tollbook.erp.models import ErpInvoice
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.errors import Conflict

WHOLE_ROWS = "*"
"""What is compared of most tables; of some, all but the numbers that the database gave."""

CLIENT_COLUMNS = """
id, reseller_id, payer_id, company_name, created_at,
(SELECT email FROM clients_user u WHERE u.id = seller_id)
"""
USER_COLUMNS = "email, password, role, reseller_id, client_id, date_joined"

DIGESTS = (
    ("catalog_currency", WHOLE_ROWS, "c295c2accc8cb07647c6bcc8"),
    ("catalog_country", WHOLE_ROWS, "c47c8e6f69031c6103617cdc"),
    ("catalog_region", WHOLE_ROWS, "4cf47957361702d83b4f5515"),
    ("catalog_unit", WHOLE_ROWS, "c94e73e492431773c27a6d18"),
    ("catalog_metric", WHOLE_ROWS, "4c46694b7643f6054ae54039"),
    ("catalog_productcategory", WHOLE_ROWS, "0b06d85a256d90b746a13b51"),
    ("catalog_product", WHOLE_ROWS, "88867279778cef04c70e3a05"),
    ("catalog_statisticregion", WHOLE_ROWS, "810d0dc7102c62d98e758ab4"),
    ("catalog_feature", WHOLE_ROWS, "d41964ae742c9e9ac272e225"),
    ("catalog_calcrule", WHOLE_ROWS, "fef3f22986aa7e5c4af2b699"),
    ("catalog_roundingrule", WHOLE_ROWS, "53c2570ae331950c3eb5bcc4"),
    ("catalog_plan", WHOLE_ROWS, "724a4322300532456c7bed23"),
    ("catalog_planitem", WHOLE_ROWS, "e6855ab978a159a49e79a26a"),
    ("catalog_planitem_regions", "planitem_id, statisticregion_id", "7ca53ce63a214c825189b010"),
    ("catalog_price", WHOLE_ROWS, "fd3cfbcd0ffcdfc7877c4254"),
    ("catalog_pricestage", WHOLE_ROWS, "98dbdc22390792e457de2ed7"),
    ("clients_reseller", WHOLE_ROWS, "ce3cca3bfef0a5cfb74da08b"),
    ("clients_payer", WHOLE_ROWS, "56e076a26fc77a74935454a0"),
    ("clients_client", CLIENT_COLUMNS, "4d481460823388e002fd31fd"),
    ("clients_user", USER_COLUMNS, "c30d6e912b6a2c2e6d0d424a"),
    ("contracts_addendum", WHOLE_ROWS, "6867f7737e71e2fce4309228"),
    ("contracts_subscription", WHOLE_ROWS, "42980269815133ea5ec2fd76"),
    ("contracts_discount", WHOLE_ROWS, "11aeecbfb50e1385531bf02d"),
    ("contracts_trialoptiontype", WHOLE_ROWS, "4116b91652d69c7d7c17bfb3"),
    ("contracts_trial", WHOLE_ROWS, "43f03219389a165aeedb32dd"),
    ("contracts_trialrange", WHOLE_ROWS, "f47191d301b00eb8b9753061"),
    ("contracts_trialoption", WHOLE_ROWS, "87ee07baee3fe35e19c83e7c"),
    ("expenses_expense", WHOLE_ROWS, "d66c77f45c6539cc6f7b4b69"),
    ("credits_action", WHOLE_ROWS, "ec364fe89b4322521a995e68"),
    ("credits_operation", WHOLE_ROWS, "266ac6c9e89af26acd5fcd46"),
    ("erp_erpinvoice", WHOLE_ROWS, "e19f76fb5a6112f1fc4dc099"),
    ("erp_erpinvoiceline", WHOLE_ROWS, "1197a8bcdd18b7a2c071f825"),
    ("invoicing_invoice", WHOLE_ROWS, "c83660a2deb6771a73b1f1b7"),
    ("invoicing_invoiceitem", WHOLE_ROWS, "b3d1a04977874024d532edf4"),
    ("invoicing_dispatch", WHOLE_ROWS, "7364bf2b1a2525da65c7d61f"),
)
"""Of the rows of each table of the book; a change of the book is meant, and changes a line."""

PRODUCTS = {
    1: ("CDN", "CDN"),
    2: ("STORAGE", "Object Storage"),
    3: ("DDOS", "Web Security"),
    4: ("STREAMING", "Streaming"),
    5: ("CLOUD", "Cloud"),
    6: ("CONNECT", "Colocation Services"),
    7: ("WG_PRIVATE_CLOUD", "WG Private Cloud"),
    8: ("P2P", "p2p"),
    9: ("INFRASTRUCTURE_PROTECTION", "DDoS Protection"),
    10: ("DNS", "Managed DNS"),
    11: ("OTHER_SERVICES", "Other Services"),
    12: ("PREMIUM_SUPPORT", "Premium Support"),
    13: ("CONNECTIVITY", "Connectivity"),
    14: ("GHOST", "Hosting"),
    15: ("MANAGED_SERVICES", "Managed Services"),
    16: ("RENT", "Rent"),
    17: ("SOFTWARE_DEVELOPMENT", "Software development"),
    18: ("VMWARE", "VM Ware"),
    19: ("LAAS", "LaaS"),
    20: ("AWS_CLOUD", "AWS Cloud"),
    21: ("FAST_EDGE", "FastEdge"),
    22: ("TECHNICAL_SUPPORT", "Technical Support"),
    23: ("WAAP", "WAAP"),
    25: ("SHIELD_PROXY", "Edge Proxy"),
    32: ("AI_DEDCOMP", "AI Managed Dedicated Compute"),
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("demo_book"),
    pytest.mark.xdist_group("demo_book"),
]


@pytest.mark.long
@pytest.mark.parametrize(("table", "columns", "digest"), DIGESTS)
def test_the_same_seed_makes_the_same_book(table: str, columns: str, digest: str) -> None:
    assert digest_of(table, columns) == digest


def digest_of(table: str, columns: str) -> str:
    rows = f"SELECT {columns} FROM {table}"  # noqa: S608
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text FROM ({rows}) t ORDER BY t")  # noqa: S608
        for (row,) in cursor:
            digest.update(f"{row}\n".encode())
    return digest.hexdigest()[:24]


def test_the_book_counts_what_it_holds(demo_book: DemoBook) -> None:
    assert (demo_book.resellers, demo_book.clients, demo_book.invoices) == (3, 200, 500)
    assert demo_book.expenses == Expense.objects.count() >= 150_000
    assert demo_book.live_expenses == Expense.objects.filter(deleted=False).count() >= 150_000
    days = Expense.objects.values_list("for_date", flat=True).distinct()
    assert set(days) == {day for month in demo_book.months for day in month}


def test_totals_are_those_of_live_expenses(demo_book: DemoBook) -> None:
    by_hand = {"USD": Decimal(0), "EUR": Decimal(0)}
    live = Expense.objects.filter(deleted=False)
    for code, amount in live.values_list("currency__char_code", "money_value").iterator():
        by_hand[code] += amount
    assert demo_book.totals == by_hand


def test_currencies_and_products_have_the_numbers_that_clients_rely_on() -> None:
    currencies = Currency.objects.values_list("id", "char_code")
    assert dict(currencies) == {1: "USD", 2: "EUR"}
    products = Product.objects.values_list("id", "internal_name", "name_en")
    assert {number: names for number, *names in products} == {
        number: list(names) for number, names in PRODUCTS.items()
    }


@pytest.mark.parametrize("currency_id", [1, 2])
def test_all_five_calc_rules_make_live_expenses_in_both_currencies(currency_id: int) -> None:
    live = Expense.objects.filter(deleted=False, currency_id=currency_id)
    used = live.exclude(money_value=0).values_list("calc_rule_type", flat=True).distinct()
    assert set(used) == set(CalcRuleType.values)


def test_expenses_say_what_their_contract_says() -> None:
    contract = Expense.objects.exclude(
        client_id=F("addendum__client_id"),
        payer_id=F("client__payer_id"),
        reseller_id=F("client__reseller_id"),
        currency_id=F("addendum__currency_id"),
        plan_id=F("addendum__plan_id"),
    )
    assert not contract.exists()
    item = Expense.objects.exclude(kind=ExpenseKind.CREDIT).exclude(
        addendum_id=F("subscription__addendum_id"),
        plan_item_id=F("subscription__plan_item_id"),
        plan_id=F("plan_item__plan_id"),
        feature_id=F("plan_item__feature_id"),
        unit_id=F("plan_item__unit_id"),
        calc_rule_type=F("plan_item__calc_rule__rule_type"),
        product_id=F("feature__product_id"),
        metric_id=F("feature__metric_id"),
        product_category_id=F("product__category_id"),
        plan_item__regions=F("region_id"),
    )
    assert not item.exists()


def test_names_are_there_as_they_were_made_each_once() -> None:
    names = list(Client.objects.order_by("id").values_list("company_name", flat=True))
    assert names == list(company_names())
    assert len(set(names)) == len(names)
    assert set(ODD_NAMES) <= set(names)
    text = "".join(names)
    assert all(mark in text for mark in (",", '"', "'", "<&>", "é", "ß", "\t", "\n"))
    assert {name[0] for name in names} >= set("=+-@\t<&\" '")


def test_every_odd_comment_is_on_some_live_expense() -> None:
    live = Expense.objects.filter(deleted=False, comment__isnull=False)
    assert set(live.values_list("comment", flat=True).distinct()) == set(REMARKS)


def test_a_deleted_revision_has_a_reason_and_a_live_successor() -> None:
    deleted = Expense.objects.filter(deleted=True)
    reasons = dict(deleted.values_list("reason").annotate(Count("id")))
    assert set(reasons) == {*REVISION_REASONS, WITHDRAWN_REASON}
    assert min(reasons.values()) >= 50
    identity = ("addendum_id", "plan_item_id", "region_id", "for_date", "kind")
    revised = set(deleted.exclude(reason=WITHDRAWN_REASON).values_list(*identity))
    newer = set(Expense.objects.filter(deleted=False, revision=2).values_list(*identity))
    assert revised == newer


def test_corrections_keep_their_original_charge_period() -> None:
    corrections = Expense.objects.filter(kind=ExpenseKind.CORRECTION)
    assert corrections.filter(money_value__gt=0).count() >= 20
    assert corrections.filter(money_value__lt=0).count() >= 20
    assert all(
        expense.period_start.month == expense.for_date.month - 1 and expense.reason
        for expense in corrections
    )


def test_contracts_are_of_every_kind_that_the_months_can_show() -> None:
    assert set(Addendum.objects.values_list("status", flat=True)) == {
        AddendumStatus.UPCOMING,
        AddendumStatus.ACTIVE,
        AddendumStatus.STOPPED,
    }
    rates = {str(rate) for rate in Payer.objects.values_list("tax_rate", flat=True)}
    assert {"0.00", "20.00", "22.00", "25.00", "8.25"} <= rates
    assert Discount.objects.filter(relative_value=100).exists()
    assert Discount.objects.filter(relative_value=Decimal("33.333333333333")).exists()
    shared = Payer.objects.annotate(Count("clients")).filter(clients__count__gt=1)
    assert shared.count() >= 5


def test_every_role_has_a_user(demo_book: DemoBook) -> None:
    roles = dict(User.objects.values_list("email", "role"))
    assert roles[demo_book.operator_email] == Role.OPERATOR
    assert {roles[email] for email in demo_book.admin_emails} == {Role.ADMIN}
    assert roles[demo_book.client_email] == Role.CLIENT
    assert list(roles.values()).count(Role.SELLER) == 6
    admins = User.objects.filter(email__in=demo_book.admin_emails)
    assert set(admins.values_list("reseller_id", flat=True)) == {101, 102, 103}
    client = Client.objects.get(users__email=demo_book.client_email)
    assert Expense.objects.filter(client=client, deleted=False).exists()
    for seller in User.objects.filter(role=Role.SELLER).annotate(Count("sold_to")):
        assert seller.sold_to__count > 0


def test_a_second_load_changes_nothing_and_says_so(demo_book: DemoBook) -> None:
    for again in (load_demo_book(), load_demo_book(scale=1)):
        assert not again.loaded
        assert (again.expenses, again.totals) == (demo_book.expenses, demo_book.totals)


def test_the_book_is_known_again_after_others_have_joined() -> None:
    reseller = Reseller.objects.create(id=5000, company_name="Joined later")
    payer = Payer.objects.create(reseller=reseller, company_name="Joined later")
    joined = (Client(reseller=reseller, payer=payer, company_name=str(n)) for n in range(250))
    Client.objects.bulk_create(joined)
    again = load_demo_book()
    assert (again.loaded, again.scale, again.clients) == (False, 1, 450)


def test_another_scale_is_refused_once_the_book_is_there() -> None:
    with pytest.raises(Conflict, match="at scale 1, not 2"):
        load_demo_book(scale=2)


def test_what_is_made_later_is_numbered_past_the_book() -> None:
    reseller = Reseller.objects.create(company_name="Later")
    reseller.refresh_from_db()
    assert reseller.id > 1200
    payer = Payer.objects.create(reseller=reseller, company_name="Later")
    client = Client.objects.create(reseller=reseller, payer=payer, company_name="Later")
    client.refresh_from_db()
    assert client.id > reseller.id
    highest = Addendum.objects.aggregate(first=Min("id"), count=Count("id"))
    plan_id, currency_id = Addendum.objects.values_list("plan_id", "currency_id")[0]
    later = Addendum.objects.create(
        client=client, plan_id=plan_id, currency_id=currency_id, status=AddendumStatus.UPCOMING
    )
    assert later.id >= highest["first"] + highest["count"]
    assert ErpInvoice.objects.order_by("id").values_list("id", flat=True).last() == 500
    for row in (later, client, payer, reseller):
        row.delete()
