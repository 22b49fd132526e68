"""Telling people: an event for whoever carries notifications, and at once on the pages they have open."""

from collections.abc import Sequence
from uuid import UUID

from psa_automation.api import AutomationNotice
from psa_sdk import Context
from psa_sdk.ui import Live

LONGEST = 200
"""Characters of a toast."""


async def tell_people(
    ctx: Context,
    accounts: Sequence[UUID],
    text: str,
    *,
    record: tuple[str, UUID] | None = None,
    rule: UUID | None = None,
) -> None:
    """Tell some accounts something about a record."""
    people = list(dict.fromkeys(accounts))
    if not people:
        return
    await ctx.emit(
        AutomationNotice(
            account_ids=people,
            text=text,
            resource=record[0] if record else "",
            record_id=record[1] if record else None,
            rule_id=rule,
        )
    )
    if ctx.provides(Live):
        for account in people:
            await ctx.service(Live).tell("automation-notices", account=account, toast=text[:LONGEST])
