"""The timer in the frame of every page: start, pause, go on, stop."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Action, Done, Panel
from psa_time.neighbours import stretches
from psa_time.timekeeping import TIMERS
from psa_time.timer_routes import RUN

_HELD: Final = {"filter[state][in]": "running,paused", "page[size]": "1", "sort": "-first_started_at"}


class Start(msgspec.Struct, kw_only=True):
    """What is being worked on, if it is known yet."""

    ticket: str = ""


class Stop(msgspec.Struct, kw_only=True):
    """What is still to be said about the work."""

    ticket: str = ""
    work_type: str = ""
    notes: str = ""


async def running(ctx: Context, _id: UUID | None) -> Mapping[str, Any]:
    """Load the person's timer; `since` is the instant at which it would have started without its pauses."""
    documents = ctx.service(Documents)
    readable = frozenset(documents.resources())
    include = {"include": "ticket"} if "tickets" in readable else {}
    query = {**_HELD, **include, "filter[user]": str(ctx.principal.id)}
    found = await documents.find(TIMERS, query)
    if not found.items:
        return {"found": found, "timer": None}
    timer = found.items[0]
    worked = sum(span.seconds for span in stretches(timer.attributes["segments"]))
    row = await ctx.records.get(TIMERS, timer.id)
    since = (row["running_since"] or ctx.now).timestamp() - worked
    return {"found": found, "timer": timer, "since": int(since), "tickets": "tickets" in readable}


async def running_on(ctx: Context, ticket: UUID) -> bool:
    """Tell whether the person's timer, running or paused, is on a ticket."""
    query = {**_HELD, "filter[user]": str(ctx.principal.id)}
    found = await ctx.service(Documents).find(TIMERS, query)
    return bool(found.items) and found.items[0].one.get("ticket") == ("tickets", ticket)


async def start(ctx: Context, form: Start) -> Done:
    """Start a timer; a running one is stopped."""
    body = {"switch": True} | ({"ticket": form.ticket} if form.ticket else {})
    await ctx.service(Documents).call("POST", "/time-entries/timer/start", body=body)
    return Done(refresh=(TIMERS,))


async def pause(ctx: Context) -> Done:
    """Pause the timer."""
    await ctx.service(Documents).call("POST", "/time-entries/timer/pause", body={})
    return Done(refresh=(TIMERS,))


async def resume(ctx: Context) -> Done:
    """Go on with the timer."""
    await ctx.service(Documents).call("POST", "/time-entries/timer/resume", body={"switch": True})
    return Done(refresh=(TIMERS,))


async def stop(ctx: Context, form: Stop) -> Done:
    """Stop the timer and log its time."""
    body = {name: value for name, value in msgspec.structs.asdict(form).items() if value}
    await ctx.service(Documents).call("POST", "/time-entries/timer/stop", body=body)
    return Done(toast="Time logged", refresh=(TIMERS, "time-entries", "tickets"))


ACTIONS = (
    Action(path="/timer/start", permission=RUN, handle=start),
    Action(path="/timer/pause", permission=RUN, handle=pause),
    Action(path="/timer/resume", permission=RUN, handle=resume),
    Action(path="/timer/stop", permission=RUN, handle=stop),
)
PANELS = (
    Panel(
        slot="shell.top",
        id="time.timer",
        title="Timer",
        template="time/timer.html",
        load=running,
        permission=RUN,
        icon="timer",
    ),
)
