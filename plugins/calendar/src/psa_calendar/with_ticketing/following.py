"""Tickets and their appointments move together (TIC-67).

A ticket's schedule is that of its live appointments with the same start. Each side does to the other what was done to
it, in one transaction, and leaves alone what is in line already: so nothing echoes.
"""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_calendar.api import APPOINTMENTS
from psa_calendar.conflicts import BLOCKING, hold, taken
from psa_calendar.settings import CalendarSettings
from psa_calendar.spans import Span
from psa_calendar.tables import Appointment
from psa_sdk import Change, Context, before, on
from psa_sdk.errors import Conflict
from psa_sdk.tables import Condition
from psa_ticketing.api import TICKETS, ServiceDesk, TicketsMerged

SCHEDULE = ("scheduled_start", "scheduled_end")
PLACE = ("company", "contact", "site")
TITLE = 300
ENDED = frozenset(("closed", "merged", "spam"))
"""Categories of tickets on which nobody works any more."""


@before(TICKETS, "update")
async def unschedule_ended(ctx: Context, change: Change) -> None:
    """A ticket that has ended isn't planned any more."""
    start = change.value("scheduled_start")
    if start is not None and start > ctx.now and await _ends(ctx, change):
        change.new.update(dict.fromkeys(SCHEDULE))


@before(APPOINTMENTS, "create")
async def take_from_ticket(ctx: Context, change: Change) -> None:
    """An appointment for a ticket is for the ticket's client."""
    await _take(ctx, change)


@before(APPOINTMENTS, "update")
async def take_from_other_ticket(ctx: Context, change: Change) -> None:
    """An appointment that is put to another ticket is for that ticket's client."""
    if change.changes("ticket"):
        await _take(ctx, change)


@on(TicketsMerged)
async def follow_merge(ctx: Context, event: TicketsMerged) -> None:
    """The target of a merge is planned for the source's appointment, if it wasn't planned at all."""
    target = await ctx.service(ServiceDesk).surviving(event.target_id)
    ticket = await ctx.records.get(TICKETS, target, lock=True)
    await give_to_client(ctx, target, {column: ticket[column] for column in PLACE})
    if ticket["scheduled_start"] is None:
        await _plan_next(ctx, target)


class AppointmentsOfTickets:
    """Implements `psa_ticketing.api.TicketAppointments`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx
        self._system = ctx.as_system()

    async def follow(self, change: Change) -> None:
        """Make, move, hand over or cancel the appointments of a written ticket."""
        if change.verb == "delete" or await _ends(self._ctx, change):
            await self._cancel(change.id, Appointment.start_time > self._ctx.now)
            return
        planned = any(change.changes(column) for column in SCHEDULE)
        if change.verb == "update" and any(change.changes(column) for column in PLACE):
            await give_to_client(self._ctx, change.id, {column: change.value(column) for column in PLACE})
        if planned:
            await self._follow_schedule(change)
        elif change.verb == "update" and change.changes("assigned_to"):
            await self._hand_over(change)

    async def _follow_schedule(self, change: Change) -> None:
        start, end = (change.value(column) for column in SCHEDULE)
        former = change.old.get("scheduled_start")
        if start is None:
            await self._cancel(change.id, Appointment.start_time == former)
            return
        end = end or start + await self._length(change)
        if any(row["end_time"] == end for row in await self._live(change.id, start)):
            return
        moved = await self._live(change.id, former) if former is not None else []
        values = {"start_time": start, "end_time": end, "all_day": False}
        for row in moved:
            await self._system.records.update(APPOINTMENTS, row["id"], values)
        if not moved:
            await self._book(change, values)

    async def _book(self, change: Change, times: Mapping[str, Any]) -> None:
        settings = await self._ctx.settings(CalendarSettings)
        facts = (await self._system.service(ServiceDesk).tickets([change.id]))[change.id]
        person = self._ctx.principal.kind in {"user", "api_key"}
        values = {
            **times,
            "title": f"{facts.number} {facts.title}"[:TITLE],
            "appointment_type": "ticket",
            "ticket": change.id,
            "assigned_to": change.value("assigned_to"),
            "site": change.value("site"),
            "is_client_visible": settings.ticket_client_visible,
            "organizer": self._ctx.principal.id if person else change.value("assigned_to"),
        }
        appointment = await self._system.records.create(APPOINTMENTS, values)
        if settings.invite_requester and facts.contact_id is not None:
            await self._system.records.link(APPOINTMENTS, appointment, "guests", [facts.contact_id])

    async def _hand_over(self, change: Change) -> None:
        """Give what the former assignee had to do to the next one, who may be busy: assigning isn't refused for that."""
        start, person = change.value("scheduled_start"), change.value("assigned_to")
        if start is None:
            return
        for row in await self._live(change.id, start):
            if row["assigned_to"] != change.old["assigned_to"] or row["end_time"] <= self._ctx.now:
                continue
            values: dict[str, Any] = {"assigned_to": person}
            if person is not None and row["is_busy"] and not row["allow_conflicts"]:
                await hold(self._ctx)
                span = Span(row["start_time"], row["end_time"])
                values["allow_conflicts"] = bool(await taken(self._system, [person], span, besides=row["id"]))
            await self._system.records.update(APPOINTMENTS, row["id"], values)

    async def _cancel(self, ticket: UUID, where: Condition) -> None:
        for row in await self._found(
            (Appointment.ticket == ticket) & (Appointment.status == "scheduled") & where
        ):
            await self._system.records.update(APPOINTMENTS, row["id"], {"status": "cancelled"})

    async def _live(self, ticket: UUID, start: datetime.datetime) -> list[Mapping[str, Any]]:
        return await self._found(_live(ticket) & (Appointment.start_time == start))

    async def _found(self, where: Condition) -> list[Mapping[str, Any]]:
        return await self._system.records.find(APPOINTMENTS, where, order="created_at", lock=True)

    async def _length(self, change: Change) -> datetime.timedelta:
        hours = change.value("estimated_hours")
        if hours:
            return datetime.timedelta(hours=float(min(hours, 24)))
        return datetime.timedelta(minutes=(await self._ctx.settings(CalendarSettings)).default_minutes)


class SchedulesOfTickets:
    """Implements `psa_calendar.api.TicketSchedules`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def follow(self, change: Change) -> None:
        """Plan the ticket for when its appointment is, or for the next one that it has."""
        old, new = change.old.get("ticket"), change.value("ticket")
        if old is not None and old != new:
            await self._after(old, change.old["start_time"])
        if new is None:
            return
        if change.value("archived_at") is not None or change.value("status") == "cancelled":
            await self._after(new, change.old.get("start_time"))
            return
        ticket = await _planned(self._ctx, new)
        if ticket is None or change.value("status") not in BLOCKING:
            return
        start, end = change.value("start_time"), change.value("end_time")
        if ticket["scheduled_start"] == start and ticket["scheduled_end"] in {None, end}:
            return
        leads = ticket["scheduled_start"] is None or (
            old == new and ticket["scheduled_start"] == change.old["start_time"]
        )
        if leads or not await self._ctx.as_system().records.count(
            APPOINTMENTS, _live(new) & (Appointment.start_time == ticket["scheduled_start"])
        ):
            await _plan(self._ctx, new, start, end)

    async def _after(self, ticket_id: UUID, start: datetime.datetime | None) -> None:
        """Plan a ticket whose appointment is off for the next one, or not at all."""
        ticket = await _planned(self._ctx, ticket_id)
        if ticket is not None and start is not None and ticket["scheduled_start"] == start:
            await _plan_next(self._ctx, ticket_id)


async def give_to_client(ctx: Context, ticket: UUID, place: Mapping[str, Any]) -> None:
    """Make the appointments of a ticket those of its client, whoever that is now."""
    system = ctx.as_system()
    for row in await system.records.find(APPOINTMENTS, Appointment.ticket == ticket, lock=True):
        await system.records.update(APPOINTMENTS, row["id"], place)


def _live(ticket: UUID) -> Condition:
    return (Appointment.ticket == ticket) & Appointment.status.is_in(sorted(BLOCKING))


async def _plan_next(ctx: Context, ticket: UUID) -> None:
    found = await ctx.as_system().records.find(
        APPOINTMENTS, _live(ticket) & (Appointment.end_time > ctx.now), order="start_time", limit=1
    )
    if found:
        await _plan(ctx, ticket, found[0]["start_time"], found[0]["end_time"])
    else:
        await _plan(ctx, ticket, None, None)


async def _plan(
    ctx: Context, ticket: UUID, start: datetime.datetime | None, end: datetime.datetime | None
) -> None:
    values = {"scheduled_start": start, "scheduled_end": end}
    await ctx.as_system().records.update(TICKETS, ticket, values)


async def _planned(ctx: Context, ticket: UUID) -> Mapping[str, Any] | None:
    """Return a ticket's columns, held until the end; None when it was deleted."""
    row = await ctx.as_system().records.get(TICKETS, ticket, lock=True)
    return None if row["archived_at"] is not None or row["merged_into"] is not None else row


async def _ends(ctx: Context, change: Change) -> bool:
    if change.verb != "update" or not change.changes("status"):
        return False
    status = await ctx.as_system().records.get("ticket-statuses", change.value("status"))
    return status["category"] in ENDED


async def _take(ctx: Context, change: Change) -> None:
    if change.new.get("ticket") is None:
        return
    row = await ctx.as_system().records.get(TICKETS, change.new["ticket"])
    if row["merged_into"] is not None:
        raise Conflict(
            "The ticket was merged; plan the one it was merged into.",
            code="ticket_merged",
            pointer="/data/relationships/ticket",
            meta={"merged_into": str(row["merged_into"])},
        )
    change.new.update({"company": row["company"], "contact": row["contact"], "appointment_type": "ticket"})
    if change.value("site") is None:
        change.new["site"] = row["site"]
