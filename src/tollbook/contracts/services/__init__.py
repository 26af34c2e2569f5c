"""What may be done to contracts: trials changed, subscriptions stopped."""

from tollbook.contracts.services.stopping import end_addendums, stop_addendum
from tollbook.contracts.services.trials import DAYS_LIMIT, change_trial

__all__ = ["DAYS_LIMIT", "change_trial", "end_addendums", "stop_addendum"]
