"""Tickets from templates, and canned responses with their placeholders filled in."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_contacts.api import ContactBook
from psa_sdk import Answer, Context, Record, post
from psa_sdk.identity import Directory
from psa_sdk.placeholders import as_plain, fill
from psa_ticketing import checklists
from psa_ticketing.api import TICKETS
from psa_ticketing.numbers import show_number


class ApplyTemplate(msgspec.Struct, forbid_unknown_fields=True):
    """For whom the ticket is; the title of the template may be replaced."""

    company: UUID | None = None
    contact: UUID | None = None
    title: Annotated[str, Meta(min_length=1, max_length=300)] | None = None


class RenderResponse(msgspec.Struct, forbid_unknown_fields=True):
    """The canned response to fill in."""

    canned_response: UUID


class RenderedText(msgspec.Struct):
    """Markdown, ready to be sent."""

    content: str


@post("/ticket-templates/{id:uuid}/apply", permission="ticketing.tickets.create", returns=TICKETS, status=201)
async def apply_template(ctx: Context, id: UUID, body: ApplyTemplate) -> Record:
    """Open a ticket from a template."""
    template = await ctx.records.get("ticket-templates", id)
    columns = ("description", "priority", "ticket_type", "category", "queue", "estimated_hours")
    values = {column: template[column] for column in columns if template[column] is not None}
    ticket_id = await ctx.records.create(
        TICKETS,
        {
            **values,
            "title": body.title or template["title"],
            "tags": list(template["tags"]),
            "company": body.company,
            "contact": body.contact,
            "source": "phone",
        },
    )
    await checklists.add_steps(ctx, id, ticket_id)
    return Record(TICKETS, ticket_id, status=201)


@post(
    "/tickets/{id:uuid}/render",
    permission="ticketing.tickets.read",
    returns=RenderedText,
    answer_type="rendered-texts",
    idempotent=False,
)
async def render_response(ctx: Context, id: UUID, body: RenderResponse) -> Answer:
    """Fill a canned response in for a ticket."""
    response = await ctx.records.get("canned-responses", body.canned_response)
    content = fill(response["content"], await placeholder_values(ctx, id), escape=as_plain)
    return Answer(
        type="rendered-texts", id=str(body.canned_response), attributes=RenderedText(content=content)
    )


async def placeholder_values(ctx: Context, ticket_id: UUID) -> dict[str, str | None]:
    """Return what placeholders may say about a ticket: nothing internal."""
    ticket = await ctx.records.get(TICKETS, ticket_id)
    book = ctx.service(ContactBook)
    contact = (await book.contacts([ticket["contact"]])).get(ticket["contact"]) if ticket["contact"] else None
    company = (
        (await book.companies([ticket["company"]])).get(ticket["company"]) if ticket["company"] else None
    )
    users = await ctx.service(Directory).users([ticket["assigned_to"]] if ticket["assigned_to"] else [])
    assignee = users.get(ticket["assigned_to"])
    return {
        "ticket.number": show_number(ticket["number"]),
        "ticket.title": ticket["title"],
        "contact.name": contact.name if contact else None,
        "contact.first_name": contact.first_name if contact else None,
        "company.name": company.name if company else None,
        "assignee.name": assignee.name if assignee else None,
        "me.name": ctx.principal.label,
    }


ALL = (apply_template, render_response)
