"""Writing to a ticket: a note, files and the next status in one go; canned texts with their placeholders filled in."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar.datastructures import FormMultiDict, UploadFile

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Conflict, Fault, Invalid, NotFound
from psa_sdk.ui import Done, Show
from psa_sdk.web import WebRequest
from psa_ticketing import defaults, lifecycle
from psa_ticketing.api import TICKETS

LARGEST: Final = 128 << 20
"""Bytes that a note may bring along; what one file may have is a setting."""
TOASTS: Final = {"public": "Reply sent", "internal": "Note added", "resolution": "Resolution sent"}


class Composed(msgspec.Struct, kw_only=True):
    """What the composer sends; `seen` is the instant of the latest note that its writer saw."""

    kind: str = "internal"
    content: str = ""
    status: str = ""
    seen: str = ""
    force: bool = False


class Edited(msgspec.Struct, kw_only=True):
    """One's own note, changed."""

    content: str = ""


async def own_note(ctx: Context, id: UUID, note: UUID) -> Mapping[str, Any]:
    """Load a note of the person's own to change it; raises `NotFound` for any other."""
    found = (await ctx.service(Documents).one("comments", note)).items[0]
    of = (found.attributes["subject_kind"], str(found.attributes["subject_id"]))
    author = found.one.get("author")
    if of != (TICKETS, str(id)) or author is None or author[1] != ctx.principal.id:
        raise NotFound("There is no note of yours by this id on this ticket.")
    return {"note": found, "ticket": id}


async def edit_note(ctx: Context, id: UUID, note: UUID, form: Edited) -> Done:
    """Change a note of the person's own; its former version is kept."""
    await own_note(ctx, id, note)
    if not form.content.strip():
        raise Invalid("Write something first.", pointer="/content")
    await ctx.service(Documents).update("comments", note, {"content": form.content.strip()})
    return Done(toast="Note changed", refresh=(f"{TICKETS}:{id}",))


async def send(ctx: Context, request: WebRequest, id: UUID, form: Composed) -> Done:
    """Write a note with its files and set the next status.

    Raises `Conflict` when others answered the client since `seen`, unless it is sent all the same (TIC-60).
    """
    documents = ctx.service(Documents)
    files = [
        part
        for _, part in (await request.form()).multi_items()
        if isinstance(part, UploadFile) and part.filename
    ]
    content = form.content.strip() or ", ".join(str(part.filename) for part in files)
    if form.kind not in TOASTS:
        raise Invalid("Choose reply, internal note or resolution.", pointer="/kind")
    if not content and not form.status and not _has_parts(await request.form()):
        raise Invalid("Write something first.", pointer="/content")
    if content and form.kind != "internal" and not form.force:
        await refuse_crossing(ctx, documents, id, form.seen)
    ticket = await ctx.records.get(TICKETS, id)
    if content:
        made = await documents.create(
            "comments", {"content": content, "note_type": form.kind}, parent=(TICKETS, id, "notes")
        )
        for part in files:
            ctx.require("files.attachments.create")
            await ctx.files.save(
                _chunks(part),
                name=str(part.filename),
                subject=("comments", made),
                internal=form.kind == "internal",
            )
    status = UUID(form.status) if form.status else None
    if status is None and form.kind == "resolution":
        category = await defaults.category_of(ctx, ticket["status"])
        status = await defaults.status_of(ctx, "resolved") if category in lifecycle.ACTIVE else None
    if status is not None and status != ticket["status"]:
        await documents.update(TICKETS, id, {}, one={"status": ("ticket-statuses", status)})
    toast = TOASTS[form.kind] if content else "Status changed" if form.status else "Saved"
    return Done(toast=toast, refresh=(f"{TICKETS}:{id}",))


def _has_parts(form: FormMultiDict) -> bool:
    """Tell whether other plugins' parts of the form hold something: their inputs' names have a dot."""
    return any("." in name and value for name, value in form.multi_items())


async def refuse_crossing(ctx: Context, documents: Documents, id: UUID, seen: str) -> None:
    """Refuse a reply that its writer would have written otherwise, had they seen what came in meanwhile."""
    if not seen:
        return
    query = {"filter[created_at][gt]": seen, "filter[note_type][in]": "public,resolution", "page[size]": "5"}
    newer = await documents.related(TICKETS, id, "notes", query)
    others = [note for note in newer.items if (note.one.get("author") or ("", None))[1] != ctx.principal.id]
    if others:
        names = ", ".join(dict.fromkeys(note.attributes["author_name"] for note in others))
        raise Conflict(
            faults=[
                Fault(
                    detail=f"{names} answered while you were writing; read it first, or send all the same.",
                    code="newer_notes",
                    pointer="/newer",
                )
            ]
        )


async def _chunks(part: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await part.read(256 * 1024):
        yield chunk


async def snippets(ctx: Context, request: WebRequest, id: UUID) -> Mapping[str, Any]:
    """Find canned responses by their name or text."""
    query = {"page[size]": "12", "filter[is_active]": "true"}
    sought = request.query_params.get("q", "").strip()
    if sought:
        query["filter[q]"] = sought
    found = await ctx.service(Documents).find("canned-responses", query)
    return {"responses": found.items, "id": id}


async def fill_in(ctx: Context, id: UUID, response: UUID) -> Show:
    """Return a canned response with its placeholders filled in for a ticket."""
    answer = await ctx.service(Documents).call(
        "POST", f"/tickets/{id}/render", body={"canned_response": str(response)}
    )
    return Show(template="ticketing/filled_in.html", data={"content": answer.attributes.content})
