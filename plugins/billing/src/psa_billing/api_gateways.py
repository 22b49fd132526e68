"""Payment gateways: what a gateway plugin implements, and the ledger that it reports to.

The gateway owns its webhook's route, its signatures and its formats. Billing owns attempts, payments, allocations.
Amounts are decimals of the currency; minor units are the gateway's affair.
"""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk import Context, hookspec

PaymentMethod = Literal["check", "credit_card", "ach", "wire", "cash", "other"]


class PaymentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid: computed by billing from the open balance (BILL-34).

    `attempt_id` is the idempotency key. `saved_method` is a gateway's reference to a stored card or account.
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


class PaymentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order; `redirect` is where the payer goes, `client_secret` is for a page of ours."""

    reference: str
    status: Literal["pending", "processing", "succeeded", "failed"]
    redirect: str = ""
    client_secret: str = ""
    failure: str = ""
    hard: bool = False
    """Trying the same method again is pointless."""
    method: PaymentMethod = "credit_card"
    fee: Decimal | None = None


class PaymentGateway(Protocol):
    """A gateway. `config` is what the tenant stored for it, unsealed; `is_test_mode` is part of it."""

    @property
    def name(self) -> str:
        """The provider's key: `stripe`."""
        ...

    @property
    def title(self) -> str:
        """The provider's name for people."""
        ...

    @property
    def settings(self) -> type[msgspec.Struct]:
        """What its config holds: a Struct by which it is validated and its form is made."""
        ...

    async def check(self, ctx: Context, config: Mapping[str, str]) -> str:
        """Ask the gateway whether the credentials work; returns the account's name, raises `Invalid`."""
        ...

    async def start(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Open a page or intent for a payer who is present."""
        ...

    async def charge(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Charge a saved method, nobody being present."""
        ...

    async def refund(
        self,
        ctx: Context,
        config: Mapping[str, str],
        reference: str,
        amount: Decimal,
        currency: str,
        key: str,
    ) -> str:
        """Give back a part of what was paid; returns the refund's reference. `key` makes it idempotent."""
        ...


@hookspec
def psa_payment_gateways() -> Sequence[PaymentGateway]:  # pyright: ignore[reportReturnType]
    """Return the payment gateways that a plugin brings."""


class GatewayLedger(Protocol):
    """What gateways report to. Every method may be called again, and in any order (BILL-32)."""

    async def config(self, provider: str) -> Mapping[str, str] | None:
        """Return a provider's stored config, unsealed; None where the tenant has none or has switched it off."""
        ...

    async def first_time(self, provider: str, event_id: str) -> bool:
        """Note a webhook's event and tell whether it is new; with the unit of work it is forgotten again."""
        ...

    async def attempt_for(self, provider: str, reference: str) -> UUID | None:
        """Return the attempt that a gateway's reference belongs to."""
        ...

    async def processing(self, provider: str, reference: str) -> None:
        """Money is on its way: dunning stops, no second payment is taken (BILL-33)."""
        ...

    async def succeeded(
        self,
        provider: str,
        reference: str,
        *,
        amount: Decimal,
        currency: str,
        at: datetime.datetime,
        method: PaymentMethod = "credit_card",
        fee: Decimal | None = None,
        company_id: UUID | None = None,
        invoice_ids: Sequence[UUID] = (),
    ) -> UUID:
        """Record the payment once and apply it; returns its id.

        `company_id` and `invoice_ids` are what the gateway's metadata says. An unknown reference, another company's
        or a settled invoice leaves an unapplied payment and `PaymentReceived.needs_attention`.
        """
        ...

    async def failed(self, provider: str, reference: str, *, reason: str, hard: bool = False) -> None:
        """Money didn't arrive, or came back: what the payment was applied to is open again."""
        ...

    async def refunded(self, provider: str, reference: str, *, refund: str, amount: Decimal) -> None:
        """Money was given back; `refund` is the refund's own reference."""
        ...

    async def disputed(self, provider: str, reference: str, *, dispute: str, amount: Decimal) -> None:
        """The payer took money back for now: the amount is withdrawn and the invoice marked."""
        ...

    async def dispute_closed(self, provider: str, reference: str, *, dispute: str, won: bool) -> None:
        """A dispute ended; won restores the amount."""
        ...
