"""What rules can do with a ticket beyond its fields: assign, note, escalate, open a child."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psa_automation import assignment
from psa_automation.actions import filled
from psa_automation.api import Action, Arguments, Case, Parameter
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Conflict
from psa_sdk.identity import Directory
from psa_ticketing.api import TICKETS, ServiceDesk

WORK = "ticketing.tickets.update"


async def open_loads(ctx: Context, accounts: Collection[UUID]) -> Mapping[UUID, int]:
    """Return how many open tickets each of some people has."""
    return await ctx.as_system().service(ServiceDesk).open_counts(list(accounts))


async def assign(ctx: Context, case: Case, given: Arguments) -> str:
    """Assign a ticket to somebody, or to whoever of a team should take it."""
    how = given["how"]
    if how == "user":
        return await _assigned(ctx, case, _id(given.get("user")), _id(given.get("team")))
    team = _id(given.get("team")) or case.reference("team")
    if team is None:
        raise Conflict("The rule names no team, and neither does the ticket.", code="no_team")
    chosen = await assignment.choose(
        ctx,
        team,
        strategy=how,
        permission=WORK,
        load=open_loads,
        skills=given.get("skills") or (),
        respect_hours=bool(given.get("respect_hours")),
        on_call=_id(given.get("on_call")),
    )
    return await _assigned(ctx, case, chosen, team)


async def _assigned(ctx: Context, case: Case, account: UUID | None, team: UUID | None) -> str:
    body = {"assigned_to": str(account) if account else None}
    if team is not None:
        body["team"] = str(team)
    await ctx.service(Documents).call("POST", f"/tickets/{case.id}/assign", body=body)
    if account is None:
        return "Nobody is there; the team has it"
    people = await ctx.as_system().service(Directory).users([account])
    return f"Assigned to {people[account].name}" if account in people else "Assigned"


async def add_note(ctx: Context, case: Case, given: Arguments) -> str:
    """Add a note, internal unless it says otherwise; it is nobody's first response (TIC-05)."""
    note_type = given.get("note_type") or "internal"
    await ctx.records.create(
        "comments",
        {
            "subject_kind": TICKETS,
            "subject_id": case.id,
            "content": filled(case, given["content"]),
            "note_type": note_type,
            "is_automated": True,
        },
    )
    return f"Added a note ({note_type})"


async def escalate(ctx: Context, case: Case, given: Arguments) -> str:
    """Escalate: note why, raise the priority if asked, hand it on, have the team's manager watch (TIC-51)."""
    body: dict[str, Any] = {
        "reason": filled(case, given["reason"]),
        "raise_priority": bool(given.get("raise_priority")),
    }
    body |= {name: str(given[name]) for name in ("assigned_to", "team") if given.get(name)}
    await ctx.service(Documents).call("POST", f"/tickets/{case.id}/escalate", body=body)
    team = _id(given.get("team")) or case.reference("team")
    found = await ctx.as_system().service(Directory).teams([team]) if team else {}
    manager = found[team].manager_id if team is not None and team in found else None
    watchers = [*([manager] if manager else []), *(UUID(str(one)) for one in given.get("watchers", ()))]
    if watchers:
        await ctx.records.link(TICKETS, case.id, "watchers", watchers)
    return "Escalated"


async def create_child(ctx: Context, case: Case, given: Arguments) -> str:
    """Open a child ticket for the same company and contact."""
    values: dict[str, Any] = {
        name: UUID(str(given[name]))
        for name in ("queue", "priority", "ticket_type", "team")
        if given.get(name)
    }
    values |= {name: held for name in ("company", "contact") if (held := case.reference(name)) is not None}
    await ctx.service(ServiceDesk).open(
        title=filled(case, given["title"]),
        source="api",
        description=filled(case, given.get("description") or ""),
        parent=case.id,
        **values,
    )
    return "Opened a child ticket"


async def add_watchers(ctx: Context, case: Case, given: Arguments) -> str:
    """Have people watch a ticket."""
    people = [UUID(str(one)) for one in given["users"]]
    await ctx.records.link(TICKETS, case.id, "watchers", people)
    return f"Added {len(people)} watchers"


def _id(held: Any) -> UUID | None:
    return UUID(str(held)) if held else None


TEAM = Parameter(name="team", title="Team", kind="record", target="groups")
QUEUE = Parameter(name="queue", title="Queue", kind="record", target="ticket-queues")
PRIORITY = Parameter(name="priority", title="Priority", kind="record", target="ticket-priorities")
ALL = (
    Action(
        name="assign",
        title="Assign",
        icon="user-round-plus",
        run=assign,
        parameters=(
            Parameter(
                name="how",
                title="How",
                kind="choice",
                required=True,
                choices=(
                    ("user", "To a person or team"),
                    ("round_robin", "In turn within a team"),
                    ("least_loaded", "To the least busy of a team"),
                ),
            ),
            TEAM,
            Parameter(name="user", title="Person", kind="record", target="users"),
            Parameter(name="skills", title="Needed skills", kind="tags"),
            Parameter(name="respect_hours", title="Only during their hours", kind="boolean"),
            Parameter(name="on_call", title="Else to", kind="record", target="users"),
        ),
    ),
    Action(
        name="add_note",
        title="Add a note",
        icon="message-square-plus",
        run=add_note,
        parameters=(
            Parameter(name="content", title="Text", kind="long", required=True, filled=True),
            Parameter(
                name="note_type",
                title="Visible to",
                kind="choice",
                choices=(("internal", "Staff only"), ("public", "The client too")),
            ),
        ),
    ),
    Action(
        name="escalate",
        title="Escalate",
        icon="siren",
        run=escalate,
        parameters=(
            Parameter(name="reason", title="Reason", kind="text", required=True, filled=True),
            Parameter(name="raise_priority", title="Raise the priority", kind="boolean"),
            TEAM,
            Parameter(name="assigned_to", title="Person", kind="record", target="users"),
            Parameter(name="watchers", title="Watchers", kind="records", target="users"),
        ),
    ),
    Action(
        name="create_child",
        title="Open a child ticket",
        icon="git-branch",
        run=create_child,
        parameters=(
            Parameter(name="title", title="Title", kind="text", required=True, filled=True),
            Parameter(name="description", title="Description", kind="long", filled=True),
            QUEUE,
            PRIORITY,
            Parameter(name="ticket_type", title="Type", kind="record", target="ticket-types"),
            TEAM,
        ),
    ),
    Action(
        name="add_watchers",
        title="Add watchers",
        icon="eye",
        run=add_watchers,
        parameters=(Parameter(name="users", title="People", kind="records", target="users", required=True),),
    ),
)
