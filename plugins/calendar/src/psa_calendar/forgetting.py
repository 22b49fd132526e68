"""What is not kept: addresses to which invitations went, once the appointment is over or the person is forgotten."""

import datetime
from uuid import UUID

from psa_calendar.participants import participants_of
from psa_contacts.api import ContactAnonymised
from psa_sdk import Context, actor, every, on
from psa_sdk.identity import AccountErased

KEPT = datetime.timedelta(days=7)
ENDED = """
DELETE FROM calendar.{table} t USING calendar.appointment a WHERE a.id = t.appointment AND a.end_time < $1"""
CONCERNED = """
SELECT a.* FROM calendar.appointment a
WHERE a.id IN (SELECT i.appointment FROM calendar.invitation i)
    AND ($1 IN (a.assigned_to, a.organizer)
        OR a.id IN (SELECT t.appointment FROM calendar.attendee t WHERE t.account = $1)
        OR a.id IN (SELECT g.appointment FROM calendar.guest g WHERE g.contact = $1))"""
FORGET = "DELETE FROM calendar.invitation WHERE appointment = $1 AND email <> ALL($2::text[])"


@actor(queue="bulk")
async def forget_ended(ctx: Context) -> None:
    """Drop what was kept to invite to, and to remind of, appointments that are over."""
    for table in ("invitation", "reminder"):
        await ctx.db.execute(ENDED.format(table=table), ctx.now - KEPT)


@on(ContactAnonymised)
async def forget_contact(ctx: Context, event: ContactAnonymised) -> None:
    """Forget the address of a contact who was forgotten."""
    await _forget(ctx, event.contact_id)


@on(AccountErased)
async def forget_account(ctx: Context, event: AccountErased) -> None:
    """Forget the address of an account whose identity was removed."""
    await _forget(ctx, event.account_id)


async def _forget(ctx: Context, person: UUID) -> None:
    """Keep no addresses but those of people who take part and are known by them."""
    for row in await ctx.db.fetch(CONCERNED, person):
        _, attendees = await participants_of(ctx, row)
        await ctx.db.execute(FORGET, row["id"], [one.email.lower() for one in attendees])


SCHEDULES = (every("40 3 * * *", forget_ended),)
SUBSCRIBERS = (forget_contact, forget_account)
