"""The portal's routes of PRD 3.15.2 that belong to no single neighbour: company, people, invoices, assets, articles."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response
from msgspec import Meta

from psa_contacts.api import COMPANIES, CONTACTS, PortalRole
from psa_portal import people
from psa_portal.api import ClientArticles, ClientAssets, ClientInvoices
from psa_portal.pages import COMPANY, PEOPLE
from psa_sdk import Answer, AnswerList, Context, Record, get, post, put
from psa_sdk.documents import Documents
from psa_sdk.errors import NotFound

T = TypeVar("T")
INVOICES, PAY = "portal.invoices.read", "portal.invoices.pay"
ASSETS, ARTICLES = "portal.assets.read", "portal.articles.read"
Line = Annotated[str, Meta(max_length=200)]


class ClientPerson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One of the company's people: known by `id`, or new; without a role they have no access."""

    id: UUID | None = None
    first_name: Line = ""
    last_name: Line = ""
    email: Line = ""
    role: PortalRole | None = None


class PayWith(msgspec.Struct, forbid_unknown_fields=True):
    """By which payment provider; the first that is set up if none is named."""

    provider: Annotated[str, Meta(max_length=40)] | None = None


class PortalPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One of the company's people; `role` is empty for those without access."""

    name: str
    email: str
    phone: str
    title: str
    role: str
    status: str


class People(msgspec.Struct, forbid_unknown_fields=True):
    """The people to write; those who aren't named stay as they are."""

    contacts: Annotated[list[ClientPerson], Meta(min_length=1, max_length=100)]


class Sought(msgspec.Struct):
    """What to look for."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]


@get("/portal/company", permission=COMPANY, audience="portal", returns=COMPANIES)
async def company(ctx: Context) -> Record:
    """Show one's own company."""
    own = ctx.principal.who.company_id
    if own is None:
        raise NotFound("This log-in belongs to no company.")
    return Record(COMPANIES, own)


@put(
    "/portal/company/contacts",
    permission=PEOPLE,
    audience="portal",
    returns=PortalPerson,
    answer_type="portal-people",
)
async def write_people(ctx: Context, body: People) -> AnswerList:
    """Invite people of one's company, change them and their roles, or end their access."""
    for one in body.contacts:
        if one.id is None:
            await people.invite(
                ctx,
                first_name=one.first_name,
                last_name=one.last_name,
                email=one.email,
                role=one.role or "client_user",
            )
            continue
        names = {"first_name": one.first_name, "last_name": one.last_name}
        changed = {name: value for name, value in names.items() if value}
        if changed:
            await ctx.service(Documents).update(CONTACTS, one.id, changed)
        if one.role is None:
            await people.end(ctx, one.id)
        else:
            await people.grant(ctx, one.id, one.role)
    return AnswerList(items=[_person(one) for one in await people.of_company(ctx)])


def _person(one: people.Person) -> Answer:
    values = {name: getattr(one, name) for name in PortalPerson.__struct_fields__}
    return Answer(type="portal-people", id=str(one.id), attributes=PortalPerson(**values))


def _neighbour(ctx: Context, protocol: type[T], what: str) -> T:
    if not ctx.provides(protocol):
        raise NotFound(f"No module for {what} is enabled here.", code="module_disabled")
    return ctx.service(protocol)


@get("/portal/invoices", permission=INVOICES, audience="portal")
async def invoices(ctx: Context) -> AnswerList:
    """List the company's invoices."""
    return AnswerList(items=await _neighbour(ctx, ClientInvoices, "invoices").all())


@get("/portal/invoices/{id:uuid}", permission=INVOICES, audience="portal")
async def invoice(ctx: Context, id: UUID) -> Answer:
    """Show an invoice."""
    return await _neighbour(ctx, ClientInvoices, "invoices").one(id)


@get("/portal/invoices/{id:uuid}/pdf", permission=INVOICES, audience="portal", media_type="application/pdf")
async def invoice_pdf(ctx: Context, id: UUID) -> Response[Any]:
    """Download an invoice."""
    return await _neighbour(ctx, ClientInvoices, "invoices").pdf(id)


@post("/portal/invoices/{id:uuid}/pay", permission=PAY, audience="portal")
async def pay_invoice(ctx: Context, id: UUID, query: PayWith) -> Answer:
    """Begin to pay an invoice."""
    return await _neighbour(ctx, ClientInvoices, "invoices").pay(id, query.provider)


@get("/portal/assets", permission=ASSETS, audience="portal")
async def assets(ctx: Context) -> AnswerList:
    """List the company's assets."""
    return AnswerList(items=await _neighbour(ctx, ClientAssets, "assets").all())


@get("/portal/kb/articles", permission=ARTICLES, audience="portal")
async def articles(ctx: Context) -> AnswerList:
    """List the articles that clients may read."""
    return AnswerList(items=await _neighbour(ctx, ClientArticles, "articles").all())


@get("/portal/kb/articles/{id:uuid}", permission=ARTICLES, audience="portal")
async def article(ctx: Context, id: UUID) -> Answer:
    """Show an article."""
    return await _neighbour(ctx, ClientArticles, "articles").one(id)


@get("/portal/kb/search", permission=ARTICLES, audience="portal")
async def search_articles(ctx: Context, query: Sought) -> AnswerList:
    """Find articles."""
    return AnswerList(items=await _neighbour(ctx, ClientArticles, "articles").search(query.q))


ALL = (
    company,
    write_people,
    invoices,
    invoice,
    invoice_pdf,
    pay_invoice,
    assets,
    articles,
    article,
    search_articles,
)
