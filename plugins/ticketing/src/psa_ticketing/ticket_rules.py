"""What is checked and completed whenever a ticket is written."""

from psa_comments.api import render
from psa_contacts.api import ContactBook, Requester
from psa_sdk import Change, Context, Event
from psa_sdk.errors import Conflict, Fault, Invalid
from psa_ticketing import defaults, lifecycle
from psa_ticketing.api import TicketAppointments, TicketAssigned, TicketOpened, TicketStatusChanged
from psa_ticketing.family import check_parent, open_children
from psa_ticketing.tables import CATEGORIES

RELATED = "/data/relationships"


async def write_new(ctx: Context, change: Change) -> None:
    """Complete a new ticket: number, requester, defaults, rendering."""
    new, start = change.new, change.answer
    assert isinstance(start, defaults.Start)
    new |= defaults.of_client(ctx, new)
    if ctx.principal.kind in {"user", "contact", "api_key"}:
        new.setdefault("created_by", ctx.principal.id)
    check_people(change, start)
    defaults.fill_in(new, start)
    if new.get("subcategory") is not None:
        await check_topic(ctx, change)
    if new.get("parent") is not None:
        await check_parent(ctx, change.id, new["parent"])
    if start.category == "merged":
        raise merged_by_hand()
    empty = {"resolved_at": None, "first_resolved_at": None, "closed_at": None, "reopen_count": 0}
    stamps = lifecycle.stamps("new", start.category or "", empty, ctx.now)
    new |= {column: value for column, value in stamps.items() if column not in new}
    new.setdefault("last_customer_activity_at", ctx.now)
    new["description_html"] = render(new.get("description", ""))
    new.setdefault("number", start.number)


async def write_edit(ctx: Context, change: Change) -> None:
    """Check an edit of a ticket and stamp what follows from it."""
    if change.old["merged_into"] is not None and not ctx.principal.kind == "system":
        raise Conflict(
            "This ticket was merged and can't be changed; work on the one it was merged into.",
            code="ticket_merged",
            meta={"merged_into": str(change.old["merged_into"])},
        )
    if {"company", "contact", "site"} & change.new.keys():
        contact, company, site = (change.value(column) for column in defaults.PEOPLE)
        facts = await ctx.service(ContactBook).requester(contact_id=contact, company_id=company, site_id=site)
        check_people(change, facts)
    if {"category", "subcategory"} & change.new.keys():
        await check_topic(ctx, change)
    if change.new.get("parent") is not None and change.changes("parent"):
        await check_parent(ctx, change.id, change.new["parent"])
    if "description" in change.new:
        change.new["description_html"] = render(change.new["description"])
    if change.changes("status"):
        await move(ctx, change)


async def move(ctx: Context, change: Change) -> None:
    """Stamp a change of status."""
    before = await defaults.category_of(ctx, change.old["status"])
    after = await defaults.category_of(ctx, change.new["status"])
    if after == "merged" and change.new.get("merged_into") is None:
        raise merged_by_hand()
    if after == "closed" and before != "closed":
        children = await open_children(ctx, change.id)
        if children:
            raise Conflict(
                f"{len(children)} child tickets are still open; close them first, or close with cascade=true.",
                code="open_children",
                meta={"children": [str(child) for child in children]},
            )
    for column, value in lifecycle.stamps(before, after, change.old, ctx.now).items():
        change.new.setdefault(column, value)


def merged_by_hand() -> Conflict:
    """Return the refusal of a status that only merging gives (X-12)."""
    return Conflict(
        "A ticket becomes merged by merging it: POST /tickets/{id}/merge.",
        code="illegal_transition",
        pointer=f"{RELATED}/status",
        meta={"allowed": [category for category in CATEGORIES if category != "merged"]},
    )


def check_people(change: Change, facts: Requester) -> None:
    """Requester, company and site must belong together; the contact's company is taken when none is given."""
    named = {column: change.value(column) for column in defaults.PEOPLE}
    if not any(named.values()):
        return
    if named["contact"] is not None and facts.contact_id is not None:
        change.new["contact"] = facts.contact_id
    if named["company"] is None and facts.company_id is not None:
        change.new["company"] = facts.company_id
    faults = [
        Fault(
            detail=f"The {name} belongs to another company; choose one of the ticket's company.",
            code="other_company",
            pointer=f"{RELATED}/{name}",
        )
        for name, company in (("contact", facts.contact_company_id), ("site", facts.site_company_id))
        if named[name] is not None and company is not None and company != facts.company_id
    ]
    if faults:
        raise Invalid(faults=faults)
    if facts.company_is_archived and change.changes("company"):
        raise Conflict(
            f"{facts.company_name} is archived; restore the company to open tickets for it.",
            code="company_archived",
            pointer=f"{RELATED}/company",
        )


async def check_topic(ctx: Context, change: Change) -> None:
    """A subcategory belongs to the ticket's category, which it brings along when none is given."""
    sub = change.value("subcategory")
    if sub is None:
        return
    parent = (await ctx.records.get("ticket-categories", sub))["parent"]
    if change.value("category") is None:
        change.new["category"] = parent
    if parent is None or change.value("category") != parent:
        raise Invalid(
            "The subcategory belongs to another category.",
            code="other_category",
            pointer=f"{RELATED}/subcategory",
        )


async def follow(ctx: Context, change: Change) -> None:
    """Let a written ticket's appointments follow it."""
    if ctx.provides(TicketAppointments):
        await ctx.service(TicketAppointments).follow(change)


async def meaning(ctx: Context, change: Change) -> list[Event]:
    """Return what a write of a ticket means."""
    found: list[Event] = []
    if change.verb == "create":
        source, company = change.value("source"), change.value("company")
        found.append(TicketOpened(ticket_id=change.id, source=source, company_id=company))
    if change.verb == "delete":
        return found
    if (change.changes("assigned_to") or change.changes("team")) and (
        change.verb == "update" or change.value("assigned_to") or change.value("team")
    ):
        person, team = change.value("assigned_to"), change.value("team")
        found.append(TicketAssigned(ticket_id=change.id, assigned_to_id=person, team_id=team))
    if change.verb == "update" and change.changes("status"):
        before = await defaults.category_of(ctx, change.old["status"])
        after = await defaults.category_of(ctx, change.value("status"))
        if before != after:
            found.append(TicketStatusChanged(ticket_id=change.id, before=before, after=after))  # pyright: ignore[reportArgumentType]
    return found
