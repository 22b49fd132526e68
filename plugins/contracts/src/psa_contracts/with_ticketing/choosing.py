"""A ticket's contract: chosen when it is opened, checked when somebody names another (CON-08)."""

from uuid import UUID

from psa_contacts.api import ContactBook
from psa_contracts.api import AgreementBook, Place, TicketPlace
from psa_sdk import Change, Context, before
from psa_sdk.errors import Invalid
from psa_ticketing.api import TICKETS

CONTRACT = "/data/relationships/contract"
HELD = "SELECT contract FROM contracts.ticket_contract WHERE ticket = $1"


@before(TICKETS, "create")
async def choose(ctx: Context, change: Change) -> None:
    """Give a new ticket the contract that covers work at its place today; one that is named must be usable."""
    company = change.value("company")
    if change.new.get("contract") is not None:
        await _check(ctx, change)
    elif company is not None and "contract" not in change.new:
        place = Place(company_id=company, date=ctx.today, site_id=change.value("site"))
        found = await ctx.as_system().service(AgreementBook).covering(place)
        if found is not None:
            change.new["contract"] = found.id


@before(TICKETS, "update")
async def check(ctx: Context, change: Change) -> None:
    """A ticket's contract is one of its company, or of one above it."""
    if change.new.get("contract") is not None:
        await _check(ctx, change)
    elif change.changes("company") and "contract" not in change.new:
        place = Place(company_id=change.value("company"), date=ctx.today, site_id=change.value("site"))
        book = ctx.as_system().service(AgreementBook)
        found = await book.covering(place) if change.value("company") else None
        change.new["contract"] = found.id if found else None


async def _check(ctx: Context, change: Change) -> None:
    book = ctx.as_system().service(AgreementBook)
    contract_id: UUID = change.new["contract"]
    company = change.value("company")
    facts = (await book.contracts([contract_id])).get(contract_id)
    if facts is None:
        return  # the reference itself is refused
    if facts.status == "draft":
        raise Invalid(
            f"{facts.number} is a draft; activate it first.", code="contract_draft", pointer=CONTRACT
        )
    if facts.company_id != company and not await _above(ctx, company, facts.company_id):
        raise Invalid(
            f"{facts.number} is another company's contract.", code="other_company", pointer=CONTRACT
        )


async def _above(ctx: Context, company: UUID | None, other: UUID) -> bool:
    return company is not None and company in await ctx.as_system().service(ContactBook).descendants(other)


class DeskTicketPlaces:
    """Implements `psa_contracts.api.TicketPlaces`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def place_of(self, ticket_id: UUID) -> TicketPlace:
        """Return a ticket's contract and site."""
        system = self._ctx.as_system()
        ticket = await system.records.get(TICKETS, ticket_id)
        return TicketPlace(
            contract_id=await system.db.fetch_value(HELD, ticket_id),
            site_id=ticket["site"],
        )
