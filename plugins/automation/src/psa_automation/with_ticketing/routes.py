"""What can be asked about a recurrence before it is stored."""

import datetime
from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta

from psa_automation import recurrence
from psa_automation.settings import Clock
from psa_automation.with_ticketing.recurring import zone_of
from psa_sdk import Answer, Context, post
from psa_sdk.errors import Invalid


class Recurrence(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A recurrence and how many occurrences to list."""

    recurrence: Annotated[str, Meta(min_length=1, max_length=500)]
    starts_on: datetime.date
    at: Clock = "08:00"
    limit: Annotated[int, Meta(ge=1, le=100)] = 5


class Occurrences(msgspec.Struct):
    """The next instants."""

    occurs_at: list[datetime.datetime]


def upcoming(ctx: Context, body: Recurrence) -> list[datetime.datetime]:
    """Return the next instants of a recurrence; raises `Invalid`."""
    try:
        recurrence.check(body.recurrence)
    except ValueError as error:
        raise Invalid(
            f"{error}.", code="invalid_recurrence", pointer="/data/attributes/recurrence"
        ) from error
    start = datetime.datetime.combine(body.starts_on, datetime.time.fromisoformat(body.at))
    return list(islice(recurrence.occurrences(body.recurrence, start, zone_of(ctx), ctx.now), body.limit))


@post(
    "/recurring-tickets/preview",
    permission="automation.recurring_tickets.read",
    returns=Occurrences,
    answer_type="recurrence-previews",
    idempotent=False,
)
async def preview(ctx: Context, body: Recurrence) -> Answer:
    """List when a ticket would be opened."""
    return Answer(type="recurrence-previews", attributes=Occurrences(occurs_at=upcoming(ctx, body)))


ALL = (preview,)
