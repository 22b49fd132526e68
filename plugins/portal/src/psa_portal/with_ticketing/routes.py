"""The portal's routes of PRD 3.15.2 about tickets: what clients see of them, and nothing else."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request as HttpRequest
from msgspec import Meta

from psa_portal.with_ticketing import forms, requests
from psa_portal.with_ticketing.pages import CLOSE, CREATE, READ, REPLY, UPLOADS
from psa_portal.with_ticketing.states import State
from psa_sdk import Answer, AnswerList, Context, Route, get, post
from psa_sdk.documents import Documents, Item
from psa_sdk.errors import Invalid
from psa_ticketing.api import TICKETS

Text = Annotated[str, Meta(max_length=65_536, description="Markdown")]


class PortalTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as clients see it; `state` is what its status means to them."""

    ticket_number: str
    title: str
    description_html: str
    status: str
    state: State
    priority: str
    requester: str
    created_at: str
    updated_at: str
    resolved_at: str | None


class PortalNote(msgspec.Struct, frozen=True, kw_only=True):
    """A word of a ticket's public conversation."""

    by: Literal["client", "staff"]
    author: str
    content_html: str
    resolution: bool
    created_at: str


class PortalTicketWithNotes(PortalTicket, frozen=True, kw_only=True):
    """A ticket with its public conversation, oldest first."""

    notes: list[PortalNote]


class PortalAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file; its content is at `/api/v1/attachments/{id}/content`."""

    file_name: str
    file_size: int
    mime_type: str
    created_at: str


class NewTicket(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new request: plain, or by the form of a type whose questions `answers` are for, by key."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    description: Text = ""
    request_type: UUID | None = None
    answers: dict[str, Annotated[str, Meta(max_length=20_000)]] = msgspec.field(default_factory=dict)


class NewNote(msgspec.Struct, forbid_unknown_fields=True):
    """A reply; it is always public."""

    content: Annotated[Text, Meta(min_length=1)]


class Listed(msgspec.Struct, kw_only=True):
    """Which requests to list."""

    state: Literal["open", "closed", "all"] = "open"
    mine: bool = False
    q: Annotated[str, Meta(max_length=200)] = ""
    size: Annotated[int, Meta(ge=1, le=100)] = 20
    after: Annotated[str, Meta(max_length=2000)] = ""


def _ticket(asked: requests.Request) -> Answer:
    return Answer(type="portal-tickets", id=str(asked.id), attributes=PortalTicket(**_values(asked)))


def _values(asked: requests.Request) -> Mapping[str, Any]:
    return {name: getattr(asked, name) for name in PortalTicket.__struct_fields__}


@get(
    "/portal/tickets", permission=READ, audience="portal", returns=PortalTicket, answer_type="portal-tickets"
)
async def list_tickets(ctx: Context, query: Listed) -> AnswerList:
    """List requests, the last touched first; `meta.next` continues with `after`."""
    found, page = await requests.some(
        ctx, state=query.state, mine=query.mine, q=query.q, after=query.after, size=query.size
    )
    return AnswerList(items=[_ticket(one) for one in found], meta={"total": page.total, "next": page.next})


@post(
    "/portal/tickets",
    permission=CREATE,
    audience="portal",
    status=201,
    returns=PortalTicket,
    answer_type="portal-tickets",
)
async def make_ticket(ctx: Context, body: NewTicket) -> Answer:
    """Make a request."""
    draft = forms.Draft(
        title=body.title, words=body.description, request_type=body.request_type, answers=body.answers
    )
    answer = _ticket(await requests.one(ctx, await forms.make(ctx, draft)))
    return msgspec.structs.replace(answer, status=201)


@get(
    "/portal/tickets/{id:uuid}",
    permission=READ,
    audience="portal",
    returns=PortalTicketWithNotes,
    answer_type="portal-tickets",
)
async def show_ticket(ctx: Context, id: UUID) -> Answer:
    """Show a request with its public conversation."""
    asked = await requests.one(ctx, id)
    _, notes = await requests.conversation(ctx, id)
    shown = [
        PortalNote(**{name: getattr(note, name) for name in PortalNote.__struct_fields__}) for note in notes
    ]
    attributes = PortalTicketWithNotes(**_values(asked), notes=shown)
    return Answer(type="portal-tickets", id=str(id), attributes=attributes)


@post(
    "/portal/tickets/{id:uuid}/notes",
    permission=REPLY,
    audience="portal",
    status=201,
    returns=PortalNote,
    answer_type="portal-notes",
)
async def add_note(ctx: Context, id: UUID, body: NewNote) -> Answer:
    """Reply to a request."""
    note = await requests.reply(ctx, id, body.content)
    made = (await ctx.service(Documents).one("comments", note)).items[0].attributes
    attributes = PortalNote(
        by="client",
        author=made["author_name"],
        content_html=made["content_html"],
        resolution=False,
        created_at=made["created_at"],
    )
    return Answer(type="portal-notes", id=str(note), attributes=attributes, status=201)


@get(
    "/portal/tickets/{id:uuid}/attachments",
    permission="files.attachments.read",
    audience="portal",
    returns=PortalAttachment,
    answer_type="portal-attachments",
)
async def list_attachments(ctx: Context, id: UUID) -> AnswerList:
    """List the files of a request and of its public conversation."""
    await requests.one(ctx, id)
    files, notes = await requests.conversation(ctx, id)
    return AnswerList(
        items=[_file(item) for item in (*files, *(file for note in notes for file in note.files))]
    )


@post(
    "/portal/tickets/{id:uuid}/attachments",
    permission=forms.ATTACH,
    audience="portal",
    status=201,
    returns=PortalAttachment,
    answer_type="portal-attachments",
    body_types=("multipart/form-data",),
    max_body=UPLOADS,
)
async def add_attachments(ctx: Context, request: HttpRequest[Any, Any, Any], id: UUID) -> AnswerList:
    """Attach files to a request."""
    await requests.one(ctx, id)
    sent = await request.form()
    files = [file for _, file in forms.uploaded({"files": [part for _, part in sent.multi_items()]})]
    if not files:
        raise Invalid("Send at least one file as a part of multipart/form-data.", code="no_file", pointer="")
    await forms.attach(ctx, (TICKETS, id), files)
    found = await requests.attachments(ctx, TICKETS, [id])
    return AnswerList(items=[_file(item) for item in found.get(id, [])])


def _file(item: Item) -> Answer:
    values = {name: item.attributes[name] for name in PortalAttachment.__struct_fields__}
    return Answer(type="portal-attachments", id=str(item.id), attributes=PortalAttachment(**values))


@post(
    "/portal/tickets/{id:uuid}/close",
    permission=CLOSE,
    audience="portal",
    returns=PortalTicket,
    answer_type="portal-tickets",
)
async def close_ticket(ctx: Context, id: UUID) -> Answer:
    """Close one's own request."""
    await requests.close(ctx, id)
    return _ticket(await requests.one(ctx, id))


@post(
    "/portal/tickets/{id:uuid}/reopen",
    permission=CLOSE,
    audience="portal",
    returns=PortalTicket,
    answer_type="portal-tickets",
)
async def reopen_ticket(ctx: Context, id: UUID) -> Answer:
    """Open one's own request again, while the organisation lets clients do so."""
    await requests.reopen(ctx, id)
    return _ticket(await requests.one(ctx, id))


ALL: tuple[Route, ...] = (
    list_tickets,
    make_ticket,
    show_ticket,
    add_note,
    list_attachments,
    add_attachments,
    close_ticket,
    reopen_ticket,
)
