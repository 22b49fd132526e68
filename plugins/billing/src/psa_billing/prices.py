"""What a product costs: the company's price, else everybody's, the latest from a date on; else the product's."""

import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.errors import Invalid

PRICE = """
SELECT p.name, p.description, p.unit, p.tax_category, p.currency, p.unit_price AS own_price, p.recognition, (
    SELECT c.unit_price FROM billing.product_price c
    WHERE c.product = p.id AND c.currency = $3 AND c.starts_on <= $4 AND (c.company = $2 OR c.company IS NULL)
    ORDER BY c.company IS NULL, c.starts_on DESC LIMIT 1) AS listed
FROM billing.product p WHERE p.id = $1"""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """A product as a line needs it."""

    description: str
    unit: str
    unit_price: Decimal
    tax_category: UUID | None
    recognition: str


async def price_of(
    ctx: Context, product_id: UUID, company_id: UUID, currency: str, date: datetime.date
) -> Price:
    """Return a product's price; raises `Invalid` where there is none in the currency."""
    row = await ctx.db.fetch_one(PRICE, product_id, company_id, currency, date)
    if row is None:
        raise Invalid(
            "There is no such product.", code="unknown_reference", pointer="/data/relationships/product"
        )
    price = row["listed"]
    if price is None:
        if row["currency"] != currency:
            raise Invalid(
                f"{row['name']} has no price in {currency}; add one to its prices.",
                code="no_price",
                pointer="/data/relationships/product",
            )
        price = row["own_price"]
    return Price(
        description=row["description"] or row["name"],
        unit=row["unit"],
        unit_price=price,
        tax_category=row["tax_category"],
        recognition=row["recognition"],
    )
