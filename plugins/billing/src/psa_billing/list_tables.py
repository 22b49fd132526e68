"""The lists behind invoices: taxes, products with their prices, and how a company is billed."""

import decimal

from psa_sdk.tables import (
    Boolean,
    Choice,
    Date,
    Decimal,
    Index,
    Integer,
    Ref,
    TenantTable,
    Text,
)

ZERO = decimal.Decimal(0)
PRICE = (16, 6)


class TaxCategory(TenantTable, schema="billing", tablename="tax_category"):
    """What sort of thing is sold, as far as tax is concerned."""

    key = Text()
    name = Text()
    treatment = Choice("taxable", "zero", "exempt", "outside", default="taxable")
    is_default = Boolean(default=False)

    index_on = (
        Index(("key",), unique=True),
        Index(("lower(name)",), unique=True),
        Index(("is_default",), unique=True, where="is_default"),
    )


class TaxRate(TenantTable, schema="billing", tablename="tax_rate"):
    """A tax on a category in a jurisdiction, between two dates, both included (BILL-20)."""

    name = Text()
    tax_category = Ref("tax-categories", null=True, on_delete="cascade", help_text="Empty: the default one")
    jurisdiction = Text(default="", help_text="Empty: everywhere")
    rate = Decimal(digits=(9, 6), help_text="Percent")
    is_compound = Boolean(default=False, help_text="Also levied on the taxes before it")
    is_default = Boolean(default=False)
    is_active = Boolean(default=True)
    sort_order = Integer(default=0)
    starts_on = Date(null=True)
    ends_on = Date(null=True)

    index_on = (
        Index(("lower(name)", "jurisdiction", "tax_category")),
        Index(("is_default",), unique=True, where="is_default"),
    )
    checks = ("rate >= 0", "rate < 100", "ends_on >= starts_on")


class BillingProfile(TenantTable, schema="billing", tablename="profile"):
    """How a company is billed; empty values mean the tenant's."""

    company = Ref("companies", on_delete="cascade")
    payment_terms = Text(null=True)
    billing_currency = Text(null=True)
    billing_email = Text(null=True)
    billing_language = Text(null=True)
    tax_status = Choice("taxable", "exempt", "reverse_charge", default="taxable")
    tax_jurisdiction = Text(default="")
    exemption_certificate = Text(null=True)
    exemption_expires_on = Date(null=True)
    invoice_grouping = Choice("ticket", "project", "contract", "work_type", "none", null=True)
    invoice_consolidation = Choice("together", "per_contract", default="together")
    po_required = Boolean(default=False)
    default_po_number = Text(null=True)
    po_limit = Decimal(null=True)
    reminders_paused = Boolean(default=False)
    inherit_terms = Boolean(default=False, help_text="Payment terms are the parent company's")
    inherit_tax = Boolean(default=False, help_text="Tax status, jurisdiction and exemption are the parent's")
    inherit_billing_contact = Boolean(default=False, help_text="Invoices go to whom the parent's go")
    bill_to_parent = Boolean(default=False, help_text="What there is to bill goes on the parent's invoice")

    index_on = (Index(("company",), unique=True),)
    checks = ("po_limit >= 0",)


class Product(TenantTable, schema="billing", tablename="product"):
    """An item of the catalogue."""

    sku = Text(null=True)
    name = Text()
    description = Text(null=True)
    unit = Choice("", "hour", "day", "month", "piece", default="")
    unit_price = Decimal(digits=PRICE, default=ZERO)
    currency = Text()
    tax_category = Ref("tax-categories", null=True, on_delete="set_null")
    recognition = Choice("at_once", "over_period", default="at_once")
    is_active = Boolean(default=True)

    index_on = (
        Index(("lower(sku)",), unique=True, where="sku IS NOT NULL"),
        Index(("lower(name)",)),
    )
    checks = ("unit_price >= 0",)


class ProductPrice(TenantTable, schema="billing", tablename="product_price"):
    """A price of a product in a currency from a date on, for one company or all."""

    product = Ref("products", on_delete="cascade")
    company = Ref("companies", null=True, on_delete="cascade")
    currency = Text()
    unit_price = Decimal(digits=PRICE)
    starts_on = Date()

    company_key = ""
    index_on = (
        Index(
            ("product", "currency", "coalesce(company, '00000000-0000-0000-0000-000000000000')", "starts_on"),
            unique=True,
        ),
        Index(("company",), where="company IS NOT NULL"),
    )
    checks = ("unit_price >= 0",)


ALL = (TaxCategory, TaxRate, BillingProfile, Product, ProductPrice)
