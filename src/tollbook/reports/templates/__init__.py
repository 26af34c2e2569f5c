"""The report templates that are offered; what is not in ``TEMPLATES`` does not exist."""

from typing import Final

from tollbook.kernel.errors import InvalidFields
from tollbook.reports.parameters import shown
from tollbook.reports.templates.focus_cost_and_usage import FOCUS_COST_AND_USAGE
from tollbook.reports.templates.report_diff import report_diff_of
from tollbook.reports.templates.reseller_credits import RESELLER_CREDITS
from tollbook.reports.templates.reseller_expenses import RESELLER_EXPENSES
from tollbook.reports.templates.reseller_plans import RESELLER_PLANS
from tollbook.reports.templates.reseller_statistics import RESELLER_STATISTICS
from tollbook.reports.templates.template import ReportTemplate

COMPARED: Final[tuple[ReportTemplate, ...]] = (
    RESELLER_EXPENSES,
    RESELLER_PLANS,
    RESELLER_CREDITS,
    RESELLER_STATISTICS,
)
"""The reports that ``ReportDiff`` takes."""
TEMPLATES: Final[tuple[ReportTemplate, ...]] = (
    *COMPARED,
    report_diff_of(COMPARED),
    FOCUS_COST_AND_USAGE,
)


def find_template(code: object) -> ReportTemplate:
    """The template of that code or alias; ``InvalidFields`` names ``template_code``."""
    for template in TEMPLATES:
        if code == template.code or code in template.aliases:
            return template
    offered = ", ".join(template.code for template in TEMPLATES)
    message = "This field is required." if code is None else f"There is no template {shown(code)}."
    raise InvalidFields({"template_code": [f"{message} On offer: {offered}."]})
