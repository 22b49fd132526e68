"""What is checked when somebody's hours are written."""

from psa_sdk import Change, Context
from psa_sdk.errors import Invalid


async def write_assignee(_ctx: Context, change: Change) -> None:
    """Hours have both ends, absences too."""
    if (change.value("works_from") is None) != (change.value("works_until") is None):
        raise Invalid(
            "Give both the start and the end of the hours.",
            code="half_hours",
            pointer="/data/attributes/works_until",
        )
    if change.value("works_from") is not None and change.value("works_from") == change.value("works_until"):
        raise Invalid(
            "The hours end when they begin; leave both out for the whole day.",
            code="no_hours",
            pointer="/data/attributes/works_until",
        )
    first, last = change.value("away_from"), change.value("away_until")
    if (first is None) != (last is None) or (first is not None and last < first):
        raise Invalid(
            "An absence has a first and a last day, in this order.",
            code="half_absence",
            pointer="/data/attributes/away_until",
        )
