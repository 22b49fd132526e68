"""Making requests: the kinds that clients can choose, their questions, and the ticket that comes of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from psa_portal.with_ticketing.fields import Given, Question, answered, as_text, revision
from psa_portal.with_ticketing.resources import ANSWERS, FIELDS, TYPES
from psa_portal.with_ticketing.tables import RequestField
from psa_sdk import Context
from psa_sdk.documents import Documents, Item
from psa_sdk.errors import Conflict, Fault, Invalid
from psa_ticketing.api import TICKETS

ATTACH = "files.attachments.create"
_CHOSEN = ("ticket_type", "category", "queue", "priority")
_CHUNK = 256 * 1024


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A request as a client sends it; `files` are by the key of the question that they answer, or empty."""

    title: str
    words: str = ""
    request_type: UUID | None = None
    answers: Mapping[str, str] = {}
    revision: str = ""
    files: Sequence[tuple[str, UploadFile]] = ()


async def kinds(ctx: Context) -> Sequence[Item]:
    """Return the request types that clients can choose."""
    return (await ctx.service(Documents).find(TYPES, {"page[size]": "100"})).items


async def kind(ctx: Context, id: UUID) -> Item:
    """Return a request type that clients can choose; raises `NotFound`."""
    return (await ctx.service(Documents).one(TYPES, id)).items[0]


async def questions(ctx: Context, request_type: UUID) -> list[Question]:
    """Return what the form of a request type asks."""
    rows = await ctx.as_system().records.find(
        FIELDS, RequestField.request_type == request_type, order="sort_order"
    )
    return [
        Question(
            key=row["key"],
            label=row["label"],
            kind=row["kind"],
            help=row["help"],
            options=tuple(row["options"]),
            required=row["required"],
            required_if=row["required_if"] or "",
        )
        for row in rows
    ]


async def make(ctx: Context, draft: Draft) -> UUID:
    """Make the ticket of a request; raises `Invalid` with all faults, `Conflict` when the form has changed."""
    faults = [] if draft.title.strip() else [Fault(detail="This is needed.", pointer="/title")]
    given: list[Given] = []
    values: dict[str, Any] = {}
    name = ""
    if draft.request_type is not None:
        name = (await kind(ctx, draft.request_type)).attributes["name"]
        asked = await questions(ctx, draft.request_type)
        if draft.revision and draft.revision != revision(asked):
            raise Conflict(
                "The form has changed since you opened it; load the page again.", code="form_changed"
            )
        given, wrong = answered(asked, draft.answers, {key for key, _ in draft.files if key})
        faults += wrong
        row = await ctx.as_system().records.get(TYPES, draft.request_type)
        values = {column: row[column] for column in _CHOSEN if row[column] is not None}
    if faults:
        raise Invalid(faults=faults)
    values |= {"title": draft.title.strip(), "description": as_text(given, draft.words)}
    ticket = await ctx.records.create(TICKETS, values)
    if draft.request_type is not None:
        answers = [msgspec.structs.asdict(one) for one in given]
        kept = {"ticket": ticket, "request_type": draft.request_type, "name": name, "answers": answers}
        await ctx.as_system().records.create(ANSWERS, kept | {"company": ctx.principal.who.company_id})
    await attach(ctx, (TICKETS, ticket), [file for _, file in draft.files])
    return ticket


async def attach(ctx: Context, subject: tuple[str, UUID], files: Sequence[UploadFile]) -> None:
    """Save uploaded files at a record."""
    if files:
        ctx.require(ATTACH)
    for file in files:
        await ctx.files.save(_parts(file), name=file.filename or "file", subject=subject)


async def _parts(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


def uploaded(form: Mapping[str, Sequence[Any]]) -> list[tuple[str, UploadFile]]:
    """Return the files of a form with the keys of their questions; `files` are for none."""
    return [
        (name.removeprefix("answers.") if name != "files" else "", value)
        for name, values in form.items()
        for value in values
        if isinstance(value, UploadFile) and value.filename
    ]
