"""Payment gateways: what a gateway plugin implements, and the ledger that it reports to.

The gateway owns its webhook's route, its signatures and its formats. Billing owns attempts, payments, allocations,
customers and saved methods. Amounts are decimals of the currency; minor units are the gateway's affair.

What is asked of a gateway is written down and committed first, then asked without a database connection
(`Context.outside`), then what it said is written down. A crash between leaves an attempt that is looked at later.
"""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec

from psa_sdk import Context, hookspec

PaymentMethod = Literal["check", "credit_card", "ach", "wire", "cash", "other"]


class PaymentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid: computed by billing from the open balance (BILL-34).

    `attempt_id` is the idempotency key. `saved_method` is a gateway's reference to a stored card or account,
    `customer` its reference to the company, empty where it has none yet.
    """

    attempt_id: UUID
    tenant_id: UUID
    company_id: UUID
    company_name: str
    email: str
    invoice_ids: Sequence[UUID]
    description: str
    amount: Decimal
    currency: str
    success_url: str = ""
    cancel_url: str = ""
    saved_method: str = ""
    customer: str = ""


class PaymentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order; `redirect` is where the payer goes.

    `customer` is the gateway's reference to the company; `expires_at` when its page closes.
    """

    reference: str
    status: Literal["pending", "processing", "succeeded", "failed"]
    redirect: str = ""
    failure: str = ""
    hard: bool = False
    """Trying the same method again is pointless."""
    method: PaymentMethod = "credit_card"
    fee: Decimal | None = None
    customer: str = ""
    expires_at: datetime.datetime | None = None


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be given back of a payment; `key` is the idempotency key, `reference` the payment's."""

    key: UUID
    reference: str
    amount: Decimal
    currency: str


class RefundAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that was accepted; one that isn't final is looked at again until it is."""

    reference: str
    is_final: bool = True


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that arrived; `reference` is its own, by which it is given back.

    `company_id` and `invoice_ids` are what the gateway's metadata says. A fee may be told later.
    """

    reference: str
    amount: Decimal
    currency: str
    at: datetime.datetime
    method: PaymentMethod = "credit_card"
    fee: Decimal | None = None
    company_id: UUID | None = None
    invoice_ids: Sequence[UUID] = ()
    attempt_id: UUID | None = None


class MethodDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A card or account that a gateway keeps for a company: its reference there, how people know it."""

    reference: str
    kind: Literal["card", "bank"]
    label: str
    expires_on: datetime.date | None = None


class PaymentGateway(Protocol):
    """A gateway. `config` is what the tenant stored for it, unsealed; `is_test_mode` is part of it.

    All but `look` and `webhook` are called outside of a transaction: the database is closed to them. They raise
    `Unavailable` where it isn't known whether the gateway did it, any other `Problem` where it surely didn't.
    """

    @property
    def name(self) -> str:
        """The provider's key: `stripe`."""
        ...

    @property
    def title(self) -> str:
        """The provider's name for people."""
        ...

    @property
    def offer(self) -> str:
        """What payers choose it by, where there are several: `Card or bank debit`."""
        ...

    @property
    def settings(self) -> type[msgspec.Struct]:
        """What its config holds: a Struct by which it is validated and its form is made."""
        ...

    def webhook(self, ctx: Context) -> str:
        """Return the address to enter at the gateway for its events; empty where it has none."""
        ...

    async def check(self, ctx: Context, config: Mapping[str, str]) -> str:
        """Ask the gateway whether the credentials work; returns the account's name, raises `Invalid`."""
        ...

    async def start(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Open a page or intent for a payer who is present."""
        ...

    async def refund(self, ctx: Context, config: Mapping[str, str], order: RefundOrder) -> RefundAnswer:
        """Give back a part of what was paid."""
        ...

    async def close(self, ctx: Context, config: Mapping[str, str], reference: str) -> bool:
        """Close a page so that nobody pays there any more; False where somebody did or is about to."""
        ...

    async def look(
        self, ctx: Context, config: Mapping[str, str], reference: str, order: PaymentOrder | None = None
    ) -> None:
        """Ask what became of an order or payment and report it to the `GatewayLedger`: no webhook may have come.

        `reference` is empty where the gateway's first answer was lost; `order` is None for a payment. Goes
        outside itself.
        """
        ...


@runtime_checkable
class StoringGateway(PaymentGateway, Protocol):
    """A gateway that keeps cards or accounts for companies, to be charged later."""

    async def save(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Open a page on which a payer who is present stores a card or account; nothing is paid."""
        ...

    async def charge(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Charge a saved method, nobody being present."""
        ...

    async def forget(self, ctx: Context, config: Mapping[str, str], saved_method: str) -> None:
        """Drop a stored card or account; one that is gone already is no error."""
        ...


@hookspec
def psa_payment_gateways() -> Sequence[PaymentGateway]:  # pyright: ignore[reportReturnType]
    """Return the payment gateways that a plugin brings."""


class GatewayLedger(Protocol):
    """What gateways report to. Every method may be called again, and in any order (BILL-32).

    An attempt is found by the gateway's `reference` or, where the gateway tells it, by `attempt_id`; the reference
    of what was paid becomes its own.
    """

    async def config(self, provider: str) -> Mapping[str, str] | None:
        """Return a provider's stored config, unsealed; None where the tenant has none or has switched it off."""
        ...

    async def first_time(self, provider: str, event_id: str) -> bool:
        """Note a webhook's event and tell whether it is new; with the unit of work it is forgotten again."""
        ...

    async def attempt_for(self, provider: str, reference: str) -> UUID | None:
        """Return the attempt that a gateway's reference belongs to."""
        ...

    async def company_of(self, provider: str, customer: str) -> UUID | None:
        """Return the company that a gateway's customer is."""
        ...

    async def processing(self, provider: str, reference: str, *, attempt_id: UUID | None = None) -> None:
        """Money is on its way: dunning stops, no second payment is taken (BILL-33)."""
        ...

    async def take(self, provider: str, attempt_id: UUID) -> bool:
        """Tell whether what a payer agreed to is still wanted; it is under way from then on.

        For gateways at which the money is fetched after the payer agreed: go `Context.outside` to fetch it.
        """
        ...

    async def succeeded(self, provider: str, receipt: Receipt) -> UUID:
        """Record the payment once and apply it; returns its id.

        An unknown reference, another company's or a settled invoice leaves an unapplied payment and
        `PaymentReceived.needs_attention`.
        """
        ...

    async def failed(
        self,
        provider: str,
        reference: str,
        *,
        reason: str,
        hard: bool = False,
        returned: bool = False,
        attempt_id: UUID | None = None,
    ) -> None:
        """Money didn't arrive; only with `returned` a payment that had arrived came back, and what it paid is open."""
        ...

    async def refunded(
        self,
        provider: str,
        reference: str,
        *,
        refund: str,
        amount: Decimal,
        key: str = "",
        is_final: bool = True,
    ) -> None:
        """Money was given back; `refund` is the refund's own reference, `key` that of our order if it was ours."""
        ...

    async def refund_failed(
        self, provider: str, reference: str, *, refund: str, reason: str, key: str = ""
    ) -> None:
        """A refund that was agreed to never left: what it was taken from is paid again."""
        ...

    async def disputed(self, provider: str, reference: str, *, dispute: str, amount: Decimal) -> None:
        """The payer took money back for now: the amount is withdrawn and the invoice marked."""
        ...

    async def dispute_closed(self, provider: str, reference: str, *, dispute: str, won: bool) -> None:
        """A dispute ended; won restores the amount."""
        ...

    async def method_saved(
        self, provider: str, customer: str, method: MethodDetails, *, company_id: UUID | None = None
    ) -> None:
        """A card or account was stored for a company; of an unknown customer only with `company_id`."""
        ...

    async def method_gone(self, provider: str, reference: str) -> None:
        """A card or account is no longer stored."""
        ...

    async def customer_gone(self, provider: str, customer: str) -> None:
        """A customer was deleted at the gateway, and what was stored for them."""
        ...
