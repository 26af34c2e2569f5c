"""Trials of the demo book: what every new client is offered, and what clients made of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

from django.db import models

from tollbook.contracts.models import Trial, TrialOption, TrialOptionType, TrialRange
from tollbook.contracts.rules import Span, TrialState
from tollbook.demo.accounts import DemoClient
from tollbook.demo.agreements import DemoAddendum
from tollbook.demo.seed import BOOK_DAYS, BOOK_OPENED, chance
from tollbook.kernel.periods import day_start

_BOOK_END: Final = day_start(BOOK_DAYS.end)
_EVALUATION_DAYS: Final = 3_650


@dataclass(frozen=True)
class DemoOption:
    """What a trial of a product gives; ``ends`` where using it up ends the trial."""

    internal_name: str
    feature_id: int
    unit_id: int
    name: str
    value: int
    ends: bool = True
    description: str = ""


@dataclass(frozen=True)
class DemoOffer:
    """A base trial."""

    product_id: int
    plan_id: int | None
    days_limit: int
    options: tuple[DemoOption, ...]


@dataclass(frozen=True)
class DemoTrial:
    """A client's trial; ``used`` is how much of each option of its offer."""

    client: DemoClient
    offer: DemoOffer
    days_limit: int
    spans: tuple[Span, ...]
    used: tuple[int, ...]
    skipped: bool
    created_at: datetime


OFFERS: Final = (
    DemoOffer(1, 11, 14, (
        DemoOption("CDN_TRIAL_TRAFFIC_LIMIT", 101, 2, "Traffic", 1_000),
    )),
    DemoOffer(2, 21, 30, (
        DemoOption("STORAGE_TRIAL_CAPACITY_LIMIT", 201, 2, "Capacity", 250),
    )),
    DemoOffer(3, 31, 14, (
        DemoOption(
            "DDOS_TRIAL_RESOURCE_LIMIT", 301, 12, "Protected sites", 3, ends=False,
            description="Sites that are protected at the same time.",
        ),
    )),
    DemoOffer(4, 41, 14, (
        DemoOption("STREAMING_TRIAL_LIMIT_ENCODING_VIDEO_MIN", 401, 7, "Encoded minutes", 600),
        DemoOption("STREAMING_TRIAL_LIMIT_VIDEO_STORAGE_MIN", 402, 7, "Stored minutes", 3_000),
        DemoOption("STREAMING_TRIAL_STREAMS_LIMIT", 401, 12, "Live streams", 5, ends=False),
        DemoOption(
            "TRIAL_STREAMING_ACTIVE_RESTREAMS_LIMIT_COUNT", 403, 12, "Active restreams", 2,
            ends=False, description="Copies of live streams that are sent on at the same time.",
        ),
        DemoOption("TRIAL_STREAMING_VOD", 402, 12, "Videos on demand", 50),
    )),
    DemoOffer(10, None, 30, (
        DemoOption("DNS_REQUEST_COUNT_COMMIT", 1002, 5, "Queries", 10, ends=False),
    )),
    DemoOffer(23, 231, 14, (
        DemoOption("WAAP_TRIAL_DOMAINS_LIMIT", 2301, 12, "Protected domains", 1, ends=False),
        DemoOption("WAAP_TRIAL_REQUESTS_LIMIT", 2302, 5, "Requests", 10),
        DemoOption("WAAP_TRIAL_VOLUME_LIMIT", 2303, 2, "Inspected traffic", 100),
    )),
    DemoOffer(32, 321, 7, (
        DemoOption("GCLAW_INPUT_TOKENS", 3202, 18, "Tokens read", 1_000_000),
        DemoOption("GCLAW_OUTPUT_TOKENS", 3203, 18, "Tokens written", 250_000),
    )),
)  # fmt: skip


def offer_rows() -> Sequence[Sequence[models.Model]]:
    """The rows of all options and base trials, in the order they can be written."""
    numbers = count(1)
    numbered = list(enumerate(OFFERS, start=1))
    return (
        [
            TrialOptionType(
                internal_name=option.internal_name,
                product_id=offer.product_id,
                feature_id=option.feature_id,
                unit_id=option.unit_id,
                name=option.name,
                description=option.description,
                is_limit=option.ends,
            )
            for offer in OFFERS
            for option in offer.options
        ],
        [
            Trial(
                id=trial_id,
                product_id=offer.product_id,
                plan_id=offer.plan_id,
                days_limit=offer.days_limit,
                created_at=BOOK_OPENED,
            )
            for trial_id, offer in numbered
        ],
        [
            TrialOption(
                id=next(numbers),
                trial_id=trial_id,
                option_type_id=option.internal_name,
                value=option.value,
            )
            for trial_id, offer in numbered
            for option in offer.options
        ],
    )


def trial_rows(
    trials: Sequence[DemoTrial], *, copy: int, client_shift: int
) -> Sequence[Sequence[models.Model]]:
    """The rows of one copy of the clients' trials, their ranges and their options."""
    spans, options = sum(len(one.spans) for one in trials), sum(len(one.used) for one in trials)
    first_option = sum(len(offer.options) for offer in OFFERS) + 1
    trial_ids = count(len(OFFERS) + 1 + copy * len(trials))
    range_ids = count(1 + copy * spans)
    option_ids = count(first_option + copy * options)
    numbered = list(zip(trial_ids, trials, strict=False))
    return (
        [_trial(number, trial, client_shift) for number, trial in numbered],
        [
            TrialRange(id=next(range_ids), trial_id=number, active_from=start, active_to=end)
            for number, trial in numbered
            for start, end in trial.spans
        ],
        [
            TrialOption(
                id=next(option_ids),
                trial_id=number,
                option_type_id=option.internal_name,
                value=option.value,
                used_value=used,
            )
            for number, trial in numbered
            for option, used in zip(trial.offer.options, trial.used, strict=True)
        ],
    )


def demo_trials(
    clients: Sequence[DemoClient], agreed: Sequence[DemoAddendum]
) -> Iterator[DemoTrial]:
    """What each client made of about one offer in three of what it has no contract on.

    So no usage of the book is free, and all states that a trial can be in are there.
    """
    bought = {(addendum.client.id, addendum.plan.product_id) for addendum in agreed}
    for client in clients:
        dice = chance("trials", client.id)
        for offer in OFFERS:
            if dice.randrange(3) == 0 and (client.id, offer.product_id) not in bought:
                yield _made_of(client, offer, dice)


def _made_of(client: DemoClient, offer: DemoOffer, dice: Random) -> DemoTrial:
    days_limit = dice.choice((offer.days_limit, offer.days_limit, 2 * offer.days_limit))
    written = BOOK_OPENED + timedelta(
        days=dice.randrange(150), seconds=dice.randrange(86_400), microseconds=dice.randrange(3)
    )
    begin = max(client.active_from, written) + timedelta(hours=dice.randrange(1, 48))
    state = dice.choice(_states(offer, begin, days_limit))
    if state is TrialState.RUNNING and dice.randrange(3) == 0:
        days_limit = _EVALUATION_DAYS
    return DemoTrial(
        client=client,
        offer=offer,
        days_limit=days_limit,
        spans=tuple(_spans(state, begin, timedelta(days=days_limit), dice)),
        used=tuple(_used(state, offer, dice)),
        skipped=state is TrialState.SKIPPED or dice.randrange(40) == 0,
        created_at=written,
    )


def _states(offer: DemoOffer, begin: datetime, days_limit: int) -> tuple[TrialState, ...]:
    """What can have become of a trial that may begin then, by the end of the book."""
    if begin >= _BOOK_END:
        return (TrialState.NOT_STARTED, TrialState.SKIPPED)
    if begin + timedelta(days=days_limit + 10) > _BOOK_END:
        return (TrialState.RUNNING, TrialState.NOT_STARTED, TrialState.SKIPPED, TrialState.RESTING)
    if not any(option.ends for option in offer.options):
        return tuple(state for state in TrialState if state is not TrialState.LIMIT_REACHED)
    return tuple(TrialState)


def _spans(state: TrialState, begin: datetime, days: timedelta, dice: Random) -> Iterator[Span]:
    """When the trial ran; several times where it was paused between."""
    pause = timedelta(days=dice.randrange(1, 9), hours=dice.randrange(24))
    match state:
        case TrialState.NOT_STARTED if begin >= _BOOK_END:
            yield begin, None
        case TrialState.RUNNING:
            yield max(begin, _BOOK_END - timedelta(hours=dice.randrange(20, 160))), None
        case TrialState.RESTING:
            yield begin, begin + days / 7
            yield begin + 2 * days / 7, begin + 3 * days / 7
        case TrialState.DAYS_OVER if dice.randrange(2):
            yield begin, begin + days / 2
            yield begin + days / 2 + pause, begin + days + pause
        case TrialState.DAYS_OVER:
            yield begin, begin + days
        case TrialState.LIMIT_REACHED:
            yield begin, begin + days * dice.randrange(1, 6) / 7
        case _:
            return


def _used(state: TrialState, offer: DemoOffer, dice: Random) -> Iterator[int]:
    """How much of each option was used; some of those that were used up, and more than given."""
    used_up = dice.choice([option for option in offer.options if option.ends] or [None])
    for option in offer.options:
        share = dice.randrange(1, 95)
        if state in {TrialState.NOT_STARTED, TrialState.SKIPPED}:
            yield 0
        elif state is TrialState.LIMIT_REACHED and option is used_up:
            yield option.value + dice.choice((0, 0, 1, option.value // 10))
        else:
            yield option.value * share // 100


def _trial(number: int, trial: DemoTrial, client_shift: int) -> Trial:
    return Trial(
        id=number,
        client_id=trial.client.id + client_shift,
        product_id=trial.offer.product_id,
        plan_id=trial.offer.plan_id,
        days_limit=trial.days_limit,
        is_trial_skipped=trial.skipped,
        created_at=trial.created_at,
    )
