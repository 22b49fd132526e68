"""Panels beside a ticket: for whom it is, who follows it, its family; and tickets on others' pages."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from psa_sdk import Context
from psa_sdk.documents import TALLIED, Documents
from psa_sdk.ui import Panel, Widget
from psa_ticketing.api import TICKETS

READ: Final = "ticketing.tickets.read"
OPEN: Final = {"filter[status.category][in]": "new,open,waiting_customer,waiting_third_party,scheduled"}
_ROWS: Final = "6"


async def client(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load whom a ticket is for."""
    documents = ctx.service(Documents)
    if id is None or not {"companies", "contacts"} <= set(documents.resources()):
        return None
    found = await documents.one(TICKETS, id, include="company,contact,site")
    ticket = found.items[0]
    company = ticket.one.get("company")
    if company is None and ticket.one.get("contact") is None:
        return None
    theirs = {**OPEN, "filter[company]": str(company[1])} if company else None
    others = await documents.count(TICKETS, theirs, most=TALLIED) if theirs else 0
    return {"found": found, "ticket": ticket, "others": others}


async def people(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load who follows a ticket and who is in copy."""
    if id is None:
        return None
    documents = ctx.service(Documents)
    rows = await ctx.db.fetch(
        "SELECT 'watchers' AS kind, account AS person FROM ticketing.watcher WHERE ticket = $1"
        " UNION ALL SELECT 'cc_contacts', contact FROM ticketing.ticket_contact WHERE ticket = $1",
        id,
    )
    held: dict[str, list[UUID]] = {"watchers": [], "cc_contacts": []}
    for row in rows:
        held[row["kind"]].append(row["person"])
    readable = frozenset(documents.resources())
    names: dict[UUID, str] = {}
    for kind, target in (("watchers", "users"), ("cc_contacts", "contacts")):
        if held[kind] and target in readable:
            names |= await documents.names(target, held[kind])
    return {"id": id, "held": held, "names": names}


async def family(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load parent, children, follow-ups and merged tickets."""
    if id is None:
        return None
    documents = ctx.service(Documents)
    ticket = (await documents.one(TICKETS, id)).items[0]
    kinds: dict[str, Any] = {}
    rows = await ctx.db.fetch(
        "SELECT id, CASE WHEN id = $2 THEN 'parent' WHEN id = $3 THEN 'follow_up_of' WHEN parent = $1 THEN 'children'"
        " WHEN merged_into = $1 THEN 'merged' ELSE 'follow_ups' END AS kind FROM ticketing.ticket"
        " WHERE id IN ($2, $3) OR parent = $1 OR merged_into = $1 OR follow_up_of = $1 ORDER BY number LIMIT 100",
        id,
        *((ticket.one.get(name) or ("", None))[1] for name in ("parent", "follow_up_of")),
    )
    found = None
    if rows:
        wanted = ",".join(str(row["id"]) for row in rows)
        found = await documents.find(
            TICKETS,
            {"filter[id][in]": wanted, "include": "status", "page[size]": "100", "filter[archived]": "any"},
        )
        seen = {item.id: item for item in found.items}
        for row in rows:
            if row["id"] in seen:
                kinds.setdefault(row["kind"], []).append(seen[row["id"]])
    return {"id": id, "kinds": kinds, "found": found}


async def of_contact(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load a contact's latest tickets."""
    return await _latest(ctx, {"filter[contact]": str(id)}, f"contact={id}")


async def of_company(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load a company's open tickets."""
    return await _latest(ctx, {**OPEN, "filter[company]": str(id)}, f"company={id}")


async def mine(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load one's own open tickets."""
    me = str(ctx.principal.id)
    return await _latest(ctx, {**OPEN, "filter[assigned_to]": me}, f"assigned_to={me}", rows="8")


async def waiting(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load open tickets that nobody has."""
    return await _latest(ctx, {**OPEN, "filter[assigned_to][null]": "true"}, "assigned_to=none", rows="8")


async def _latest(
    ctx: Context, query: Mapping[str, str], address: str, *, rows: str = _ROWS
) -> Mapping[str, Any] | None:
    documents = ctx.service(Documents)
    found = await documents.find(
        TICKETS,
        {
            **query,
            "include": "status,priority",
            "sort": "-updated_at",
            "page[size]": rows,
        },
    )
    total = await documents.count(TICKETS, query, most=TALLIED) if found.next else len(found.items)
    return {"found": found, "address": address, "total": total}


PANELS = (
    Panel(
        slot="ticket.side",
        id="ticketing.client",
        title="Client",
        template="ticketing/panels/client.html",
        load=client,
        permission=READ,
        icon="building-2",
        order=20,
    ),
    Panel(
        slot="ticket.side",
        id="ticketing.family",
        title="Related tickets",
        template="ticketing/panels/family.html",
        load=family,
        permission=READ,
        icon="git-fork",
        order=60,
    ),
    Panel(
        slot="ticket.side",
        id="ticketing.people",
        title="Followers",
        template="ticketing/panels/people.html",
        load=people,
        permission=READ,
        icon="eye",
        order=70,
    ),
    Panel(
        slot="contact.main",
        id="ticketing.of-contact",
        title="Tickets",
        template="ticketing/panels/latest.html",
        load=of_contact,
        permission=READ,
        icon="ticket",
        order=20,
    ),
    Panel(
        slot="company.main",
        id="ticketing.of-company",
        title="Open tickets",
        template="ticketing/panels/latest.html",
        load=of_company,
        permission=READ,
        icon="ticket",
        order=20,
    ),
)
WIDGETS = (
    Widget(
        id="ticketing.mine",
        title="My open tickets",
        template="ticketing/panels/latest.html",
        load=mine,
        permission=READ,
        icon="user-round-check",
        size="2x2",
        order=10,
    ),
    Widget(
        id="ticketing.unassigned",
        title="Unassigned tickets",
        template="ticketing/panels/latest.html",
        load=waiting,
        permission=READ,
        icon="circle-user-round",
        size="2x2",
        order=20,
    ),
)
