"""How a company is billed: its own terms, its parent's where it inherits them (CRM-02), else the tenant's (BILL-2A)."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing.settings import BillingSettings, Grouping
from psa_contacts.api import COMPANIES, CONTACTS
from psa_sdk import Context
from psa_sdk.values import Address

TENANT = "SELECT name, currency, locale FROM psa.tenant WHERE id = psa.current_tenant()"
LINE = """
WITH RECURSIVE line AS (
    SELECT c.id, c.parent, c.default_billing_contact, 1 AS step FROM contacts.company c WHERE c.id = $1
    UNION ALL
    SELECT c.id, c.parent, c.default_billing_contact, line.step + 1
    FROM line JOIN billing.profile p ON p.company = line.id JOIN contacts.company c ON c.id = line.parent
    WHERE line.step < 20 AND (p.inherit_terms OR p.inherit_tax OR p.inherit_billing_contact)
)
SELECT line.default_billing_contact, p.* FROM line LEFT JOIN billing.profile p ON p.company = line.id ORDER BY line.step"""
"""The profiles of a company and of those above it that something is inherited from."""


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
    line = [
        {name: value for name, value in row.items() if value is not None}
        for row in await ctx.db.fetch(LINE, company_id)
    ]
    stored, tenant = line[0], await tenant_facts(ctx)
    taxed, reached = _inherited(line, "inherit_tax"), _inherited(line, "inherit_billing_contact")
    contact_id: UUID | None = reached.get("default_billing_contact")
    contact = dict(await system.records.get(CONTACTS, contact_id)) if contact_id is not None else {}
    address = company["billing_address"] or company["address"] or {}
    return Client(
        id=company_id,
        name=company["name"],
        address=msgspec.to_builtins(msgspec.convert(address, Address)),
        tax_id=company["tax_id"] or "",
        contact_id=contact_id,
        contact_name=f"{contact.get('first_name', '')} {contact.get('last_name', '')}".strip(),
        email=reached.get("billing_email") or contact.get("email") or "",
        terms=_inherited(line, "inherit_terms").get("payment_terms") or own.payment_terms,
        currency=stored.get("billing_currency") or tenant["currency"],
        language=stored.get("billing_language") or tenant["locale"],
        grouping=stored.get("invoice_grouping") or own.invoice_grouping,
        per_contract=stored.get("invoice_consolidation") == "per_contract",
        tax_status=taxed.get("tax_status", "taxable"),
        jurisdiction=taxed.get("tax_jurisdiction", ""),
        certificate=taxed.get("exemption_certificate"),
        certificate_until=taxed.get("exemption_expires_on"),
        po_required=stored.get("po_required", False),
        po_number=stored.get("default_po_number"),
        po_limit=stored.get("po_limit"),
        reminders_paused=stored.get("reminders_paused", False),
    )


def _inherited(line: Sequence[Mapping[str, Any]], by: str) -> Mapping[str, Any]:
    """Return the profile that counts: the first of the line, from the company upwards, that inherits no further."""
    return next((one for one in line if not one.get(by)), line[-1])
