"""What is checked and completed whenever a contract is written."""

from typing import Any

from psa_contacts.api import ContactBook
from psa_contracts import ledger, versions
from psa_contracts.shapes import Labour
from psa_contracts.tables import RateCard
from psa_sdk import Change, Context
from psa_sdk.errors import Conflict, Invalid

LABOUR: dict[str, Labour] = {
    "managed_services": "included",
    "block_hours": "hours",
    "time_and_materials": "billed",
    "fixed_price": "included",
    "warranty": "included",
}
AGREED = (
    "company",
    "currency",
    "start_date",
    "end_date",
    "anchor_date",
    "billing_cycle",
    "billing_timing",
    "first_period",
)
"""What charges and terms rest on: fixed once the contract is in force."""
SIGNATURE = {"signed_date", "signed_by"}
ATTRIBUTES = "/data/attributes"
CURRENCY = "SELECT currency FROM psa.tenant WHERE id = psa.current_tenant()"


async def write_new(ctx: Context, change: Change) -> None:
    """Complete a new contract: number, currency, anchor, rate card, what pays for work."""
    new = change.new
    if "number" not in new:
        new["number"] = await ctx.db.fetch_value("SELECT psa.next_number('contracts')")
    await _complete(ctx, change)
    if new.get("rate_card") is None:
        cards = await ctx.as_system().records.find("rate-cards", RateCard.is_default == True, limit=1)  # noqa: E712 - SQL
        new["rate_card"] = cards[0]["id"] if cards else None
    _check_dates(change)


async def write_edit(ctx: Context, change: Change) -> None:
    """Check an edit; what others rest on stays once the contract is in force."""
    await _complete(ctx, change)
    if change.old["status"] != "draft" and ctx.principal.kind != "system":
        fixed = [name for name in AGREED if change.changes(name)]
        if fixed:
            kind = "relationships" if fixed[0] == "company" else "attributes"
            raise Conflict(
                f"The contract is in force: {', '.join(fixed)} can't change. Renew or cancel it, or make another one.",
                code="contract_in_force",
                pointer=f"/data/{kind}/{fixed[0]}",
                meta={"fixed": fixed},
            )
    _check_dates(change)


async def write_delete(ctx: Context, change: Change) -> None:
    """Only drafts go away."""
    if change.old["status"] != "draft":
        raise Conflict(
            "Only drafts can be deleted; cancel the contract: POST /contracts/{id}/cancel.",
            code="contract_in_force",
            meta={"status": change.old["status"], "allowed": ["draft"]},
        )


async def follow(ctx: Context, change: Change) -> None:
    """Keep a version of every edit of a contract in force, and its hours and its first term right."""
    if change.verb == "delete":
        return
    told = versions.differences(change.old, change.new) if change.verb == "update" else {}
    if change.value("status") == "draft" or not told.keys() - SIGNATURE:
        return
    await versions.record(ctx, change.id, _cause(change, told), told)
    await ledger.converge(ctx, change.id)


def _cause(change: Change, told: dict[str, Any]) -> versions.Cause:
    if "status" in told:
        return "activated" if change.new["status"] == "active" else "ended"
    if "notice_given_on" in told:
        return "cancelled"
    return "renewed" if "end_date" in told else "changed"


async def _complete(ctx: Context, change: Change) -> None:
    new = change.new
    if change.value("anchor_date") is None:
        new["anchor_date"] = change.value("start_date")
    if change.value("currency") is None:
        new["currency"] = await ctx.db.fetch_value(CURRENCY)
    if change.value("labour") is None:
        new["labour"] = LABOUR[change.value("contract_type")]
    site = new.get("site")
    if site is not None:
        asked = await ctx.service(ContactBook).requester(
            contact_id=None, company_id=change.value("company"), site_id=site
        )
        if asked.site_company_id not in {None, change.value("company")}:
            raise Invalid(
                "The site belongs to another company.",
                code="other_company",
                pointer="/data/relationships/site",
            )


def _check_dates(change: Change) -> None:
    start, end = change.value("start_date"), change.value("end_date")
    if end is not None and end < start:
        raise Invalid(
            "The contract ends before it starts.", code="bad_dates", pointer=f"{ATTRIBUTES}/end_date"
        )
    if change.value("auto_renew") and end is None:
        raise Invalid(
            "A contract without an end needs no renewal: give it an end, or switch auto_renew off.",
            code="no_end",
            pointer=f"{ATTRIBUTES}/auto_renew",
        )
    if (change.value("top_up_minutes") is None) != (change.value("top_up_price") is None):
        raise Invalid(
            "A top-up needs minutes and a price.", code="incomplete", pointer=f"{ATTRIBUTES}/top_up_price"
        )
