"""Trials of the demo book: every published option is on offer, and every fate is met."""

import json
from collections import Counter
from pathlib import Path

import pytest
from django.db.models import Count, F

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Trial, TrialOption, TrialOptionType
from tollbook.contracts.rules import TrialState
from tollbook.contracts.selectors import TrialAt, visible_trials
from tollbook.demo.seed import BOOK_DAYS
from tollbook.kernel.periods import day_start

FACTS = Path(__file__).parents[1] / "wire" / "facts" / "api-2026-08.json"
OPERATOR = Viewer(user_id=0, role=Role.OPERATOR)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("demo_book"),
    pytest.mark.xdist_group("demo_book"),
]


def test_every_published_option_is_offered_with_its_product() -> None:
    published = json.loads(FACTS.read_text())["schemas"]
    fields = published["PatchedTrialUpdateForOrgSerializerV1Request"]["properties"]
    offered = TrialOption.objects.filter(trial__client=None)

    assert {*offered.values_list("option_type_id", flat=True), "days_limit"} == set(fields)
    assert not offered.exclude(trial__product=F("option_type__product")).exists()
    assert not TrialOptionType.objects.exclude(product=F("feature__product")).exists()


def test_each_product_that_may_be_tried_has_one_base_trial_which_nobody_used() -> None:
    bases = Trial.objects.filter(client=None)
    products = set(TrialOptionType.objects.values_list("product_id", flat=True))

    assert sorted(bases.values_list("product_id", flat=True)) == sorted(products)
    assert not bases.exclude(ranges=None).exists()
    assert not bases.filter(options__used_value__gt=0).exists()


def test_at_the_end_of_the_book_trials_are_in_every_state() -> None:
    end = day_start(BOOK_DAYS.end)
    own = visible_trials(OPERATOR).exclude(client=None)
    states = Counter(TrialAt(trial, end).state for trial in own)

    assert set(states) == set(TrialState)
    assert min(states.values()) >= 10


def test_some_ran_twice_some_used_more_than_was_given_and_some_began_after_all() -> None:
    trials = Trial.objects.annotate(Count("ranges"))

    assert trials.filter(ranges__count=2).count() >= 10
    assert TrialOption.objects.filter(used_value__gt=F("value")).exists()
    assert TrialOption.objects.filter(used_value=F("value"), option_type__is_limit=True).exists()
    assert trials.filter(is_trial_skipped=True, ranges__count__gt=0).exists()
    assert trials.filter(plan=None, client__isnull=False).exists()
