"""The addresses of version 1."""

from typing import Final

from django.urls import URLPattern, path, re_path

from tollbook.api.v1.accounting import Balances, OperationItem, Operations
from tollbook.api.v1.addendums import AddendumItem, Addendums
from tollbook.api.v1.calc_rules import CalcRuleItem, CalcRules
from tollbook.api.v1.closings import VIEWS as CLOSING
from tollbook.api.v1.closings import Closings
from tollbook.api.v1.countries import Countries, CountryItem
from tollbook.api.v1.credits import Credits
from tollbook.api.v1.currencies import Currencies, CurrencyItem
from tollbook.api.v1.erp_invoices import ErpInvoiceItem, ErpInvoicePdf, ErpInvoices
from tollbook.api.v1.expenses import ExpenseItem, Expenses
from tollbook.api.v1.imports import VIEWS as IMPORT
from tollbook.api.v1.imports import Imports
from tollbook.api.v1.plan_contents import PlanContents
from tollbook.api.v1.products import ProductItem, Products
from tollbook.api.v1.regions import RegionItem, Regions
from tollbook.api.v1.report_templates import ReportTemplates
from tollbook.api.v1.reports import VIEWS as REPORT
from tollbook.api.v1.reports import Reports
from tollbook.api.v1.schedules import ScheduleItem, ScheduleRun, ScheduleRuns, Schedules
from tollbook.api.v1.statistic_regions import StatisticRegionItem, StatisticRegions
from tollbook.api.v1.stops import VIEWS as STOP
from tollbook.api.v1.stops import Stops
from tollbook.api.v1.trials import StartTrialData, TrialItem, Trials
from tollbook.api.v1.webhooks import (
    WebhookDeliveries,
    WebhookItem,
    WebhookRedeliver,
    WebhookRotate,
    Webhooks,
    WebhookTest,
)
from tollbook.api.views import NothingHere

app_name: Final = "v1"
documented: Final[list[URLPattern]] = [
    path("reports", Reports.as_view(), name="reports"),
    path("reports/templates", ReportTemplates.as_view(), name="report-templates"),
    path("reports/<str:id>", REPORT.item.as_view(), name="report"),
    path("reports/<str:uuid>/cancel", REPORT.cancel.as_view(), name="report-cancel"),
    path("reports/<str:uuid>/download", REPORT.download.as_view(), name="report-download"),
    path("reports/<str:uuid>/rows", REPORT.rows.as_view(), name="report-rows"),
    path("imports", Imports.as_view(), name="imports"),
    path("imports/<str:id>", IMPORT.item.as_view(), name="import"),
    path("imports/<str:uuid>/cancel", IMPORT.cancel.as_view(), name="import-cancel"),
    path("imports/<str:uuid>/download", IMPORT.download.as_view(), name="import-download"),
    path("imports/<str:uuid>/rows", IMPORT.rows.as_view(), name="import-rows"),
    path("closings", Closings.as_view(), name="closings"),
    path("closings/<str:id>", CLOSING.item.as_view(), name="closing"),
    path("closings/<str:uuid>/cancel", CLOSING.cancel.as_view(), name="closing-cancel"),
    path("closings/<str:uuid>/download", CLOSING.download.as_view(), name="closing-download"),
    path("closings/<str:uuid>/rows", CLOSING.rows.as_view(), name="closing-rows"),
    path("webhooks", Webhooks.as_view(), name="webhooks"),
    path("webhooks/<str:id>", WebhookItem.as_view(), name="webhook"),
    path("webhooks/<str:id>/rotate", WebhookRotate.as_view(), name="webhook-rotate"),
    path("webhooks/<str:id>/test", WebhookTest.as_view(), name="webhook-test"),
    path("webhooks/<str:id>/deliveries", WebhookDeliveries.as_view(), name="webhook-deliveries"),
    path(
        "webhooks/<str:id>/deliveries/<str:delivery_id>/redeliver",
        WebhookRedeliver.as_view(),
        name="webhook-redeliver",
    ),
    path("schedules", Schedules.as_view(), name="schedules"),
    path("schedules/<str:id>", ScheduleItem.as_view(), name="schedule"),
    path("schedules/<str:id>/run", ScheduleRun.as_view(), name="schedule-run"),
    path("schedules/<str:id>/runs", ScheduleRuns.as_view(), name="schedule-runs"),
    path("erp-invoices", ErpInvoices.as_view(), name="erp-invoices"),
    path("erp-invoices/<str:id>", ErpInvoiceItem.as_view(), name="erp-invoice"),
    path("erp-invoices/<str:id>/download", ErpInvoicePdf.as_view(), name="erp-invoice-pdf"),
    path("currencies", Currencies.as_view(), name="currencies"),
    path("currencies/<str:id>", CurrencyItem.as_view(), name="currency"),
    path("products", Products.as_view(), name="products"),
    path("products/<str:id>", ProductItem.as_view(), name="product"),
    path("calc-rules", CalcRules.as_view(), name="calc-rules"),
    path("calc-rules/<str:id>", CalcRuleItem.as_view(), name="calc-rule"),
    path("countries", Countries.as_view(), name="countries"),
    path("countries/<str:id>", CountryItem.as_view(), name="country"),
    path("regions", Regions.as_view(), name="regions"),
    path("regions/<str:id>", RegionItem.as_view(), name="region"),
    path("statistics/regions", StatisticRegions.as_view(), name="statistic-regions"),
    path("statistics/regions/<str:id>", StatisticRegionItem.as_view(), name="statistic-region"),
    path("plans/contents", PlanContents.as_view(), name="plan-contents"),
    path("addendums", Addendums.as_view(), name="addendums"),
    path("addendums/<str:id>", AddendumItem.as_view(), name="addendum"),
    path("trials", Trials.as_view(), name="trials"),
    path("trials/start-trial-data", StartTrialData.as_view(), name="start-trial-data"),
    path("trials/<str:id>", TrialItem.as_view(), name="trial"),
    path("subscriptions/stop", Stops.as_view(), name="stops"),
    path("subscriptions/stop/<str:id>", STOP.item.as_view(), name="stop"),
    path("subscriptions/stop/<str:uuid>/cancel", STOP.cancel.as_view(), name="stop-cancel"),
    path("subscriptions/stop/<str:uuid>/download", STOP.download.as_view(), name="stop-download"),
    path("subscriptions/stop/<str:uuid>/rows", STOP.rows.as_view(), name="stop-rows"),
    path("expenses", Expenses.as_view(), name="expenses"),
    path("expenses/<str:id>", ExpenseItem.as_view(), name="expense"),
    path("accounting/balances", Balances.as_view(), name="balances"),
    path("accounting/credits", Credits.as_view(), name="credits"),
    path("accounting/operations", Operations.as_view(), name="operations"),
    path("accounting/operations/<str:id>", OperationItem.as_view(), name="operation"),
]
urlpatterns: Final = [*documented, re_path("", NothingHere.as_view())]
