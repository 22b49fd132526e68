"""A gateway plugin for tests: it takes what it is told to take, and its webhooks come when the test says so."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from psa_billing.api import (
    GatewayLedger,
    PaymentAnswer,
    PaymentGateway,
    PaymentOrder,
    Receipt,
    RefundAnswer,
    RefundOrder,
)
from psa_sdk import Context, Manifest, hookimpl
from psa_sdk.errors import Invalid, Unavailable

orders: list[PaymentOrder] = []
refunds: list[tuple[str, Decimal]] = []
closed: list[str] = []
forgotten: list[str] = []
taken: set[UUID] = set()
"""Orders that were carried out although the till's answer was lost."""


class TillConfig(msgspec.Struct):
    api_key: str


class Till:
    name = "till"
    title = "The till"
    offer = "Cash"
    settings = TillConfig

    def webhook(self, ctx: Context) -> str:
        return "https://till.example.com/hooks"

    async def check(self, ctx: Context, config: Mapping[str, str]) -> str:
        if config["api_key"] != "right":
            raise Invalid("The key is wrong.")
        return "Example account"

    async def start(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        orders.append(order)
        return PaymentAnswer(
            reference=f"order-{order.attempt_id}", status="pending", redirect="https://till.example.com/pay"
        )

    async def charge(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        orders.append(order)
        if order.saved_method == "cut":
            taken.add(order.attempt_id)
        if order.saved_method in {"cut", "dead"}:
            raise Unavailable("The line is dead.")
        if order.saved_method == "declined":
            return PaymentAnswer(
                reference=f"order-{order.attempt_id}", status="failed", failure="Declined", hard=True
            )
        return PaymentAnswer(reference=f"order-{order.attempt_id}", status="succeeded", fee=Decimal("0.59"))

    async def refund(self, ctx: Context, config: Mapping[str, str], order: RefundOrder) -> RefundAnswer:
        refunds.append((order.reference, order.amount))
        return RefundAnswer(reference=f"refund-{order.key}")

    async def close(self, ctx: Context, config: Mapping[str, str], reference: str) -> bool:
        closed.append(reference)
        return True

    async def save(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        return PaymentAnswer(reference="", status="pending", redirect="https://till.example.com/save")

    async def forget(self, ctx: Context, config: Mapping[str, str], saved_method: str) -> None:
        forgotten.append(saved_method)

    async def look(
        self, ctx: Context, config: Mapping[str, str], reference: str, order: PaymentOrder | None = None
    ) -> None:
        if order is not None and order.attempt_id in taken:
            receipt = Receipt(
                reference=f"order-{order.attempt_id}",
                amount=order.amount,
                currency=order.currency,
                at=ctx.now,
                attempt_id=order.attempt_id,
            )
            await ctx.service(GatewayLedger).succeeded("till", receipt)


@hookimpl
def psa_payment_gateways() -> Sequence[PaymentGateway]:
    return (Till(),)


@hookimpl
def psa_manifest() -> Manifest:
    return Manifest(name="till", title="Till", requires=("billing",))
