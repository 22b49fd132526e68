"""The pages of requests: lists, one with its conversation, the form of a new one, and what their buttons do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_portal.settings import PortalSettings
from psa_portal.with_ticketing import forms, requests
from psa_portal.with_ticketing.fields import revision
from psa_portal.with_ticketing.states import OPEN
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_sdk.ui import Go, Hit

_TILE = 6


class Asked(msgspec.Struct):
    """What a list of requests was asked for."""

    state: str = "open"
    mine: str = ""
    q: str = ""
    after: str = ""


async def listed(ctx: Context, query: Asked) -> Mapping[str, Any]:
    """Load a page of requests."""
    admin = ctx.principal.who.client_admin
    state = query.state if query.state in {"open", "closed", "all"} else "open"
    found, page = await requests.some(
        ctx, state=state, mine=bool(query.mine) or not admin, q=query.q.strip(), after=query.after
    )
    return {"requests": found, "page": page, "asked": query, "state": state, "admin": admin}


async def show(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load a request and its public conversation."""
    asked = await requests.one(ctx, id)
    files, notes = await requests.conversation(ctx, id)
    own = requests.owns(ctx, asked)
    return {
        "request": asked,
        "files": files,
        "notes": notes,
        "may_close": own and (asked.category in OPEN or asked.category == "resolved"),
        "may_reopen": own and requests.reopens(asked, await ctx.settings(PortalSettings), ctx.now),
        "may_reply": asked.category not in {"closed", "spam"},
        "title": f"{asked.ticket_number} {asked.title}",
    }


async def choose(ctx: Context) -> Mapping[str, Any]:
    """Load the kinds of requests; where there are none, the form is the plain one."""
    return {"kinds": await forms.kinds(ctx), "kind": None, "questions": [], "revision": ""}


async def form(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load the form of a request type."""
    asked = await forms.questions(ctx, id)
    return {"kind": await forms.kind(ctx, id), "questions": asked, "revision": revision(asked)}


Form = Mapping[str, Sequence[Any]]


async def make(ctx: Context, form: Form) -> Go:
    """Make a request without a type."""
    return await _made(ctx, form, None)


async def make_of_kind(ctx: Context, id: UUID, form: Form) -> Go:
    """Make a request by the form of its type."""
    return await _made(ctx, form, id)


async def _made(ctx: Context, form: Form, kind: UUID | None) -> Go:
    draft = forms.Draft(
        title=_text(form, "title"),
        words=_text(form, "words"),
        request_type=kind,
        answers={
            name.removeprefix("answers."): _text(form, name) for name in form if name.startswith("answers.")
        },
        revision=_text(form, "revision"),
        files=forms.uploaded(form),
    )
    try:
        ticket = await forms.make(ctx, draft)
    except Invalid as problem:
        raise Invalid(faults=[_at_field(fault) for fault in problem.faults]) from problem
    return Go(url=f"/tickets/{ticket}", toast="We have your request.")


def _text(form: Form, name: str) -> str:
    value = form.get(name, [""])[-1]
    return value if isinstance(value, str) else ""


def _at_field(fault: Fault) -> Fault:
    """Return a fault at the field of the form that it is about."""
    pointer = (fault.pointer or "").removeprefix("/data/attributes")
    if pointer == "/description":
        pointer = "/words"
    return msgspec.structs.replace(fault, pointer=pointer)


async def reply(ctx: Context, id: UUID, form: Form) -> Go:
    """Say something on a request."""
    await requests.reply(ctx, id, _text(form, "content"), [file for _, file in forms.uploaded(form)])
    return Go(url=f"/tickets/{id}", toast="Your reply is sent.")


async def close(ctx: Context, id: UUID) -> Go:
    """Close one's own request."""
    await requests.close(ctx, id)
    return Go(url=f"/tickets/{id}", toast="The request is closed.")


async def reopen(ctx: Context, id: UUID) -> Go:
    """Open one's own request again."""
    await requests.reopen(ctx, id)
    return Go(url=f"/tickets/{id}", toast="The request is open again.")


async def open_requests(ctx: Context, _id: UUID | None) -> Mapping[str, Any]:
    """Load the home page's list of open requests."""
    found, page = await requests.some(ctx, size=_TILE)
    return {"requests": found, "more": bool(page.next), "admin": ctx.principal.who.client_admin}


async def start(ctx: Context, _id: UUID | None) -> Mapping[str, Any] | None:
    """Offer a new request beside the search."""
    return {} if ctx.principal.allows("ticketing.tickets.create") else None


async def quick(ctx: Context, _id: UUID | None) -> Mapping[str, Any] | None:
    """Load the request types for the home page; nothing to show where there are none."""
    found = await forms.kinds(ctx)
    return {"kinds": found[:_TILE]} if found else None


async def search(ctx: Context, text: str) -> Sequence[Hit]:
    """Find requests by words of their title or text, or by their number."""
    found, _ = await requests.some(ctx, state="all", q=text)
    return [
        Hit(
            title=one.title,
            url=f"/tickets/{one.id}",
            icon="ticket",
            detail=f"{one.ticket_number} · {one.status}",
            kind="Requests",
        )
        for one in found
    ]


async def answers(ctx: Context, ticket: UUID | None) -> Mapping[str, Any] | None:
    """Load what a client answered, for the desk's own page of the ticket."""
    if ticket is None:
        return None
    found = await ctx.service(Documents).find("request-answers", {"filter[ticket]": str(ticket)})
    if not found.items or not found.items[0].attributes["answers"]:
        return None
    return {"name": found.items[0].attributes["name"], "answers": found.items[0].attributes["answers"]}
