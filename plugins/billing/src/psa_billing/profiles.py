"""How a company is billed: its own terms, else the tenant's (BILL-2A)."""

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing.list_tables import BillingProfile
from psa_billing.settings import BillingSettings, Grouping
from psa_contacts.api import COMPANIES, CONTACTS
from psa_sdk import Context
from psa_sdk.values import Address

TENANT = "SELECT name, currency, locale FROM psa.tenant WHERE id = psa.current_tenant()"
PROFILE = f"SELECT * FROM {BillingProfile._meta.get_formatted_tablename()} WHERE company = $1"


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A company as an invoice needs it."""

    id: UUID
    name: str
    address: dict[str, Any]
    tax_id: str
    contact_id: UUID | None
    contact_name: str
    email: str
    terms: str
    currency: str
    language: str
    grouping: Grouping
    per_contract: bool
    tax_status: str = "taxable"
    jurisdiction: str = ""
    certificate: str | None = None
    certificate_until: datetime.date | None = None
    po_required: bool = False
    po_number: str | None = None
    po_limit: Decimal | None = None
    reminders_paused: bool = False


async def tenant_facts(ctx: Context) -> dict[str, Any]:
    """Return the tenant's name, currency and locale."""
    return dict(await ctx.db.fetch_one(TENANT) or {})


async def client(ctx: Context, company_id: UUID) -> Client:
    """Return how a company is billed; raises `NotFound`."""
    system = ctx.as_system()
    own = await ctx.settings(BillingSettings)
    company = await system.records.get(COMPANIES, company_id)
    stored = dict(await ctx.db.fetch_one(PROFILE, company_id) or {})
    tenant = await tenant_facts(ctx)
    contact: dict[str, Any] = {}
    if company["default_billing_contact"] is not None:
        contact = dict(await system.records.get(CONTACTS, company["default_billing_contact"]))
    address = company["billing_address"] or company["address"] or {}
    return Client(
        id=company_id,
        name=company["name"],
        address=msgspec.to_builtins(msgspec.convert(address, Address)),
        tax_id=company["tax_id"] or "",
        contact_id=company["default_billing_contact"],
        contact_name=f"{contact.get('first_name', '')} {contact.get('last_name', '')}".strip(),
        email=stored.get("billing_email") or contact.get("email") or "",
        terms=stored.get("payment_terms") or own.payment_terms,
        currency=stored.get("billing_currency") or tenant["currency"],
        language=stored.get("billing_language") or tenant["locale"],
        grouping=stored.get("invoice_grouping") or own.invoice_grouping,
        per_contract=stored.get("invoice_consolidation") == "per_contract",
        tax_status=stored.get("tax_status", "taxable"),
        jurisdiction=stored.get("tax_jurisdiction", ""),
        certificate=stored.get("exemption_certificate"),
        certificate_until=stored.get("exemption_expires_on"),
        po_required=stored.get("po_required", False),
        po_number=stored.get("default_po_number"),
        po_limit=stored.get("po_limit"),
        reminders_paused=stored.get("reminders_paused", False),
    )
