"""Lists of billing as clients read and write them: taxes, products, series, profiles."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psa_billing.settings import Grouping, PaymentTerms
from psa_sdk.values import CurrencyCode

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Unit = Literal["", "hour", "day", "month", "piece"]
Recognition = Literal["at_once", "over_period"]
Order = Annotated[int, Meta(ge=0, le=100_000)]
Jurisdiction = Annotated[str, Meta(max_length=60)]


class Dated(msgspec.Struct, kw_only=True):
    """What every record has."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class TaxCategoryWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a tax category."""

    key: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    name: Name
    treatment: Literal["taxable", "zero", "exempt", "outside"] = "taxable"
    is_default: bool = False


class TaxCategoryRead(TaxCategoryWrite, kw_only=True):
    """A tax category's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class TaxRateWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a tax rate."""

    name: Name
    rate: Annotated[Decimal, Meta(description="Percent")]
    jurisdiction: Jurisdiction = ""
    is_compound: bool = False
    is_default: bool = False
    is_active: bool = True
    sort_order: Order = 0
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None


class TaxRateRead(TaxRateWrite, kw_only=True):
    """A tax rate's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class ProfileWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a company is billed; null means the tenant's."""

    payment_terms: PaymentTerms | None = None
    billing_currency: CurrencyCode | None = None
    billing_email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    billing_language: Annotated[str, Meta(pattern="^[a-z]{2}(-[A-Z]{2})?$")] | None = None
    tax_status: Literal["taxable", "exempt", "reverse_charge"] = "taxable"
    tax_jurisdiction: Jurisdiction = ""
    exemption_certificate: Annotated[str, Meta(max_length=100)] | None = None
    exemption_expires_on: datetime.date | None = None
    invoice_grouping: Grouping | None = None
    invoice_consolidation: Literal["together", "per_contract"] = "together"
    po_required: bool = False
    default_po_number: Annotated[str, Meta(max_length=60)] | None = None
    po_limit: Decimal | None = None
    reminders_paused: bool = False
    inherit_terms: bool = False
    inherit_tax: Annotated[bool, Meta(description="Status, jurisdiction and exemption")] = False
    inherit_billing_contact: bool = False
    bill_to_parent: Annotated[bool, Meta(description="On the parent's invoice, under its own name")] = False


class ProfileRead(ProfileWrite, kw_only=True):
    """How a company is billed."""


class ProductWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a product."""

    name: Name
    sku: Annotated[str, Meta(min_length=1, max_length=60)] | None = None
    description: Annotated[str, Meta(max_length=4000)] | None = None
    unit: Unit = ""
    unit_price: Decimal = Decimal(0)
    currency: CurrencyCode | None = None
    recognition: Recognition = "at_once"
    is_active: bool = True


class ProductRead(ProductWrite, kw_only=True):
    """A product's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class PriceWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may send for a price."""

    currency: CurrencyCode
    unit_price: Decimal
    starts_on: datetime.date


class PriceRead(PriceWrite, kw_only=True):
    """A price's attributes."""

    created_at: datetime.datetime
    updated_at: datetime.datetime


class GatewayConfigRow(Dated, kw_only=True):
    """A payment gateway that the tenant has set up; `config` tells whether credentials are stored."""

    provider: str
    is_active: bool
    is_test_mode: bool
    config: bool


class SavedMethodRead(Dated, kw_only=True):
    """A card or account that a gateway keeps; `failure` says why it was refused for good."""

    provider: str
    reference: str
    kind: Literal["card", "bank"]
    label: str
    expires_on: datetime.date | None
    is_autopay: bool
    failure: str
