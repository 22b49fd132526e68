"""What one can do with a contract beyond reading and writing it."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_contracts import charges, lifecycle
from psa_contracts.api import CONTRACTS, AgreementBook, Place
from psa_contracts.balances import HourBalance, balance
from psa_contracts.shapes import Percent
from psa_sdk import Answer, AnswerList, Context, Record, get, post
from psa_sdk.errors import Invalid, NotFound

DECIDE = "contracts.contracts.decide"
READ = "contracts.contracts.read"
Reason = Annotated[str, Meta(min_length=3, max_length=2000)]


class Renew(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """For how long, and how much dearer; unsaid, as agreed."""

    months: Annotated[int, Meta(ge=1, le=120)] | None = None
    uplift_percent: Percent | None = None


class Cancel(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Why, and the last day if both sides agreed on one; unsaid, notice decides."""

    reason: Reason
    ends_on: datetime.date | None = None


class Sign(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """When and by whom, and the attachment that was signed."""

    signed_date: datetime.date
    contact: UUID | None = None
    document: UUID | None = None


class BalanceQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """As of which date; today unless given."""

    date: datetime.date | None = None


class DueQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Through which date; today unless given."""

    through: datetime.date | None = None


class DueCharge(msgspec.Struct, kw_only=True):
    """An amount that is due and not charged."""

    item: UUID
    name: str
    kind: Literal["charge", "correction"]
    first: datetime.date
    last: datetime.date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    currency: str
    counted_ids: Sequence[UUID] | None


class CoveringQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The work: for whom, when, of which type, where."""

    company: UUID
    date: datetime.date | None = None
    work_type: UUID | None = None
    site: UUID | None = None
    asset: UUID | None = None


class Covering(msgspec.Struct, kw_only=True):
    """The contract that work falls under; null where none does."""

    contract: UUID | None
    contract_number: str | None
    labour: str | None


@post("/contracts/{id:uuid}/activate", permission=DECIDE, returns=CONTRACTS)
async def activate(ctx: Context, id: UUID) -> Record:
    """Put a draft in force."""
    await lifecycle.activate(ctx, id)
    return Record(CONTRACTS, id)


@post("/contracts/{id:uuid}/renew", permission=DECIDE, returns=CONTRACTS)
async def renew(ctx: Context, id: UUID, body: Renew) -> Record:
    """Add a term; the contract stays active."""
    await lifecycle.renew(ctx, id, months=body.months, uplift_percent=body.uplift_percent)
    return Record(CONTRACTS, id)


@post("/contracts/{id:uuid}/cancel", permission=DECIDE, returns=CONTRACTS)
async def cancel(ctx: Context, id: UUID, body: Cancel) -> Record:
    """Give or take notice."""
    await lifecycle.cancel(ctx, id, body.reason, body.ends_on)
    return Record(CONTRACTS, id)


@post("/contracts/{id:uuid}/sign", permission=DECIDE, returns=CONTRACTS)
async def sign(ctx: Context, id: UUID, body: Sign) -> Record:
    """Note that the present version was signed."""
    await lifecycle.sign(ctx, id, body.signed_date, body.contact, body.document)
    return Record(CONTRACTS, id)


@get(
    "/contracts/{id:uuid}/hour-balance",
    permission=READ,
    audience="both",
    returns=HourBalance,
    answer_type="hour-balances",
)
async def hour_balance(ctx: Context, id: UUID, query: BalanceQuery) -> Answer:
    """Tell the hours of the period that a date lies in, and every grant that counts then."""
    contract = await ctx.records.get(CONTRACTS, id)
    found = await balance(ctx, contract, query.date or ctx.today)
    return Answer(type="hour-balances", id=str(id), attributes=found)


@get(
    "/contracts/{id:uuid}/due-charges",
    permission="contracts.contract_charges.read",
    returns=DueCharge,
    answer_type="due-charges",
)
async def due_charges(ctx: Context, id: UUID, query: DueQuery) -> AnswerList:
    """Show what the next invoice will charge; nothing is kept."""
    await ctx.records.get(CONTRACTS, id)
    through = query.through or ctx.today
    if through > ctx.today + datetime.timedelta(days=3660):
        raise Invalid("Ask for at most ten years ahead.", code="bad_dates", parameter="through")
    found = await charges.due(ctx, [id], through, keep=False)
    return AnswerList(
        items=[
            Answer(
                type="due-charges",
                id=one.key,
                attributes=DueCharge(
                    item=one.item_id,
                    name=one.name,
                    kind=one.kind,
                    first=one.first,
                    last=one.last,
                    quantity=one.quantity,
                    unit_price=one.unit_price,
                    amount=one.amount,
                    currency=one.currency,
                    counted_ids=one.counted_ids,
                ),
            )
            for one in found
        ]
    )


@get("/contracts/covering", permission=READ, returns=Covering, answer_type="covering-contracts")
async def covering(ctx: Context, query: CoveringQuery) -> Answer:
    """Tell which contract work falls under."""
    if not await ctx.records.exists("companies", query.company):
        raise NotFound(f"There is no company {query.company}.")
    place = Place(
        company_id=query.company,
        date=query.date or ctx.today,
        work_type_id=query.work_type,
        site_id=query.site,
        asset_id=query.asset,
    )
    found = await ctx.service(AgreementBook).covering(place)
    return Answer(
        type="covering-contracts",
        id=str(query.company),
        attributes=Covering(
            contract=found.id if found else None,
            contract_number=found.number if found else None,
            labour=found.labour if found else None,
        ),
    )


ALL = (activate, renew, cancel, sign, hour_balance, due_charges, covering)
