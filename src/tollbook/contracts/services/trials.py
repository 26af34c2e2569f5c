"""Changing what a trial gives."""

from collections.abc import Mapping

from django.db import transaction

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Trial, TrialOption, TrialOptionType
from tollbook.contracts.rules import LARGEST_LIMIT
from tollbook.contracts.selectors import find_trial, visible_trials
from tollbook.kernel.errors import Forbidden, InvalidFields, NotFound

DAYS_LIMIT = "days_limit"


def change_trial(*, viewer: Viewer, trial_id: int, limits: Mapping[str, int]) -> Trial:
    """Set ``days_limit`` and options by their names, all or none; what is not named stays.

    The trial is locked meanwhile, so that of two changes at once one sees the other's outcome.
    """
    with transaction.atomic():
        trial = _lock_trial(viewer, trial_id)
        _check_may_change(viewer, trial)
        _check_limits(trial, limits)
        for name, value in limits.items():
            _set_limit(trial, name, value)
        return find_trial(viewer, trial_id)


def _lock_trial(viewer: Viewer, trial_id: int) -> Trial:
    found = visible_trials(viewer).filter(pk=trial_id)
    trial = found.select_for_update(of=("self",)).first()
    if trial is None:
        raise NotFound(f"there is no trial {trial_id}", field="id")
    return trial


def _check_may_change(viewer: Viewer, trial: Trial) -> None:
    if not viewer.may_write:
        raise Forbidden("A client's key may only read.")
    if trial.client_id is None and viewer.role is not Role.OPERATOR:
        raise Forbidden("Only the operator may change what every new client is offered.")


def _check_limits(trial: Trial, limits: Mapping[str, int]) -> None:
    options = limits.keys() - {DAYS_LIMIT}
    products = dict(TrialOptionType.objects.filter(pk__in=options).values_list("pk", "product_id"))
    errors = {}
    for name, value in limits.items():
        if name in options and name not in products:
            errors[name] = ["There is no such option."]
        elif name in options and products[name] != trial.product_id:
            errors[name] = [f"This is no option of the trial's product, {trial.product}."]
        elif not 0 <= value <= LARGEST_LIMIT:
            errors[name] = [f"This is not between 0 and {LARGEST_LIMIT}."]
    if errors:
        raise InvalidFields(errors)


def _set_limit(trial: Trial, name: str, value: int) -> None:
    if name == DAYS_LIMIT:
        trial.days_limit = value
        trial.save(update_fields=("days_limit",))
    else:
        TrialOption.objects.update_or_create(
            trial=trial, option_type_id=name, defaults={"value": value}
        )
