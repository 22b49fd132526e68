"""A client's requests: lists, one with its public conversation, and what clients do with it."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from psa_portal.settings import PortalSettings
from psa_portal.with_ticketing.forms import attach
from psa_portal.with_ticketing.states import CLOSED, OPEN, TONES, State, state_of
from psa_sdk import Context
from psa_sdk.documents import Documents, Found, Item
from psa_sdk.errors import Conflict, Forbidden, Invalid
from psa_sdk.ui import Tone
from psa_ticketing.api import TICKETS, ServiceDesk

COMMENTS = "comments"
_SHOWN = "status,priority,contact"
_MOST_NOTES = 1000
_PAGE = "100"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as a client sees it."""

    id: UUID
    ticket_number: str
    title: str
    description_html: str
    status: str
    state: State
    category: str
    priority: str
    requester: str
    requester_id: UUID | None
    created_at: str
    updated_at: str
    resolved_at: str | None

    @property
    def tone(self) -> Tone:
        """The state's colour."""
        return TONES[self.state]


def request_of(found: Found, item: Item) -> Request:
    """Return a ticket's document as a client sees it."""

    def held(name: str) -> Mapping[str, Any]:
        linked = item.one.get(name)
        target = found.included.get(linked) if linked else None
        return target.attributes if target is not None else {}

    values, status, contact = item.attributes, held("status"), held("contact")
    linked = item.one.get("contact")
    category = status.get("category", "closed")
    return Request(
        id=item.id,
        ticket_number=values["ticket_number"],
        title=values["title"],
        description_html=values["description_html"],
        status=status.get("name", ""),
        state=state_of(category),
        category=category,
        priority=held("priority").get("name", ""),
        requester=contact.get("name", ""),
        requester_id=linked[1] if linked else None,
        created_at=values["created_at"],
        updated_at=values["updated_at"],
        resolved_at=values["resolved_at"],
    )


async def some(
    ctx: Context, *, state: str = "open", mine: bool = False, q: str = "", after: str = "", size: int = 20
) -> tuple[list[Request], Found]:
    """Return a page of requests, the last touched first: `open`, `closed` or `all`."""
    query = {"include": _SHOWN, "sort": "-updated_at", "page[size]": str(size), "page[total]": "true"}
    if state == "open":
        query["filter[status.category][in]"] = ",".join(OPEN)
    elif state == "closed":
        query["filter[status.category][in]"] = ",".join(CLOSED)
    if mine and ctx.principal.who.contact_id is not None:
        query["filter[contact]"] = str(ctx.principal.who.contact_id)
    if q:
        query["filter[q]"] = q
    if after:
        query["page[after]"] = after
    found = await ctx.service(Documents).find(TICKETS, query)
    return [request_of(found, item) for item in found.items], found


async def one(ctx: Context, id: UUID) -> Request:
    """Return a request; raises `NotFound` for one that the client may not see."""
    found = await ctx.service(Documents).one(TICKETS, id, include=_SHOWN)
    return request_of(found, found.items[0])


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A word of the public conversation; a staff member without a name is the team."""

    id: UUID
    by: str
    author: str
    content_html: str
    resolution: bool
    created_at: str
    files: Sequence[Item] = ()


async def conversation(ctx: Context, id: UUID) -> tuple[list[Item], list[Note]]:
    """Return a request's own files, and what was said with each one's files; internal notes don't exist here."""
    documents = ctx.service(Documents)
    named = (await ctx.settings(PortalSettings)).show_staff_names
    items: list[Item] = []
    query = {"page[size]": _PAGE, "sort": "created_at"}
    while True:
        found = await documents.related(TICKETS, id, "notes", query)
        items += found.items
        if not found.next or len(items) >= _MOST_NOTES:
            break
        query["page[after]"] = found.next
    files = await attachments(ctx, TICKETS, [id])
    said = await attachments(ctx, COMMENTS, [item.id for item in items])
    return files.get(id, []), [_note(item, said.get(item.id, ()), named=named) for item in items]


def _note(item: Item, files: Sequence[Item], *, named: bool) -> Note:
    values = item.attributes
    staff = values["author_kind"] != "portal"
    return Note(
        id=item.id,
        by="staff" if staff else "client",
        author="" if values["author_kind"] == "system" or (staff and not named) else values["author_name"],
        content_html=values["content_html"],
        resolution=values["note_type"] == "resolution",
        created_at=values["created_at"],
        files=files,
    )


async def attachments(ctx: Context, kind: str, ids: Sequence[UUID]) -> dict[UUID, list[Item]]:
    """Return the files that clients may see at records, by record; one statement per hundred records."""
    found: dict[UUID, list[Item]] = {}
    for start in range(0, len(ids), 100):
        query = {
            "filter[subject_kind]": kind,
            "filter[subject_id][in]": ",".join(map(str, ids[start : start + 100])),
            "filter[is_current]": "true",
            "page[size]": _PAGE,
        }
        for item in (await ctx.service(Documents).find("attachments", query)).items:
            found.setdefault(UUID(item.attributes["subject_id"]), []).append(item)
    return found


async def reply(ctx: Context, id: UUID, text: str, files: Sequence[UploadFile] = ()) -> UUID:
    """Say something on a request, with files; raises `Conflict` on a closed one."""
    asked = await one(ctx, id)
    if asked.category in {"closed", "spam"}:
        raise Conflict("This request is closed; reopen it, or open a new one.", code="request_closed")
    if not text.strip() and not files:
        raise Invalid("Write something, or attach a file.", pointer="/content")
    words = text.strip() or ", ".join(file.filename for file in files)
    note = await ctx.service(Documents).create(COMMENTS, {"content": words}, parent=(TICKETS, id, "notes"))
    await attach(ctx, (COMMENTS, note), files)
    return note


def owns(ctx: Context, asked: Request) -> bool:
    """Tell whether a request is the client's own, or of the company that they administrate."""
    who = ctx.principal.who
    return who.client_admin or (who.contact_id is not None and asked.requester_id == who.contact_id)


def reopens(asked: Request, settings: PortalSettings, now: datetime.datetime) -> bool:
    """Tell whether a request can still be reopened."""
    if asked.category not in {"resolved", "closed"} or not settings.reopen_days or not asked.resolved_at:
        return False
    done = datetime.datetime.fromisoformat(asked.resolved_at)
    return now - done <= datetime.timedelta(days=settings.reopen_days)


async def close(ctx: Context, id: UUID) -> None:
    """Close one's own request."""
    asked = await one(ctx, id)
    _require_own(ctx, asked)
    if state_of(asked.category) == "done" and asked.category != "resolved":
        raise Conflict("This request is closed already.", code="already_closed")
    try:
        await ctx.as_system().service(ServiceDesk).set_category(id, "closed")
    except Conflict as problem:
        # What it is made of inside is the desk's business.
        raise Conflict(
            "We are still working on parts of this request; tell us in a reply that it is done.",
            code="still_in_work",
        ) from problem


async def reopen(ctx: Context, id: UUID) -> None:
    """Open one's own request again, within the days that the organisation gives."""
    asked = await one(ctx, id)
    _require_own(ctx, asked)
    if not reopens(asked, await ctx.settings(PortalSettings), ctx.now):
        raise Conflict("This request can't be reopened any more; open a new one.", code="reopening_over")
    await ctx.as_system().service(ServiceDesk).set_category(id, "open")


def _require_own(ctx: Context, asked: Request) -> None:
    if not owns(ctx, asked):
        raise Forbidden("Only the requester or an administrator of the company does this.")
