"""Trials in the small book of these tests."""

from tests.reports.book import Book
from tollbook.catalog.models import Feature, Product, Unit
from tollbook.clients.models import Client
from tollbook.contracts.models import Trial, TrialOption, TrialOptionType


def offer_options(product: Product, *names: str) -> None:
    """Let trials of the product have these options."""
    feature, unit = Feature.objects.filter(product=product)[0], Unit.objects.all()[0]
    for name in names:
        TrialOptionType.objects.create(
            internal_name=name, product=product, feature=feature, unit=unit, name=name
        )


def add_trial(product: Product, client: Client | None, **given: int) -> Trial:
    """A trial of fourteen days that gives so much of each option, of which 40 are used."""
    trial = Trial.objects.create(client=client, product=product, days_limit=14)
    for name, value in given.items():
        TrialOption.objects.create(trial=trial, option_type_id=name, value=value, used_value=40)
    return trial


def add_cdn_trials(book: Book) -> Trial:
    """The base trial of CDN, and Fjord's, which is answered."""
    product = book.items["CDN"].plan.product
    offer_options(product, "CDN_TRIAL_TRAFFIC_LIMIT")
    add_trial(product, None, CDN_TRIAL_TRAFFIC_LIMIT=1_000)
    return add_trial(product, book.fjord, CDN_TRIAL_TRAFFIC_LIMIT=500)
