"""A contract's way from draft to its end; each step is a transition that the table allows (X-12)."""

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psa_contracts import versions
from psa_contracts.api import (
    CONTRACTS,
    ITEMS,
    ContractActivated,
    ContractCancelled,
    ContractEnded,
    ContractRenewed,
    ContractSigned,
)
from psa_contracts.records import RAISED, agreement, raised, renews
from psa_contracts.renewal import ending, next_term
from psa_sdk import Context
from psa_sdk.errors import Conflict, Invalid

TRANSITIONS = {
    "draft": ("active",),
    "active": ("expired", "cancelled"),
    "expired": (),
    "cancelled": (),
}


async def activate(ctx: Context, contract_id: UUID) -> None:
    """Put a draft in force; its first term begins."""
    contract = await _held(ctx, contract_id)
    _require(contract, "active")
    system = ctx.as_system()
    await system.records.create(
        "contract-terms",
        {
            "contract": contract_id,
            "number": 1,
            "starts_on": contract["start_date"],
            "ends_on": contract["end_date"],
            "origin": "first",
        },
    )
    await system.records.update(CONTRACTS, contract_id, {"status": "active"})
    await ctx.emit(ContractActivated(contract_id=contract_id, company_id=contract["company"]))


async def renew(
    ctx: Context,
    contract_id: UUID,
    *,
    months: int | None = None,
    uplift_percent: Decimal | None = None,
    automatic: bool = False,
) -> None:
    """Add a term: the contract stays active, prices rise from its first day on (CON-06)."""
    contract = await _held(ctx, contract_id)
    _require_active(contract)
    if contract["end_date"] is None:
        raise Conflict("The contract has no end; it needs no renewal.", code="no_end")
    if contract["notice_given_on"] is not None:
        raise Conflict(
            f"Notice was given on {contract['notice_given_on']}; make a new contract.", code="notice_given"
        )
    percent = contract["uplift_percent"] if uplift_percent is None else uplift_percent
    term = next_term(contract["start_date"], contract["end_date"], months or contract["renewal_months"])
    system = ctx.as_system()
    if percent:
        for item in (await agreement(system, contract_id)).items:
            ends = item.row["ends_on"]
            if item.row["item_type"] in RAISED and (ends is None or ends >= term.start):
                step = raised(item.revisions, [term.start], percent, contract["currency"])[-1]
                values = {
                    "quantity": step.quantity,
                    "unit_price": step.unit_price,
                    "effective_on": term.start,
                }
                await system.records.update(ITEMS, item.id, values)
    number: int = await system.db.fetch_value(
        "SELECT count(*)::int + 1 FROM contracts.term WHERE contract = $1", contract_id
    )
    await system.records.create(
        "contract-terms",
        {
            "contract": contract_id,
            "number": number,
            "starts_on": term.start,
            "ends_on": term.end,
            "origin": "automatic" if automatic else "manual",
            "uplift_percent": percent,
        },
    )
    await system.records.update(CONTRACTS, contract_id, {"end_date": term.end})
    await ctx.emit(
        ContractRenewed(
            contract_id=contract_id,
            company_id=contract["company"],
            starts_on=term.start,
            ends_on=term.end,
            uplift_percent=percent,
            automatic=automatic,
        )
    )


async def cancel(ctx: Context, contract_id: UUID, reason: str, ends_on: datetime.date | None = None) -> None:
    """Take notice: the contract ends with its term, with the next one if it is late, or on the agreed day."""
    contract = await _held(ctx, contract_id)
    _require_active(contract)
    if contract["notice_given_on"] is not None:
        raise Conflict(f"Notice was given on {contract['notice_given_on']} already.", code="notice_given")
    if ends_on is None:
        found = ending(
            given=ctx.today,
            start=contract["start_date"],
            end=contract["end_date"],
            notice_days=contract["notice_days"],
            renews=renews(contract),
            months=contract["renewal_months"],
        )
        while contract["end_date"] is not None and contract["end_date"] < found.on:
            await renew(ctx, contract_id, automatic=True)
            contract = await _held(ctx, contract_id)
        ends_on = found.on
    elif ends_on < contract["start_date"]:
        raise Invalid(
            f"The contract starts on {contract['start_date']}; it can't end before.",
            code="bad_dates",
            pointer="/data/attributes/ends_on",
        )
    await ctx.as_system().records.update(
        CONTRACTS,
        contract_id,
        {
            "notice_given_on": ctx.today,
            "cancellation_reason": reason,
            "end_date": ends_on,
            "auto_renew": False,
        },
    )
    await ctx.emit(
        ContractCancelled(
            contract_id=contract_id, company_id=contract["company"], ends_on=ends_on, reason=reason
        )
    )


async def sign(
    ctx: Context,
    contract_id: UUID,
    signed_on: datetime.date,
    contact_id: UUID | None,
    document_id: UUID | None,
) -> int:
    """Note that the present version was signed, and by which document; returns the version's number."""
    contract = await _held(ctx, contract_id)
    attached = {one.id for one in await ctx.files.attached(CONTRACTS, contract_id)}
    if document_id is not None and document_id not in attached:
        raise Invalid(
            "Attach the signed document to the contract first.",
            code="unknown_document",
            pointer="/data/attributes/document",
        )
    if contact_id is not None:
        await ctx.records.get("contacts", contact_id)
    system = ctx.as_system()
    await system.records.update(CONTRACTS, contract_id, {"signed_date": signed_on, "signed_by": contact_id})
    number = await versions.record(
        ctx, contract_id, "signed", {}, signed_on=signed_on, signatory_id=contact_id, document_id=document_id
    )
    await ctx.emit(
        ContractSigned(
            contract_id=contract_id, company_id=contract["company"], number=number, signed_on=signed_on
        )
    )
    return number


async def end_if_over(ctx: Context, contract_id: UUID) -> None:
    """Renew what renews, end what is over, as of today."""
    contract = await _held(ctx, contract_id)
    while (
        contract["status"] == "active"
        and contract["end_date"] is not None
        and contract["end_date"] < ctx.today
    ):
        if renews(contract):
            await renew(ctx, contract_id, automatic=True)
        else:
            cancelled = contract["notice_given_on"] is not None
            status = "cancelled" if cancelled else "expired"
            await ctx.as_system().records.update(CONTRACTS, contract_id, {"status": status})
            await ctx.emit(
                ContractEnded(
                    contract_id=contract_id,
                    company_id=contract["company"],
                    ended_on=contract["end_date"],
                    cancelled=cancelled,
                )
            )
        contract = await _held(ctx, contract_id)


async def _held(ctx: Context, contract_id: UUID) -> Any:
    return await ctx.records.get(CONTRACTS, contract_id, lock=True)


def _require(contract: Any, status: str) -> None:
    allowed = TRANSITIONS[contract["status"]]
    if status not in allowed:
        raise Conflict(
            f"A contract that is {contract['status']} can't become {status}.",
            code="illegal_transition",
            meta={"status": contract["status"], "allowed": list(allowed)},
        )


def _require_active(contract: Any) -> None:
    if contract["status"] != "active":
        raise Conflict(
            f"The contract is {contract['status']}; only active ones can be renewed or cancelled.",
            code="illegal_transition",
            meta={"status": contract["status"], "allowed": list(TRANSITIONS[contract["status"]])},
        )
