"""The list of rules in the order they run."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_automation.api import RULES
from psa_automation.fields import declared
from psa_automation.screens.words import trigger_title
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Done, Go

MOST = 100
FIGURES = """
SELECT rule, count(*) FILTER (WHERE outcome = 'done')::int AS done, count(*) FILTER (WHERE outcome <> 'done')::int AS wrong,
    max(created_at) AS last_at
FROM automation.run WHERE created_at > $1::timestamptz - interval '7 days' AND rule = ANY($2::uuid[]) GROUP BY rule"""


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load the rules in their order, each with what it did in the last week."""
    found = await ctx.service(Documents).find(RULES, {"sort": "priority", "page[size]": str(MOST)})
    rows = await ctx.db.fetch(FIGURES, ctx.now, [item.id for item in found.items])
    figures = {row["rule"]: dict(row) for row in rows}
    resources = declared(ctx)
    return {
        "rules": [
            {
                "item": item,
                "trigger": trigger_title(resources.get(item.attributes["resource"]), item.attributes),
                "resource": resources[item.attributes["resource"]].title
                if item.attributes["resource"] in resources
                else item.attributes["resource"],
                "figures": figures.get(item.id, {"done": 0, "wrong": 0}),
            }
            for item in found.items
        ],
        "more": bool(found.next),
    }


async def order(ctx: Context, form: Mapping[str, Sequence[str]]) -> Done:
    """Store the order of the list."""
    try:
        ids = [str(UUID(one)) for one in form.get("ids", ())]
    except ValueError as error:
        raise Invalid("The order names rules by their ids.", pointer="/ids") from error
    await ctx.service(Documents).call("POST", "/ticket-automation-rules/order", body={"ids": ids})
    return Done(toast="Order saved", refresh=(RULES,))


async def switch(ctx: Context, id: UUID) -> Done:
    """Switch a rule on or off."""
    row = await ctx.records.get(RULES, id)
    await ctx.service(Documents).update(RULES, id, {"is_active": not row["is_active"]})
    toast = "Rule switched off" if row["is_active"] else "Rule switched on"
    return Done(toast=toast, refresh=(RULES,))


async def delete(ctx: Context, id: UUID) -> Go:
    """Delete a rule with its log."""
    await ctx.service(Documents).delete(RULES, id)
    return Go(url="/ticket-automation-rules", toast="Rule deleted")
