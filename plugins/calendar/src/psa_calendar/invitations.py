"""Telling those who take part by mail: an invitation, its changes, and that it is off (RFC 5546, TIC-67)."""

from collections.abc import Mapping, Sequence
from email.utils import quote
from typing import Any, Literal
from uuid import UUID

from psa_calendar import invitation_words
from psa_calendar.api import APPOINTMENTS
from psa_calendar.conflicts import BLOCKING
from psa_calendar.icalendar_writing import Mailbox, message
from psa_calendar.participants import Participant, meeting_of, participants_of, zone_of
from psa_calendar.settings import CalendarSettings
from psa_sdk import Context, actor
from psa_sdk.mail import Letter, Mailer
from psa_sdk.web import Browser

TOLD = """
SELECT email, name, sequence, state FROM calendar.invitation WHERE appointment = $1 ORDER BY email"""
REMEMBER = """
INSERT INTO calendar.invitation (appointment, email, name, sequence, state) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, appointment, email)
DO UPDATE SET sequence = excluded.sequence, state = excluded.state, name = excluded.name, updated_at = $6"""


@actor(queue="critical")
async def tell_participants(ctx: Context, *, appointment_id: UUID) -> None:
    """Bring what people were told by mail in line with an appointment: each is told what is new to them."""
    if not ctx.provides(Mailer) or not (await ctx.settings(CalendarSettings)).send_invitations:
        return
    row = await ctx.records.get(APPOINTMENTS, appointment_id, lock=True)
    organizer, attendees = await participants_of(ctx, row)
    told = {one["email"]: one for one in await ctx.db.fetch(TOLD, appointment_id)}
    on = row["archived_at"] is None and row["status"] in BLOCKING and row["end_time"] > ctx.now
    wanted = {one.email.lower(): one for one in attendees} if on and organizer is not None else {}
    for email, one in wanted.items():
        before = told.get(email)
        if before is None or before["state"] == "cancelled" or before["sequence"] < row["sequence"]:
            await _send(ctx, row, one, "REQUEST", organizer, attendees, again=before is not None)
    if row["end_time"] <= ctx.now:
        return
    zone = await zone_of(ctx, row["assigned_to"])
    for email, before in told.items():
        if before["state"] == "invited" and email not in wanted:
            one = Participant(name=before["name"], email=email, zone=zone)
            await _send(ctx, row, one, "CANCEL", organizer, [one], again=True)


async def _send(
    ctx: Context,
    row: Mapping[str, Any],
    to: Participant,
    method: Literal["REQUEST", "CANCEL"],
    organizer: Mailbox | None,
    attendees: Sequence[Mailbox],
    *,
    again: bool,
) -> None:
    said = "cancelled" if method == "CANCEL" else "changed" if again else "invited"
    words = invitation_words.written(ctx.service(Browser).locale, said, row, to.zone)
    meeting = meeting_of(row, ctx.now, organizer=organizer, attendees=attendees)
    await ctx.service(Mailer).send(
        Letter(
            to=(f'"{quote(to.name)}" <{to.email}>' if to.name else to.email,),
            subject=words.subject,
            text=words.text,
            calendar=message(meeting, method),
            reply_to=organizer.email if organizer else "",
        )
    )
    state = "cancelled" if method == "CANCEL" else "invited"
    await ctx.db.execute(REMEMBER, row["id"], to.email.lower(), to.name, row["sequence"], state, ctx.now)
