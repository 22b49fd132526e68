"""The bridge between automation and the console: what rules tell people reaches their bell."""

from psa_automation.api import RULES, AutomationNotice
from psa_console.api import Inbox
from psa_sdk import Context, Manifest, hookimpl, on


@on(AutomationNotice)
async def pass_on(ctx: Context, event: AutomationNotice) -> None:
    """Put a notice into the inboxes of those it is for."""
    resource, about = (event.resource, event.record_id) if event.record_id else (RULES, event.rule_id)
    if about is None:
        return
    kind = "rule_disabled" if resource == RULES else "rule_notice"
    for account in sorted(event.account_ids):
        await ctx.service(Inbox).tell(
            account, kind, (resource, about), event.text, own=kind == "rule_disabled"
        )


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="automation.console",
        title="Notifications of rules",
        description="Tells people what rules have to tell them.",
        requires=("automation", "console"),
        subscribers=(pass_on,),
    )
