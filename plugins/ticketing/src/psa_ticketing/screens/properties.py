"""Changing one property of a ticket where it is shown; what another changed meanwhile is never overwritten."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from psa_sdk import Context
from psa_sdk.documents import CustomFieldFacts, Documents, Item
from psa_sdk.errors import Fault, Invalid, Stale
from psa_sdk.ui import Done
from psa_sdk.web import Browser
from psa_ticketing import defaults
from psa_ticketing.api import TICKETS

REFERENCES: Final[Mapping[str, str]] = {
    "status": "ticket-statuses",
    "priority": "ticket-priorities",
    "ticket_type": "ticket-types",
    "category": "ticket-categories",
    "subcategory": "ticket-categories",
    "queue": "ticket-queues",
    "company": "companies",
    "contact": "contacts",
    "site": "sites",
    "assigned_to": "users",
    "team": "groups",
    "parent": TICKETS,
}
INSTANTS: Final = ("scheduled_start", "scheduled_end")
PLAIN: Final = ("title", "description", *INSTANTS, "estimated_hours", "is_billable", "tags")
Form = Mapping[str, Sequence[str]]


async def change(ctx: Context, id: UUID, form: Form) -> Done:
    """Set the properties that a form has; `was.<name>` is what its sender saw.

    Raises `Stale` when one of them holds something else by now, `Invalid` with faults at their fields.
    """
    documents = ctx.service(Documents)
    names = [name for name in (*REFERENCES, *PLAIN) if name in form or f"{name}~" in form]
    own = [name for name in form if name.startswith("custom_fields.") and not name.endswith("~")]
    await ctx.records.get(TICKETS, id, lock=True)
    ticket = (await documents.one(TICKETS, id)).items[0]
    _refuse_crossing(ctx, ticket, names, form)
    attributes: dict[str, Any] = {}
    one: dict[str, tuple[str, UUID] | None] = {}
    faults: list[Fault] = []
    for name in names:
        given = [value for value in form.get(name, ()) if value]
        try:
            if name in REFERENCES:
                one[name] = (REFERENCES[name], UUID(given[-1])) if given else None
            else:
                attributes[name] = _value(ctx, name, given)
        except ValueError as error:
            faults.append(Fault(detail=str(error), pointer=f"/{name}"))
    if own or any(name.startswith("custom_fields.") for name in form):
        attributes["custom_fields"] = _custom(await documents.custom_fields(TICKETS), form)
    if faults:
        raise Invalid(faults=faults)
    if {"company"} == set(one) and ticket.one.get("company") != one["company"]:
        # People and places of the former company can't stay.
        one |= {name: None for name in ("contact", "site") if ticket.one.get(name)}
    if "category" in one and "subcategory" not in one and ticket.one.get("category") != one["category"]:
        one["subcategory"] = None
    if one.get("assigned_to") and await _is_new(ctx, ticket) and "status" not in one:
        one["status"] = ("ticket-statuses", await defaults.status_of(ctx, "open"))
    await documents.update(TICKETS, id, attributes, one=one)
    return Done(toast="Saved", refresh=(f"{TICKETS}:{id}",))


async def _is_new(ctx: Context, ticket: Item) -> bool:
    held = ticket.one["status"]
    return held is not None and await defaults.category_of(ctx, held[1]) == "new"


def _refuse_crossing(ctx: Context, ticket: Item, names: Sequence[str], form: Form) -> None:
    for name in names:
        seen = form.get(f"was.{name}")
        if seen is not None and seen[-1] != shown(ctx, ticket, name):
            raise Stale(
                f"{name.replace('_', ' ').capitalize()} was changed by somebody else meanwhile; look at it before"
                " you change it again.",
                code="changed_meanwhile",
            )


def shown(ctx: Context, ticket: Item, name: str) -> str:
    """Return a property as its form holds it, to compare with what was seen."""
    if name in REFERENCES:
        held = ticket.one.get(name)
        return str(held[1]) if held else ""
    value = ticket.attributes.get(name)
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if name in INSTANTS:
        zone = ctx.service(Browser).timezone
        return datetime.datetime.fromisoformat(str(value)).astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    return str(value)


def _value(ctx: Context, name: str, given: Sequence[str]) -> Any:
    if name == "tags":
        return list(given)
    if name == "is_billable":
        return bool(given)
    text = given[-1].strip() if given else ""
    if name in {"title", "description"}:
        return text
    if not text:
        return None
    if name in INSTANTS:
        try:
            at = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("Enter a date and a time.") from None
        return at.replace(tzinfo=ctx.service(Browser).timezone).isoformat()
    try:
        return str(Decimal(text.replace(",", ".")))
    except InvalidOperation:
        raise ValueError("Enter hours as a number, such as 1.5.") from None


def _custom(fields: Sequence[CustomFieldFacts], form: Form) -> dict[str, Any]:
    """Return the tenant's own fields that a form has."""
    found: dict[str, Any] = {}
    for field in fields:
        name = f"custom_fields.{field.key}"
        if name not in form and f"{name}~" not in form:
            continue
        given = [value for value in form.get(name, ()) if value]
        if field.kind == "multi_select":
            found[field.key] = given
        elif field.kind == "boolean":
            found[field.key] = bool(given)
        elif field.kind == "number" and given:
            found[field.key] = _number(given[-1])
        else:
            found[field.key] = given[-1] if given else None
    return found


def _number(text: str) -> Any:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return text
    return int(number) if number == number.to_integral_value() else float(number)
