"""The settings of billing."""

import datetime
import re
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from psa_billing.engine.due import TERMS
from psa_billing.engine.numbering import fault_of
from psa_sdk import Settings
from psa_sdk.values import Address

Grouping = Literal["ticket", "project", "contract", "work_type", "none"]
PaymentTerms = Annotated[
    str,
    Meta(
        pattern=TERMS,
        description="due_on_receipt, net_30, eom_10 (days after the month's end), day_15 (of next month)",
    ),
]


PLACE = re.compile(r"\{(\w+)\}")
PLACES = frozenset(("contact", "number", "date", "due", "total", "balance", "link", "seller"))
"""What texts of letters may name."""


class BillingSettings(Settings, frozen=True, kw_only=True):
    """How invoices are made, taxed, sent and reminded of."""

    seller_name: Annotated[
        str, Meta(max_length=200, title="Name on invoices", description="Empty: the organisation's")
    ] = ""
    seller_address: Annotated[Address, Meta(title="Address on invoices")] = Address()
    seller_tax_id: Annotated[str, Meta(max_length=40, title="VAT or tax number")] = ""
    seller_email: Annotated[str, Meta(max_length=254, title="E-mail for questions about invoices")] = ""
    seller_phone: Annotated[str, Meta(max_length=40, title="Phone for questions about invoices")] = ""
    bank_account: Annotated[str, Meta(max_length=60, title="Bank account (IBAN)")] = ""
    bank_name: Annotated[str, Meta(max_length=100, title="Bank")] = ""
    invoice_numbers: Annotated[
        str,
        Meta(
            min_length=5,
            max_length=60,
            title="Numbers of invoices",
            description="{YYYY}, {YY}, {MM}, {seq:04}",
        ),
    ] = "INV-{YYYY}-{seq:04}"
    credit_numbers: Annotated[str, Meta(min_length=5, max_length=60, title="Numbers of credit memos")] = (
        "CM-{YYYY}-{seq:04}"
    )
    numbers_reset_yearly: Annotated[bool, Meta(title="Numbers start again each year")] = True
    earlier_dates: Annotated[
        Literal["refuse", "warn"], Meta(title="Invoices dated before the last number's")
    ] = "warn"
    terms_text: Annotated[str, Meta(max_length=4000, title="Text below the sums")] = ""
    template: Annotated[
        Literal["classic", "modern"], Meta(title="Look of invoices", description="modern has a coloured head")
    ] = "classic"
    payment_terms: Annotated[PaymentTerms, Meta(title="Payment terms")] = "net_30"
    charges_tax: Annotated[
        bool, Meta(title="Charge tax", description="Every taxable line then needs a rate")
    ] = False
    tax_rounding: Annotated[Literal["per_group", "per_line"], Meta(title="Tax is rounded")] = "per_group"
    prices_include_tax: Annotated[bool, Meta(title="Prices include tax")] = False
    discount_reduces_tax: Annotated[bool, Meta(title="Discounts reduce tax")] = True
    reverse_charge_note: Annotated[str, Meta(max_length=300, title="Note for reverse charge")] = (
        "Reverse charge: the recipient is liable for the tax."
    )
    invoice_grouping: Annotated[Grouping, Meta(title="Lines are grouped by")] = "ticket"
    approval_required: Annotated[bool, Meta(title="Invoices need approval")] = False
    invoice_zero: Annotated[bool, Meta(title="Write invoices over nothing")] = False
    minimum_amount: Annotated[
        Decimal, Meta(title="Least amount of an invoice", description="Less is carried to the next run")
    ] = Decimal(0)
    locked_through: Annotated[
        datetime.date | None,
        Meta(title="Books closed up to and including", description="Nothing is dated on or before this date"),
    ] = None
    auto_apply: Annotated[bool, Meta(title="Apply payments to the oldest invoices")] = True
    reminder_days: Annotated[
        tuple[int, ...],
        Meta(title="Reminders, in days after the due date", description="Negative: before it"),
    ] = (-3, 1, 7, 14, 30)
    reminders: Annotated[bool, Meta(title="Send reminders")] = True
    late_fee_percent: Annotated[
        Decimal,
        Meta(title="Late fee in percent of overdue amounts, every thirty days", description="0: none"),
    ] = Decimal(0)
    invoice_mail_subject: Annotated[
        str, Meta(max_length=200, title="Subject of mails with invoices", description="Empty: the usual one")
    ] = ""
    invoice_mail_text: Annotated[
        str,
        Meta(
            max_length=4000,
            title="Text of mails with invoices",
            description="{contact}, {number}, {date}, {due}, {total}, {balance}, {link}, {seller}; empty: the usual one",
        ),
    ] = ""
    reminder_mail_text: Annotated[
        str,
        Meta(
            max_length=4000,
            title="Text of reminders",
            description="With the same places; empty: the usual one",
        ),
    ] = ""
    link_days: Annotated[int, Meta(ge=1, le=3650, title="Days that an invoice's link works")] = 365
    public_url: Annotated[
        str, Meta(max_length=200, title="Address in links", description="Such as https://desk.example.com")
    ] = ""

    def __post_init__(self) -> None:
        """Refuse patterns without a sequence, or without a year where numbers start again (BILL-02), and unknown places."""
        for pattern in (self.invoice_numbers, self.credit_numbers):
            fault = fault_of(pattern, resets_yearly=self.numbers_reset_yearly)
            if fault:
                raise ValueError(fault)
        for text in (self.invoice_mail_subject, self.invoice_mail_text, self.reminder_mail_text):
            unknown = set(PLACE.findall(text)) - PLACES
            if unknown:
                raise ValueError(f"Letters know no {{{min(unknown)}}}.")
