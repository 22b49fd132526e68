"""The setup assistant: the few things a new organisation decides first; each can be skipped and taken up later."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from babel import Locale

from psa_console import brand, settings
from psa_console.options import ConsoleSettings
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid, NotFound
from psa_sdk.ui import Done, Go, Show
from psa_sdk.values import zone_names
from psa_sdk.web import Browser
from psa_web.api import here

UPDATE: Final = "settings.sections.update"
QUEUES: Final = "ticket-queues"
CLOSED: Final = "closed"
LOCALES: Final = ("en-US", "en-GB", "en-AU", "en-CA", "de-DE", "de-AT", "de-CH")
CURRENCIES: Final = ("EUR", "USD", "GBP", "CHF", "AUD", "CAD", "NZD", "SEK", "DKK", "NOK", "PLN", "CZK")


class Step(msgspec.Struct, frozen=True):
    """A step: its place in the address, its title and icon."""

    id: str
    title: str
    icon: str


STEPS: Final = (
    Step("organisation", "Organisation", "building-2"),
    Step("branding", "Branding", "palette"),
    Step("desk", "Service desk", "inbox"),
    Step("people", "People", "users-round"),
    Step("modules", "Modules", "puzzle"),
)


class NewPerson(msgspec.Struct):
    """The form of an invitation."""

    name: str = ""
    email: str = ""
    role: str = ""


class NewQueue(msgspec.Struct):
    """The form of a queue."""

    name: str = ""


async def steps(ctx: Context) -> list[Step]:
    """Return the steps that make sense here: those whose plugin is there."""
    known = ctx.service(Documents).resources()
    return [step for step in STEPS if step.id != "desk" or QUEUES in known]


async def progress(ctx: Context) -> Mapping[str, Any] | None:
    """Return how far the setup is, for the home page; None once it is closed, or for those who can't do it."""
    if not ctx.principal.allows(UPDATE):
        return None
    done = (await ctx.settings(ConsoleSettings)).setup
    if done.get(CLOSED):
        return None
    listed = await steps(ctx)
    return {"done": sum(1 for step in listed if done.get(step.id)), "of": len(listed)}


async def begin(ctx: Context) -> Go:
    """Lead to the first step that is neither done nor skipped."""
    done = (await ctx.settings(ConsoleSettings)).setup
    listed = await steps(ctx)
    return Go(url=f"/setup/{next((step.id for step in listed if step.id not in done), listed[0].id)}")


async def show(ctx: Context, step: str) -> Mapping[str, Any]:
    """Load a step."""
    listed = await steps(ctx)
    if all(one.id != step for one in listed):
        raise NotFound(f"There is no step {step}.")
    data: dict[str, Any] = {
        "steps": listed,
        "step": step,
        "done": (await ctx.settings(ConsoleSettings)).setup,
        "last": listed[-1].id == step,
    }
    return data | await _LOADS[step](ctx)


async def _organisation(ctx: Context) -> dict[str, Any]:
    about = (await ctx.service(Documents).call("GET", "/settings/tenancy")).attributes
    return {
        "values": about.values,
        "zones": sorted(zone_names()),
        "locales": {tag: _named(tag) for tag in LOCALES},
        "currencies": CURRENCIES,
    }


def _named(tag: str) -> str:
    name = Locale.parse(tag, sep="-").get_display_name(here().language) or tag
    return name[:1].upper() + name[1:]


async def _branding(ctx: Context) -> dict[str, Any]:
    return {"hues": brand.HUES, **brand.contrasts((await ctx.service(Browser).brand()).hue)}


async def _desk(ctx: Context) -> dict[str, Any]:
    found = await ctx.service(Documents).find(QUEUES, {"page[size]": "50"})
    return {"queues": found.items, "mailboxes": here().site.installation.resources.get("mailboxes")}


async def _people(ctx: Context) -> dict[str, Any]:
    documents = ctx.service(Documents)
    roles = await documents.find("roles", {"filter[audience]": "staff", "page[size]": "100"})
    people = await documents.find("users", {"filter[audience]": "staff", "page[size]": "50"})
    return {"roles": roles.items, "people": people.items}


async def _modules(ctx: Context) -> dict[str, Any]:
    found = await settings.modules(ctx)
    return {"modules": found["modules"], "writable": found["writable"]}


_LOADS: Final = {
    "organisation": _organisation,
    "branding": _branding,
    "desk": _desk,
    "people": _people,
    "modules": _modules,
}


async def save(ctx: Context, step: str, form: Mapping[str, Sequence[Any]]) -> Go:
    """Keep a step and go on to the next one."""
    if step == "organisation":
        names = ("name", "timezone", "currency", "locale")
        values = {name: str(form[name][-1]).strip() for name in names if form.get(name)}
        if values.get("timezone", "UTC") not in zone_names():
            raise Invalid("There is no such time zone; an example is Europe/Lisbon.", pointer="/timezone")
        await settings.choose(ctx, "tenancy", values)
    elif step == "branding":
        await brand.apply(ctx, form)
    return await _on(ctx, step, done=True)


async def skip(ctx: Context, step: str) -> Go:
    """Leave a step for later."""
    return await _on(ctx, step, done=False)


async def _on(ctx: Context, step: str, *, done: bool) -> Go:
    listed = [one.id for one in await steps(ctx)]
    if step not in listed:
        raise NotFound(f"There is no step {step}.")
    known = dict((await ctx.settings(ConsoleSettings)).setup)
    known[step] = done or known.get(step, False)
    following = listed[listed.index(step) + 1 :]
    if not following:
        known[CLOSED] = True
    await _keep(ctx, known)
    if not following:
        return Go(url="/", toast="The setup is done. Everything can be changed in the settings.")
    return Go(url=f"/setup/{following[0]}")


async def close(ctx: Context) -> Done:
    """Ask for the setup no more."""
    await _keep(ctx, {**(await ctx.settings(ConsoleSettings)).setup, CLOSED: True})
    return Done(toast="You find the setup again in the settings.", refresh=("setup",))


async def _keep(ctx: Context, setup: Mapping[str, bool]) -> None:
    await ctx.service(Documents).call("PATCH", "/settings/console", body={"values": {"setup": dict(setup)}})


async def add_queue(ctx: Context, form: NewQueue) -> Done:
    """Make a queue."""
    await ctx.service(Documents).create(QUEUES, {"name": form.name.strip()})
    return Done(toast="Queue created", refresh=("setup",))


async def invite(ctx: Context, form: NewPerson) -> Show:
    """Make a user and show the link with which they choose their password, this once."""
    documents = ctx.service(Documents)
    roles = [UUID(form.role)] if form.role else []
    made = await documents.create("users", {"name": form.name, "email": form.email}, many={"roles": roles})
    answer = await documents.call("POST", f"/users/{made}/invitations", body={})
    return Show(
        template="console/invited.html",
        data={"name": form.name, "token": answer.attributes.token, "until": answer.attributes.expires_at},
    )


async def demo(ctx: Context) -> None:
    """A demonstration is set up already."""
    await _keep(ctx, {CLOSED: True})
