"""What a careful programmer writes by hand for these requests: Litestar, asyncpg, msgspec, and no platform.

No credentials, rights, row-level security, tamper-proof cursors, sparse fields, filters or limits: tenant and account
come in headers. The documents are the product's. Run as `bare.py SUPERUSER_URL`; prints its address.
"""

import asyncio
import base64
import datetime
import decimal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, get, post

from psa_comments.api import render
from psa_kernel.config import Config
from psa_kernel.database.pool import Pool, open_pool
from psa_kernel.process import run
from psa_kernel.server import address, bind, serve, stop_on_signals

MEDIA_TYPE = "application/vnd.api+json"
Ask = Request[Any, Any, Any]
Moment = datetime.datetime


class TicketAttributes(msgspec.Struct, gc=False):
    title: str
    description: str
    source: str
    scheduled_start: Moment | None
    scheduled_end: Moment | None
    estimated_hours: decimal.Decimal | None
    is_billable: bool
    billing_status: str
    external_number: str | None
    custom_fields: msgspec.Raw
    tags: list[str]
    created_at: Moment
    updated_at: Moment
    ticket_number: str
    description_html: str
    first_response_at: Moment | None
    resolved_at: Moment | None
    first_resolved_at: Moment | None
    closed_at: Moment | None
    reopen_count: int
    last_customer_activity_at: Moment | None
    last_staff_activity_at: Moment | None
    awaiting: str
    archived_at: Moment | None
    checklist_total: int | None
    checklist_done: int | None


class CompanyAttributes(msgspec.Struct, gc=False):
    name: str
    company_type: str
    status: str
    industry: str | None
    website: str | None
    phone: str | None
    address: msgspec.Raw
    billing_address: msgspec.Raw
    tax_id: str | None
    timezone: str | None
    external_id: str | None
    custom_fields: msgspec.Raw
    tags: list[str]
    notes: str | None
    archived_at: Moment | None
    created_at: Moment
    updated_at: Moment


class ContactAttributes(msgspec.Struct, gc=False):
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    mobile: str | None
    title: str | None
    department: str | None
    contact_type: str
    is_primary: bool
    preferred_contact_method: str
    timezone: str | None
    is_verified: bool
    external_id: str | None
    custom_fields: msgspec.Raw
    tags: list[str]
    notes: str | None
    name: str
    is_portal_user: bool
    archived_at: Moment | None
    created_at: Moment
    updated_at: Moment


class Object(msgspec.Struct, gc=False):
    type: str
    id: UUID
    attributes: Any
    relationships: msgspec.Raw
    links: dict[str, str]


class Document(msgspec.Struct, omit_defaults=True):
    data: Any
    included: list[Object] | None = None
    links: dict[str, str | None] = {}
    jsonapi: dict[str, str] = msgspec.field(default_factory=lambda: {"version": "1.1"})


class Kind:
    """One type of resource: its query and how its rows become objects."""

    def __init__(
        self,
        name: str,
        table: str,
        attributes: type[msgspec.Struct],
        to_one: Mapping[str, str],
        to_many: Sequence[str],
        computed: Mapping[str, str],
        join: str = "",
    ) -> None:
        self.name = name
        self.url = f"/api/v1/{name}"
        fields = [computed.get(field, field) for field in attributes.__struct_fields__]
        self.columns = f"id, {', '.join(fields + list(to_one))}"
        self.select = f"SELECT {self.columns} FROM {table} {join} WHERE tenant_id = $1"
        self._attributes = attributes
        self._width = 1 + len(fields)
        self._raw = [i for i, f in enumerate(msgspec.structs.fields(attributes)) if f.type is msgspec.Raw]
        self._linkage = [f'{{"type":"{target}","id":"%s"}}' for target in to_one.values()]
        self._template = self._relations(to_one, to_many)

    def _relations(self, to_one: Mapping[str, str], to_many: Sequence[str]) -> str:
        def links(name: str) -> str:
            return f'"links":{{"self":"{self.url}/~/relationships/{name}","related":"{self.url}/~/{name}"}}'

        parts = [f'"{name}":{{{links(name)},"data":%s}}' for name in to_one]
        parts += [f'"{name}":{{{links(name)}}}' for name in to_many]
        return f"{{{','.join(parts)}}}"

    def object(self, row: Sequence[Any]) -> Object:
        found: UUID = row[0]
        values = list(row[1 : self._width])
        for index in self._raw:
            values[index] = msgspec.Raw(values[index].encode())
        linkage = tuple(
            "null" if held is None else text % held
            for text, held in zip(self._linkage, row[self._width :], strict=True)
        )
        relations = (self._template % linkage).replace("~", str(found))
        return Object(
            self.name,
            found,
            self._attributes(*values),
            msgspec.Raw(relations.encode()),
            {"self": f"{self.url}/{found}"},
        )


TICKETS = Kind(
    "tickets",
    "ticketing.ticket",
    TicketAttributes,
    {
        "status": "ticket-statuses",
        "priority": "ticket-priorities",
        "ticket_type": "ticket-types",
        "category": "ticket-categories",
        "subcategory": "ticket-categories",
        "queue": "ticket-queues",
        "company": "companies",
        "contact": "contacts",
        "site": "sites",
        "assigned_to": "users",
        "team": "groups",
        "parent": "tickets",
        "merged_into": "tickets",
        "follow_up_of": "tickets",
        "created_by": "users",
    },
    (
        "watchers",
        "cc_contacts",
        "notes",
        "attachments",
        "children",
        "merged_tickets",
        "follow_ups",
        "checklist_items",
        "satisfaction_surveys",
    ),
    {"ticket_number": "'T' || lpad(number::text, greatest(6, length(number::text)), '0')"},
    "LEFT JOIN (SELECT tenant_id AS tenant, ticket, checklist_total, checklist_done FROM ticketing.checklist_progress)"
    " progress ON progress.tenant = tenant_id AND progress.ticket = id",
)
COMPANIES = Kind(
    "companies",
    "contacts.company",
    CompanyAttributes,
    {
        "parent": "companies",
        "default_billing_contact": "contacts",
        "default_technical_contact": "contacts",
        "account_manager": "users",
        "merged_into": "companies",
    },
    ("domains", "comments", "attachments", "children", "contacts", "sites", "tickets"),
    {},
)
CONTACTS = Kind(
    "contacts",
    "contacts.contact",
    ContactAttributes,
    {"company": "companies", "portal_user": "users", "merged_into": "contacts"},
    ("emails", "comments", "attachments", "tickets"),
    {"name": "trim(first_name || ' ' || last_name)"},
)
INCLUDED = {"company": COMPANIES, "contact": CONTACTS}
FIRST = f"{TICKETS.select} AND archived_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 51"
encode = msgspec.json.Encoder(decimal_format="string").encode


def open_app(url: str) -> Litestar:
    """Return the application on a database."""
    pools: list[Pool] = []

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        pools.append(await open_pool(url))
        yield
        await pools[0].close()

    @get("/api/v1/tickets")
    async def tickets(request: Ask) -> Response[bytes]:
        tenant = UUID(request.headers["x-tenant"])
        include = request.query_params.get("include", "")
        async with pools[0].acquire() as connection:
            rows = await connection.fetch(FIRST, tenant)
            shown = rows[:50]
            included: list[Object] | None = [] if include else None
            for name in include.split(",") if include else ():
                kind = INCLUDED[name]
                ids = list({row[name] for row in shown if row[name] is not None})
                found = await connection.fetch(f"{kind.select} AND id = ANY ($2) ORDER BY id", tenant, ids)
                assert included is not None
                included += [kind.object(row) for row in found]
        here = f"/tickets?page%5Bsize%5D=50{'&include=' + include if include else ''}"
        links: dict[str, str | None] = {"self": here, "first": here, "prev": None, "next": None}
        if len(rows) > 50:
            last = f"{shown[-1]['created_at'].isoformat()} {shown[-1]['id']}".encode()
            links["next"] = f"{here}&page%5Bafter%5D={base64.urlsafe_b64encode(last).decode()}"
        document = Document([TICKETS.object(row) for row in shown], included, links)
        return Response(encode(document), media_type=MEDIA_TYPE)

    return Litestar([tickets, creates(pools)], lifespan=[lifespan], openapi_config=None, logging_config=None)


class NewAttributes(msgspec.Struct):
    title: str
    description: str = ""


class Identifier(msgspec.Struct):
    type: str
    id: UUID


class Linkage(msgspec.Struct):
    data: Identifier


class NewObject(msgspec.Struct):
    attributes: NewAttributes
    relationships: dict[str, Linkage]


class NewDocument(msgspec.Struct):
    data: NewObject


decode = msgspec.json.Decoder(NewDocument).decode
INSERT = """
WITH defaults AS (
    SELECT (SELECT id FROM ticketing.status WHERE tenant_id = $1 AND category = 'new' AND is_default) AS status,
           (SELECT id FROM ticketing.priority WHERE tenant_id = $1 AND is_default) AS priority,
           (SELECT id FROM ticketing.ticket_type WHERE tenant_id = $1 AND is_default) AS ticket_type,
           (SELECT id FROM ticketing.queue WHERE tenant_id = $1 AND is_default) AS queue,
           nextval('public.bare_number') AS number
)
INSERT INTO ticketing.ticket
    (tenant_id, title, description, description_html, company, contact, created_by, last_customer_activity_at,
     number, status, priority, ticket_type, queue)
SELECT $1, $2, $3, $4, $5, $6, $7, now(), number, status, priority, ticket_type, queue FROM defaults
RETURNING """ + TICKETS.columns.replace("checklist_total, checklist_done", "NULL, NULL")


def creates(pools: list[Pool]) -> Any:
    """Return the handler that inserts the row of a ticket as the product stores it, nothing else, and answers with it."""

    @post("/api/v1/tickets")
    async def create(request: Ask) -> Response[bytes]:
        new = decode(await request.body()).data
        tenant = UUID(request.headers["x-tenant"])
        related = {name: linkage.data.id for name, linkage in new.relationships.items()}
        async with pools[0].acquire() as connection:
            row = await connection.fetchrow(
                INSERT,
                tenant,
                new.attributes.title,
                new.attributes.description,
                render(new.attributes.description),
                related.get("company"),
                related.get("contact"),
                UUID(request.headers["x-account"]),
            )
        assert row is not None
        document = Document(TICKETS.object(row), links={"self": f"/tickets/{row['id']}"})
        return Response(encode(document), media_type=MEDIA_TYPE, status_code=201)

    return create


async def main(url: str) -> None:
    """Serve as the product does: uvicorn, one worker, the same settings."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    with bind(Config(port=0)) as listener:

        async def ready() -> None:
            sys.stdout.write(f"bare at {address(listener)}\n")
            sys.stdout.flush()

        await serve(open_app(url), listener, stop, ready=ready)


if __name__ == "__main__":
    run(main(sys.argv[1]))
