"""A gateway plugin for tests: it takes what it is told to take, and its webhooks come when the test says so."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from psa_billing.api import PaymentAnswer, PaymentGateway, PaymentOrder
from psa_sdk import Context, Manifest, hookimpl
from psa_sdk.errors import Invalid

orders: list[PaymentOrder] = []
refunds: list[tuple[str, Decimal]] = []


class TillConfig(msgspec.Struct):
    api_key: str


class Till:
    name = "till"
    title = "The till"
    settings = TillConfig

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
        if order.saved_method == "declined":
            return PaymentAnswer(
                reference=f"order-{order.attempt_id}", status="failed", failure="Declined", hard=True
            )
        return PaymentAnswer(reference=f"order-{order.attempt_id}", status="succeeded", fee=Decimal("0.59"))

    async def refund(
        self,
        ctx: Context,
        config: Mapping[str, str],
        reference: str,
        amount: Decimal,
        currency: str,
        key: str,
    ) -> str:
        refunds.append((reference, amount))
        return f"refund-{key}"


@hookimpl
def psa_payment_gateways() -> Sequence[PaymentGateway]:
    return (Till(),)


@hookimpl
def psa_manifest() -> Manifest:
    return Manifest(name="till", title="Till", requires=("billing",))
