"""The board: open tickets as cards in columns by status, priority, queue or assignee."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import TALLIED, Documents, Found, Item
from psa_sdk.errors import BadRequest, Stale
from psa_sdk.identity import Directory
from psa_sdk.ui import Done
from psa_ticketing import defaults
from psa_ticketing.api import TICKETS
from psa_ticketing.screens.lists import Entry, entries

By = Literal["status", "priority", "queue", "assigned_to"]
SHOWN: Final = 25
"""Cards of a column; the list has the rest."""
PEOPLE: Final = 12
"""Columns of assignees; who holds most comes first."""
HIDDEN: Final = frozenset(("closed", "merged", "spam"))
TARGETS: Final[Mapping[str, str]] = {
    "status": "ticket-statuses",
    "priority": "ticket-priorities",
    "queue": "ticket-queues",
    "assigned_to": "users",
}
BUSIEST: Final = """
SELECT t.assigned_to AS id, count(*) AS held FROM ticketing.ticket t JOIN ticketing.status s ON s.id = t.status
WHERE t.archived_at IS NULL AND t.assigned_to IS NOT NULL
    AND s.category NOT IN ('resolved', 'closed', 'merged', 'spam') AND ($1::uuid IS NULL OR t.queue = $1)
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $2"""


class Asked(msgspec.Struct):
    """The address of the board."""

    by: By = "status"
    queue: str = ""
    q: str = ""
    mine: str = ""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column with its first cards and the number of all."""

    key: str
    title: str
    tone: str
    icon: str
    total: int
    found: Found
    query: str
    """Of the list that shows all of the column."""

    @property
    def cards(self) -> Sequence[Item]:
        """The cards that are shown."""
        return self.found.items


async def load(ctx: Context, query: Asked) -> Mapping[str, Any]:
    """Load the board: two statements for each column at most, however many tickets there are."""
    documents, lists = ctx.service(Documents), await entries(ctx)
    queues = lists.get("queue", ())
    queue = next((one for one in queues if str(one.id) == query.queue), None)
    narrowed = {"filter[queue]": str(queue.id)} if queue else {}
    if query.q.strip():
        narrowed["filter[q]"] = query.q.strip()
    if query.mine:
        narrowed["filter[assigned_to]"] = str(ctx.principal.id)
    columns: list[Column] = []
    for key, title, tone, icon in await _columns(ctx, query.by, lists, queue):
        condition = {f"filter[{query.by}]": key} if key else {f"filter[{query.by}][null]": "true"}
        if query.by != "status":
            condition["filter[status.category][in]"] = (
                "new,open,waiting_customer,waiting_third_party,scheduled"
            )
        found = await documents.find(
            TICKETS,
            {
                **narrowed,
                **condition,
                "include": _included(documents),
                "sort": "-updated_at",
                "page[size]": str(SHOWN),
            },
        )
        columns.append(
            Column(
                key=key,
                title=title,
                tone=tone,
                icon=icon,
                total=await documents.count(TICKETS, {**narrowed, **condition}, most=TALLIED)
                if found.next
                else len(found.items),
                found=found,
                query=f"{query.by}={key or 'none'}"
                + (f"&queue={queue.id}" if queue and query.by != "queue" else ""),
            )
        )
    return {"columns": columns, "by": query.by, "queues": queues, "queue": queue, "asked": query}


def _included(documents: Documents) -> str:
    readable = frozenset(documents.resources())
    wanted = {
        "company": "companies",
        "priority": "ticket-priorities",
        "status": "ticket-statuses",
        "assigned_to": "users",
    }
    return ",".join(name for name, target in wanted.items() if target in readable)


async def _columns(
    ctx: Context, by: By, lists: Mapping[str, Sequence[Entry]], queue: Entry | None
) -> list[tuple[str, str, str, str]]:
    """Return key, title, tone and icon of each column."""
    if by == "assigned_to":
        busiest = await ctx.db.fetch(BUSIEST, queue.id if queue else None, PEOPLE)
        people = await ctx.service(Directory).users([row["id"] for row in busiest])
        named = [(str(row["id"]), people[row["id"]].name, "", "") for row in busiest if row["id"] in people]
        if all(key != str(ctx.principal.id) for key, *_ in named):
            named.insert(0, (str(ctx.principal.id), ctx.principal.label, "", ""))
        return [("", "", "gray", "circle-user-round"), *named]
    icons = {"priority": "signal", "queue": "inbox"}
    return [
        (str(one.id), one.name, one.color, one.icon or icons[by])
        for one in lists.get(by, ())
        if one.category not in HIDDEN
    ]


class Moved(msgspec.Struct, frozen=True):
    """A card that was dropped: from one column into another."""

    by: By
    to: str
    was: str = msgspec.field(name="from", default="")


async def move(ctx: Context, id: UUID, form: Moved) -> Done:
    """Move a card; raises `Stale` when it isn't any more in the column that it was taken from."""
    documents = ctx.service(Documents)
    ticket = await ctx.records.get(TICKETS, id, lock=True)
    if str(ticket[form.by] or "") != form.was:
        raise Stale("Somebody else moved this ticket meanwhile.", code="changed_meanwhile")
    if form.by == "assigned_to":
        ctx.require("ticketing.tickets.assign")
    elif not form.to:
        raise BadRequest("A ticket always has a status, a priority and a queue.")
    one = {form.by: (TARGETS[form.by], UUID(form.to)) if form.to else None}
    if form.by == "assigned_to" and form.to and await defaults.category_of(ctx, ticket["status"]) == "new":
        one["status"] = ("ticket-statuses", await defaults.status_of(ctx, "open"))
    await documents.update(TICKETS, id, {}, one=one)
    return Done(refresh=(TICKETS, f"{TICKETS}:{id}"))
