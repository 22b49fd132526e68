"""What can be done with rules beyond writing them: trying, ordering, starting, and knowing what they may say."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, field

from psa_automation import actions, dry_runs, macros, rule_rules, rulebook
from psa_automation.api import RULES
from psa_automation.fields import catalogue, declared
from psa_sdk import Answer, AnswerList, Context, Record, get, post
from psa_sdk.errors import Invalid, NotFound

READ = "automation.automation_rules.read"
UPDATE = "automation.automation_rules.update"
RUN = "automation.macros.run"
STEP = 10


class Draft(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A rule that needn't be stored, and how many records to look at."""

    resource: str = "tickets"
    trigger_type: str = "created"
    trigger_options: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    limit: Annotated[int, Meta(ge=1, le=dry_runs.MOST)] = dry_runs.MOST


class Limit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many records to look at."""

    limit: Annotated[int, Meta(ge=1, le=dry_runs.MOST)] = dry_runs.MOST


class OneRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The record to act on."""

    record: UUID


class Order(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Rules in the order they are to run."""

    ids: Annotated[list[UUID], Meta(min_length=1, max_length=1000)]


class Ordered(msgspec.Struct):
    """How many rules have another place."""

    moved: int


class FieldShape(msgspec.Struct):
    """A field: its operators and what stands beside each."""

    path: str
    title: str
    kind: str
    group: str
    choices: Sequence[str]
    target: str
    writable: bool
    operators: dict[str, str]


class AutomatableShape(msgspec.Struct):
    """All that rules can say about a resource."""

    title: str
    triggers: list[dict[str, Any]]
    fields: list[FieldShape]
    anchors: list[dict[str, str]]
    actions: list[dict[str, Any]]


DRY = {"returns": dry_runs.DryRun, "answer_type": "automation-dry-runs", "idempotent": False}


@post("/ticket-automation-rules/{id:uuid}/dry-run", permission=READ, **DRY)
async def dry_run(ctx: Context, id: UUID, body: Limit) -> Answer:
    """Count how many of the latest records a rule would have matched."""
    await ctx.records.get(RULES, id)
    rule, _ = await rulebook.one(ctx, id)
    return _answer(await dry_runs.dry_run(ctx, rule, body.limit), str(id))


@post("/ticket-automation-rules/dry-run", permission=READ, **DRY)
async def dry_run_draft(ctx: Context, body: Draft) -> Answer:
    """Count how many of the latest records a rule would match that isn't stored."""
    rule = {**msgspec.structs.asdict(body), "actions": [], "is_active": True}
    faults, _ = await rule_rules.checked(ctx, rule)
    if faults:
        raise Invalid(faults=faults)
    drafted = await dry_runs.drafted(ctx, {**rule, "id": UUID(int=0), "name": "", "stops": False})
    return _answer(await dry_runs.dry_run(ctx, drafted, body.limit), "draft")


def _answer(found: dry_runs.DryRun, id: str) -> Answer:
    return Answer(type="automation-dry-runs", id=id, attributes=found)


@post(
    "/ticket-automation-rules/{id:uuid}/try",
    permission=UPDATE,
    returns=dry_runs.Trial,
    answer_type="automation-trials",
    idempotent=False,
)
async def try_rule(ctx: Context, id: UUID, body: OneRecord) -> Answer:
    """Tell what a rule would do with one record, by doing it and taking it back."""
    await ctx.records.get(RULES, id)
    rule, _ = await rulebook.one(ctx, id)
    await ctx.records.get(rule.resource, body.record)
    return Answer(
        type="automation-trials", id=str(id), attributes=await dry_runs.try_on(ctx, rule, body.record)
    )


@post("/ticket-automation-rules/{id:uuid}/run", permission=RUN, returns="automation-runs")
async def run_macro(ctx: Context, id: UUID, body: OneRecord) -> Record:
    """Run a macro on a record."""
    return Record("automation-runs", await macros.run(ctx, id, body.record))


@post(
    "/ticket-automation-rules/order", permission=UPDATE, returns=Ordered, answer_type="automation-rule-orders"
)
async def order_rules(ctx: Context, body: Order) -> Answer:
    """Give rules the order of the list."""
    moved = 0
    if len(set(body.ids)) != len(body.ids):
        raise Invalid("Name each rule once.", code="duplicate", pointer="/data/attributes/ids")
    for place, rule in enumerate(body.ids, 1):
        row = await ctx.records.get(RULES, rule)
        if row["priority"] != place * STEP:
            await ctx.records.update(RULES, rule, {"priority": place * STEP})
            moved += 1
    return Answer(type="automation-rule-orders", attributes=Ordered(moved=moved))


async def shape_of(ctx: Context, resource: str) -> AutomatableShape:
    """Return what rules can say about a resource."""
    known = await catalogue(ctx, resource, actions.common(ctx))
    triggers: list[dict[str, Any]] = [{"name": name, "levels": False} for name in rule_rules.ALWAYS]
    triggers += [
        {"name": one.name, "title": one.title, "levels": one.levels} for one in known.occasions.values()
    ]
    return AutomatableShape(
        title=known.title,
        triggers=triggers,
        fields=[
            FieldShape(
                path=one.path,
                title=one.title,
                kind=one.kind,
                group=one.group,
                choices=one.choices,
                target=one.target,
                writable=one.writable,
                operators=one.wants(),
            )
            for one in known.fields.values()
        ],
        anchors=[{"name": one.name, "title": one.title} for one in known.anchors.values()],
        actions=[
            {
                "name": one.name,
                "title": one.title,
                "icon": one.icon,
                "parameters": [msgspec.to_builtins(parameter) for parameter in one.parameters],
            }
            for one in known.actions.values()
        ],
    )


@get(
    "/automatables/{resource:str}",
    permission=READ,
    returns=AutomatableShape,
    answer_type="automatables",
)
async def automatable(ctx: Context, resource: str) -> Answer:
    """Tell what rules can say about a resource: triggers, fields, operators, actions."""
    if resource not in declared(ctx):
        raise NotFound(f"There are no rules for {resource}.")
    return Answer(type="automatables", id=resource, attributes=await shape_of(ctx, resource))


@get("/automatables", permission=READ, returns=AutomatableShape, answer_type="automatables")
async def automatables(ctx: Context) -> AnswerList:
    """List the resources that rules can be about."""
    return AnswerList(
        items=[
            Answer(type="automatables", id=name, attributes=await shape_of(ctx, name))
            for name in declared(ctx)
        ]
    )


ALL = (dry_run, dry_run_draft, try_rule, run_macro, order_rules, automatables, automatable)
