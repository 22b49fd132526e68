"""Rules that keep failing are switched off, and their owners told (AUT-04)."""

from uuid import UUID

from psa_automation.api import RULES, AutomationRuleDisabled
from psa_automation.notices import tell_people
from psa_sdk import Context
from psa_sdk.identity import Directory

PATIENCE = 10
"""Failures in a row after which a rule is switched off."""
MANAGE = "automation.automation_rules.update"


async def failed(ctx: Context, rule: UUID, name: str, error: str) -> None:
    """Count a failure; the last one switches the rule off."""
    failures = await ctx.db.fetch_value(
        "UPDATE automation.rule SET consecutive_failures = consecutive_failures + 1 WHERE id = $1 AND is_active"
        " RETURNING consecutive_failures",
        rule,
    )
    if failures is None or failures < PATIENCE:
        return
    reason = f"It failed {failures} times in a row: {error.splitlines()[0][:300]}"
    acting = ctx.as_automation(rule, name)
    await acting.records.update(RULES, rule, {"is_active": False, "disabled_reason": reason})
    await acting.emit(AutomationRuleDisabled(rule_id=rule, reason=reason))
    holders = await ctx.service(Directory).holders(MANAGE)
    await tell_people(
        acting,
        [account.id for account in holders],
        f"The rule “{name}” was switched off. {reason}",
        record=(RULES, rule),
        rule=rule,
    )


async def recovered(ctx: Context, rule: UUID) -> None:
    """Forget the failures of a rule that succeeded."""
    await ctx.db.execute("UPDATE automation.rule SET consecutive_failures = 0 WHERE id = $1", rule)
