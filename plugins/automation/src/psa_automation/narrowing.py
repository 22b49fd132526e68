"""Conditions as filters of the API: fewer records to read, never fewer that match."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psa_automation import actions
from psa_automation.conditions import AllOf, Condition, Test
from psa_automation.fields import catalogue
from psa_automation.rulebook import Compiled
from psa_sdk import Context
from psa_sdk.documents import Documents, FilterFacts

SAFE = frozenset(("choice", "reference", "boolean", "instant"))
"""Kinds that a filter compares exactly as a condition does."""


def narrowed(condition: Condition, filters: Mapping[str, FilterFacts], now: datetime) -> dict[str, str]:
    """Return filters that every record passes for which the condition holds; the first word on a field counts.

    Example:
        >>> narrowed(Test(field="open", kind="boolean", operator="is", operand=True), {"open": ...}, datetime.now())
        {'filter[open]': 'true'}
    """
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    found: dict[str, str] = {}
    for part in parts:
        if isinstance(part, Test) and part.field in filters and part.kind in SAFE:
            found = _filter(part, now) | found
    return found


def _filter(test: Test, now: datetime) -> dict[str, str]:
    name, held = f"filter[{test.field}]", test.operand
    match test.operator:
        case "is":
            return {name: _written(held)}
        case "in":
            return {f"{name}[in]": ",".join(sorted(map(_written, held)))}
        case "empty":
            return {f"{name}[null]": "true"}
        case "older_than":
            return {f"{name}[lt]": _written(now - held)}
        case "within_last":
            return {f"{name}[gte]": _written(now - held)}
        case "before":
            return {f"{name}[lt]": _written(held)}
        case "after":
            return {f"{name}[gt]": _written(held)}
        case _:
            return {}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def living(ctx: Context, rule: Compiled, *, conditions: bool = True) -> dict[str, str]:
    """Return the query of the records that a rule by the clock looks at."""
    known = await catalogue(ctx, rule.resource, actions.common(ctx))
    filters = ctx.service(Documents).describe(rule.resource).filters
    own = narrowed(rule.condition, filters, ctx.now) if conditions else {}
    return {**own, **known.living}
