"""What every plugin is held to."""

from decimal import Decimal
from typing import ClassVar

from psa_sdk.testing import PluginBattery


async def _of_payment(kit, resource, given, **columns):
    """A row that belongs to a payment: the company's own."""
    given = {name: value for name, value in given.items() if name != "credit_memo"}
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


async def make_item(kit, given):
    """One for each company of a run."""
    columns = {
        "batch": given.get("batch") or (await kit.make("billing-batches")).id,
        "company": given.get("company") or (await kit.make("companies")).id,
    }
    async with kit.unit() as ctx:
        return await ctx.records.create("billing-batch-items", columns | given)


class TestConformance(PluginBattery):
    plugin = "billing"
    plugins: ClassVar = (
        "contacts",
        "comments",
        "ticketing",
        "time",
        "billing",
        "billing.time",
        "billing.ticketing",
    )
    samples: ClassVar = {
        "companies": {
            "payment_terms": lambda n: f"net_{n % 360 + 1}",
            "billing_email": lambda n: f"invoices{n}@example.com",
            "billing_language": "de",
        },
        "invoices": {
            "payment_terms": lambda n: f"net_{n % 360 + 1}",
            "discount_percent": lambda n: str(n % 100),
            "discount_fixed": "0",
        },
        "billing-batch-items": make_item,
        "account-mappings": {"key": lambda n: f"key {n}"},
        "payments": {"amount": lambda n: f"{n + 1}.00", "currency": "USD"},
        "tax-rates": {"rate": lambda n: f"{n % 90}.5", "ends_on": None},
        "payment-allocations": make_allocation,
        "refunds": make_refund,
        "invoice-lines": {"period_start": None, "period_end": None},
    }
    public: ClassVar = ("GET /public/invoices/{token:str}", "GET /public/invoices/{token:str}/pay")
    fixed: ClassVar = {
        "payments.amount": "what was received stays",
        "payments.payment_date": "what was received stays",
        "payments.currency": "what was received stays",
        "invoices.discount_fixed": "a percentage and an amount exclude each other",
        "invoice-lines.period_start": "a period has two ends",
        "invoice-lines.period_end": "a period has two ends",
    }
    portal_unseen: ClassVar = {
        "invoices": "clients see what is finalised",
        "invoice-lines": "clients see lines of what is finalised",
    }


class TestTimeBridgeConformance(PluginBattery):
    plugin = "billing.time"


class TestTicketBridgeConformance(PluginBattery):
    plugin = "billing.ticketing"


class TestPortalBridgeConformance(PluginBattery):
    plugin = "billing.portal"


class TestConsoleBridgeConformance(PluginBattery):
    plugin = "billing.console"
