"""The editor of a rule: what its builder knows, and what its buttons do."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_automation import actions, dry_runs
from psa_automation.api import RULES
from psa_automation.fields import Catalogue, catalogue, declared, titled
from psa_automation.routes import READ
from psa_automation.rule_rules import checked
from psa_automation.screens.words import TRIGGERS
from psa_sdk import Context
from psa_sdk.documents import Documents, Item
from psa_sdk.errors import Forbidden, Invalid, NotFound
from psa_sdk.ui import Go, Show

TARGETS_LISTED = 40
RUNS = 20
UNITS = {"minutes": 1, "hours": 60, "days": 1440}


class RuleForm(msgspec.Struct):
    """The editor's form; conditions and actions are JSON from the builder."""

    name: str = ""
    description: str = ""
    resource: str = "tickets"
    trigger_type: str = "created"
    since: str = ""
    after: str = ""
    unit: str = "hours"
    calendar: str = "24x7"
    cron: str = ""
    level: str = ""
    conditions: str = "{}"
    actions: str = "[]"
    stops: str = ""
    is_active: str = ""
    version: str = ""


async def blank(ctx: Context, query: "Asked") -> Mapping[str, Any]:
    """Load an empty editor."""
    resources = declared(ctx)
    if not resources:
        raise NotFound("No module has anything that rules can be about.")
    resource = query.resource if query.resource in resources else next(iter(resources))
    rule: dict[str, Any] = {
        "name": "",
        "description": "",
        "resource": resource,
        "trigger_type": "created",
        "trigger_options": {},
        "conditions": {},
        "actions": [],
        "stops": False,
        "is_active": True,
        "disabled_reason": "",
    }
    return await _shown(ctx, None, rule, 0)


class Asked(msgspec.Struct):
    """The query of the editor."""

    resource: str = "tickets"


async def load(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load a rule with the last things it did."""
    found = await ctx.service(Documents).one(RULES, id)
    return await _shown(ctx, id, dict(found.items[0].attributes), found.version)


async def _shown(ctx: Context, id: UUID | None, rule: dict[str, Any], version: int) -> Mapping[str, Any]:
    known = await catalogue(ctx, rule["resource"], actions.common(ctx))
    options: Mapping[str, Any] = rule.get("trigger_options") or {}
    minutes = int(options.get("after_minutes") or 24 * 60)
    unit = next(name for name in ("days", "hours", "minutes") if minutes % UNITS[name] == 0)
    return {
        "id": id,
        "version": version,
        "rule": rule,
        "options": {"since": "", "calendar": "24x7", "cron": "", "level": "", **options},
        "after": minutes // UNITS[unit],
        "unit": unit,
        "known": known,
        "triggers": [*TRIGGERS.items(), *((one.name, one.title) for one in known.occasions.values())],
        "levelled": [one.name for one in known.occasions.values() if one.levels],
        "anchors": list(known.anchors.values()),
        "builder": await _builder(ctx, known, rule),
        "runs": await _runs(ctx, id) if id else (),
    }


async def _runs(ctx: Context, id: UUID) -> list[dict[str, Any]]:
    query = {"filter[rule]": str(id), "sort": "-created_at", "page[size]": str(RUNS)}
    try:
        items = (await ctx.service(Documents).find("automation-runs", query)).items
    except Forbidden:
        return []
    kinds: dict[str, list[UUID]] = {}
    for item in items:
        kinds.setdefault(item.attributes["subject_kind"], []).append(UUID(item.attributes["subject_id"]))
    names = {
        (kind, one): name
        for kind, ids in kinds.items()
        for one, name in (await ctx.service(Documents).names(kind, ids)).items()
    }
    return [_run(item, names) for item in items]


def _run(item: Item, names: Mapping[tuple[str, UUID], str]) -> dict[str, Any]:
    kind, subject = item.attributes["subject_kind"], UUID(item.attributes["subject_id"])
    return {
        **item.attributes,
        "id": item.id,
        "label": names.get((kind, subject), ""),
        "subject": (kind, subject),
    }


async def _builder(ctx: Context, known: Catalogue, rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the builder knows, in English: fields, actions, choices, the names of what is chosen."""
    groups = {field.group: titled(field.group) for field in known.fields.values() if field.group}
    groups |= {name: one.title for name, one in known.occasions.items()}
    targets = {field.target for field in known.fields.values() if field.target}
    targets |= {one.target for step in known.actions.values() for one in step.parameters if one.target}
    listed = {target: await _listed(ctx, target) for target in sorted(targets)}
    return {
        "groups": groups,
        "fields": [
            {**msgspec.structs.asdict(field), "operators": field.wants()} for field in known.fields.values()
        ],
        "actions": list(known.actions.values()),
        "people": [name for name, target in known.relations.items() if target == "users"],
        "listed": {target: choices for target, choices in listed.items() if choices},
        "names": await _names(ctx, known, rule),
    }


async def _listed(ctx: Context, target: str) -> list[list[str]]:
    """Return the few records of a target as choices, none where there are many."""
    try:
        found = await ctx.service(Documents).find(target, {"page[size]": str(TARGETS_LISTED)})
    except (Forbidden, NotFound):
        return []
    label = ctx.service(Documents).describe(target).label
    if found.next or not label:
        return []
    return [[str(item.id), str(item.attributes.get(label) or "")] for item in found.items]


async def _names(ctx: Context, known: Catalogue, rule: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of all records that a rule mentions, by id."""
    _, references = await checked(ctx, {**_EMPTY, **rule})
    wanted: dict[str, list[UUID]] = {}
    for target, record, _place in references:
        wanted.setdefault(target, []).append(record)
    for path, value in _asked(rule.get("conditions") or {}):
        field = known.fields.get(path)
        if field is not None and field.target:
            for one in value if isinstance(value, list) else [value]:
                try:
                    wanted.setdefault(field.target, []).append(UUID(str(one)))
                except ValueError:
                    continue
    found: dict[str, str] = {}
    for target, ids in wanted.items():
        found |= {str(one): name for one, name in (await ctx.service(Documents).names(target, ids)).items()}
    return found


_EMPTY: Mapping[str, Any] = {"trigger_options": {}, "is_active": True}


def _asked(condition: Any) -> list[tuple[str, Any]]:
    """Return the fields and values that a condition's document mentions."""
    if not isinstance(condition, dict):
        return []
    known: dict[str, Any] = condition
    if "field" in known:
        return [(known["field"], known.get("value"))]
    parts: list[Any] = known.get("all") or known.get("any") or ([known["not"]] if "not" in known else [])
    return [pair for part in parts for pair in _asked(part)]


def entered(form: RuleForm) -> dict[str, Any]:
    """Return a rule's attributes from the form; raises `Invalid` for what can't be read."""
    options: dict[str, Any] = {}
    match form.trigger_type:
        case "elapsed":
            options = {
                "since": form.since,
                "after_minutes": _number(form.after, "after") * UNITS.get(form.unit, 1),
                "calendar": form.calendar,
            }
        case "schedule":
            options = {"cron": form.cron.strip()}
        case _ if form.level:
            options = {"level": _number(form.level, "level")}
        case _:
            pass
    try:
        conditions, steps = msgspec.json.decode(form.conditions), msgspec.json.decode(form.actions)
    except msgspec.DecodeError as error:
        raise Invalid("The conditions can't be read; load the page again.", pointer="/conditions") from error
    return {
        "name": form.name,
        "description": form.description,
        "resource": form.resource,
        "trigger_type": form.trigger_type,
        "trigger_options": options,
        "conditions": conditions,
        "actions": steps,
        "stops": bool(form.stops),
        "is_active": bool(form.is_active),
    }


def _number(text: str, name: str) -> int:
    if not text.strip().isdigit():
        raise Invalid("Write a whole number.", pointer=f"/{name}")
    return int(text)


async def create(ctx: Context, form: RuleForm) -> Go:
    """Store a new rule behind the others."""
    last = await ctx.records.find(RULES, order="-priority", limit=1)
    priority = min(last[0]["priority"] + 10 if last else 10, 1_000_000)
    made = await ctx.service(Documents).create(RULES, {**entered(form), "priority": priority})
    return Go(url=f"/ticket-automation-rules/{made}", toast="Rule created")


async def save(ctx: Context, id: UUID, form: RuleForm) -> Go:
    """Store a changed rule."""
    version = int(form.version) if form.version.isdigit() else None
    await ctx.service(Documents).update(RULES, id, entered(form), version=version)
    return Go(url=f"/ticket-automation-rules/{id}", toast="Rule saved")


async def preview(ctx: Context, form: RuleForm) -> Show:
    """Show how many of the latest records the rule would have matched."""
    ctx.require(READ)
    rule = {**entered(form), "id": UUID(int=0), "name": form.name, "actions": []}
    faults, _ = await checked(ctx, rule)
    if faults:
        raise Invalid(faults=faults)
    found = await dry_runs.dry_run(ctx, await dry_runs.drafted(ctx, rule))
    return Show(template="automation/dry_run.html", data={"found": found, "resource": form.resource})
