"""Calendars to subscribe to, in one's profile: what there is, a new one whose address is told once, and revoking."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_calendar.feeds import CREATE, FEEDS, FeedWrite, make
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Action, Command, Done, Panel, Show

_AT: Final = "/profile/calendar-feeds"
_LONGEST: Final = 100


class Named(msgspec.Struct, kw_only=True):
    """The form of a new feed."""

    name: str = ""
    busy_only: str = ""


async def load(ctx: Context, _: UUID | None) -> Mapping[str, Any]:
    """Load one's own feeds."""
    query = {"filter[user]": str(ctx.principal.id), "sort": "-created_at", "page[size]": "50"}
    return {"feeds": (await ctx.service(Documents).find(FEEDS, query)).items}


async def add(ctx: Context, form: Named) -> Show:
    """Make a feed and show its address, this once."""
    name = form.name.strip()
    if not 0 < len(name) <= _LONGEST:
        raise Invalid("Give it a name of up to 100 characters.", pointer="/name")
    _, url = await make(ctx, FeedWrite(name=name, busy_only=bool(form.busy_only)))
    return Show(template="calendar/new_feed.html", data={"address": url})


async def revoke(ctx: Context, id: UUID) -> Done:
    """Delete a feed; its address leads nowhere from now on."""
    await ctx.service(Documents).delete(FEEDS, id)
    return Done(toast="The subscription is revoked.", refresh=(FEEDS,))


PANELS = (
    Panel(
        slot="profile.main",
        id="calendar.feeds",
        title="Calendar subscriptions",
        template="calendar/own_feeds.html",
        load=load,
        permission=CREATE,
        icon="rss",
        order=50,
    ),
)
ACTIONS = (
    Action(path=_AT, permission=CREATE, handle=add),
    Action(path=f"{_AT}/{{id:uuid}}/revoke", permission="calendar.calendar_feeds.delete", handle=revoke),
)
COMMANDS = (
    Command(
        id="calendar.subscribe",
        title="Subscribe to my calendar",
        url="/profile#calendar-feeds",
        permission=CREATE,
        icon="rss",
        keywords="ics ical webcal feed outlook",
    ),
)
