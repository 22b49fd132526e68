"""The service desk as other plugins use it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import Invalid
from psa_ticketing import defaults
from psa_ticketing.api import TICKETS, Source, StatusCategory, TicketFacts, TicketPeople
from psa_ticketing.lifecycle import ACTIVE
from psa_ticketing.numbers import parse_number, show_number
from psa_ticketing.tables import Ticket

SURVIVOR = """
WITH RECURSIVE chain AS (
    SELECT id, merged_into, 1 AS step FROM ticketing.ticket WHERE id = $1
    UNION ALL
    SELECT t.id, t.merged_into, chain.step + 1
    FROM chain JOIN ticketing.ticket t ON t.id = chain.merged_into WHERE chain.step < 50
) SELECT id FROM chain WHERE merged_into IS NULL"""
OPEN_COUNTS = """
SELECT t.assigned_to, count(*)::int AS open FROM ticketing.ticket t
WHERE t.assigned_to = ANY($1::uuid[]) AND t.archived_at IS NULL
    AND t.status IN (SELECT s.id FROM ticketing.status s WHERE s.category = ANY($2::text[]))
GROUP BY 1"""


async def follow_merges(ctx: Context, ticket_id: UUID) -> UUID:
    """Return the ticket that is left after all merges; an unknown id stays as it is."""
    return await ctx.db.fetch_value(SURVIVOR, ticket_id) or ticket_id


class StoredServiceDesk:
    """Implements `psa_ticketing.api.ServiceDesk`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def tickets(self, ids: Sequence[UUID]) -> Mapping[UUID, TicketFacts]:
        """Return the visible ones among some tickets."""
        if not ids:
            return {}
        rows = await self._ctx.records.find(
            TICKETS, Ticket.id.is_in(list(ids)), limit=len(ids), archived=True
        )
        return {facts.id: facts for facts in await self._facts(rows)}

    async def by_number(self, number: str) -> TicketFacts | None:
        """Find a ticket by `T000123`, `#123` or `123`."""
        wanted = parse_number(number)
        if wanted is None:
            return None
        found = await self._facts(await self._ctx.records.find(TICKETS, Ticket.number == wanted, limit=1))
        return found[0] if found else None

    async def people(self, ticket_id: UUID) -> TicketPeople:
        """Return who takes part in a ticket beside requester and assignee."""
        row = await self._ctx.db.fetch_one(
            "SELECT array(SELECT contact FROM ticketing.ticket_contact WHERE ticket = $1) AS copied,"
            " array(SELECT account FROM ticketing.watcher WHERE ticket = $1) AS watching",
            ticket_id,
        )
        return (
            TicketPeople(copied=tuple(row["copied"]), watching=tuple(row["watching"]))
            if row
            else TicketPeople()
        )

    async def surviving(self, ticket_id: UUID) -> UUID:
        """Follow merges to the ticket that is left."""
        return await follow_merges(self._ctx, ticket_id)

    async def open(self, *, title: str, source: Source, **values: Any) -> UUID:
        """Open a ticket; `values` are columns, what is missing takes the tenant's defaults."""
        return await self._ctx.records.create(TICKETS, {"title": title, "source": source, **values})

    async def set_category(self, ticket_id: UUID, category: StatusCategory) -> None:
        """Move a ticket to the default status of a category."""
        if category == "merged":
            raise Invalid("A ticket becomes merged by merging it.", code="merged_by_hand")
        await self._ctx.records.update(
            TICKETS, ticket_id, {"status": await defaults.status_of(self._ctx, category)}
        )

    async def open_counts(self, account_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """Return how many tickets that are still worked on each account has."""
        return {
            row["assigned_to"]: row["open"]
            for row in await self._ctx.db.fetch(OPEN_COUNTS, list(account_ids), list(ACTIVE))
        }

    async def _facts(self, rows: Sequence[Mapping[str, Any]]) -> list[TicketFacts]:
        statuses = await self._ctx.db.fetch("SELECT id, category FROM ticketing.status") if rows else []
        categories = {row["id"]: row["category"] for row in statuses}
        return [
            TicketFacts(
                id=row["id"],
                number=show_number(row["number"]),
                title=row["title"],
                status_category=categories[row["status"]],
                company_id=row["company"],
                contact_id=row["contact"],
                assigned_to_id=row["assigned_to"],
                queue_id=row["queue"],
                priority_id=row["priority"],
                merged_into_id=row["merged_into"],
            )
            for row in rows
        ]
