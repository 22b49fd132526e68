"""What every plugin is held to."""

from decimal import Decimal
from typing import ClassVar

from psa_sdk.testing import PluginBattery

WHOLE = "a percentage and an amount exclude each other, and both are of something"


async def _of_payment(kit, resource, given, **columns):
    """A row that belongs to a payment: the company's own."""
    company = given.get("company") or (await kit.make("companies")).id
    payment = given.get("payment")
    if payment is None:
        payment = (await kit.make("payments", company=company)).id
    async with kit.unit() as ctx:
        return await ctx.records.create(
            resource, {"company": company, "amount": Decimal(1), **columns, **given, "payment": payment}
        )


async def make_allocation(kit, given):
    company = given.get("company") or (await kit.make("companies")).id
    invoice = given.get("invoice") or (await kit.make("invoices", company=company)).id
    columns = {"company": company, "invoice": invoice, "date": kit.now.date(), "kind": "payment"}
    return await _of_payment(kit, "payment-allocations", given, **columns)


async def make_refund(kit, given):
    return await _of_payment(kit, "refunds", given, date=kit.now.date(), currency="USD")


class TestConformance(PluginBattery):
    plugin = "billing"
    samples: ClassVar = {
        "payments": {"amount": "10.00", "currency": "USD"},
        "tax-rates": {"rate": lambda n: f"{n % 90}.5", "ends_on": None},
        "payment-allocations": make_allocation,
        "refunds": make_refund,
        "invoice-lines": {"period_start": None, "period_end": None},
    }
    public: ClassVar = ("GET /public/invoices/{token:str}",)
    portal_unseen: ClassVar = {
        "invoices": "clients see what is finalised",
        "invoice-lines": "clients see lines of what is finalised",
    }
