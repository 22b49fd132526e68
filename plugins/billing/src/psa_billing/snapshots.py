"""The parties of an invoice as they are at finalising (BILL-06)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from psa_billing.profiles import Client, tenant_facts
from psa_billing.settings import BillingSettings
from psa_sdk import Context
from psa_sdk.web import Browser


async def of_parties(ctx: Context, who: Client, invoice: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that hold seller, buyer, the look and the text below the sums."""
    own = await ctx.settings(BillingSettings)
    tenant = await tenant_facts(ctx)
    brand = await ctx.service(Browser).brand()
    return {
        "seller": {
            "name": own.seller_name or tenant["name"],
            "address": msgspec.to_builtins(own.seller_address),
            "tax_id": own.seller_tax_id,
            "email": own.seller_email,
            "phone": own.seller_phone,
            "bank_account": own.bank_account,
            "bank_name": own.bank_name,
            "hue": brand.hue,
            "logo": str(brand.logo) if brand.logo else "",
        },
        "buyer": {
            "name": who.name,
            "address": who.address,
            "tax_id": who.tax_id,
            "contact": who.contact_name,
            "email": who.email,
        },
        "language": invoice["language"],
        "terms_text": own.terms_text,
        "template": own.template,
    }
