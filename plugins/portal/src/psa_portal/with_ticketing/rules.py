"""What is checked when a question is written."""

from psa_sdk import Change, Context
from psa_sdk.errors import Invalid


async def write_field(ctx: Context, change: Change) -> None:
    """A choice has answers to choose from, and no question depends on itself."""
    if change.value("kind") == "choice" and not change.value("options"):
        raise Invalid(
            "A choice needs answers to choose from.",
            code="options_needed",
            pointer="/data/attributes/options",
        )
    condition = change.value("required_if")
    if condition and condition.partition("=")[0] == change.value("key"):
        raise Invalid(
            "A question can't depend on itself; name another one's key.",
            code="own_condition",
            pointer="/data/attributes/required_if",
        )
