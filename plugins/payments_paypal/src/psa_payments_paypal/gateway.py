"""PayPal as a payment gateway of billing."""

import base64
from collections.abc import Mapping

from psa_billing.api import PaymentAnswer, PaymentOrder, RefundAnswer, RefundOrder, Refused
from psa_payments_paypal import converging, orders
from psa_payments_paypal.client import TITLE, Client
from psa_payments_paypal.config import PayPalConfig
from psa_payments_paypal.converging import PAYPAL
from psa_payments_paypal.refusals import sentence
from psa_sdk import Context
from psa_sdk.errors import Invalid
from psa_sdk.network import Network
from psa_sdk.signing import Signer, write_token

EVENTS, BACK = "/payments-paypal/events", "/payments-paypal/back"
PURPOSE = "payments_paypal.back"


class PayPalGateway:
    """Implements `psa_billing.api.PaymentGateway`: orders to which payers agree at PayPal, refunds."""

    name = PAYPAL
    title = TITLE
    offer = TITLE
    settings = PayPalConfig

    def webhook(self, ctx: Context) -> str:
        """Return the address to enter as a webhook of the app."""
        return f"{ctx.service(Network).home}/api/v1{EVENTS}"

    async def check(self, ctx: Context, config: Mapping[str, str]) -> str:
        """Log in, and look where the webhook leads; raises `Invalid` for wrong credentials or another address."""
        client = Client(ctx, config)
        await client.log_in()
        if not config.get("webhook_id"):
            return f"{TITLE}, without events"
        try:
            webhook = await client.get(f"/v1/notifications/webhooks/{config['webhook_id']}")
        except Refused as problem:
            raise Invalid(
                f"The app has no webhook {config['webhook_id']}; enter the ID of one of its own.",
                code="unknown_webhook",
            ) from problem
        if webhook["url"] != self.webhook(ctx):
            raise Invalid(
                f"The webhook leads to {webhook['url']}; change it to {self.webhook(ctx)} at PayPal.",
                code="other_webhook",
            )
        return TITLE

    async def start(self, ctx: Context, config: Mapping[str, str], order: PaymentOrder) -> PaymentAnswer:
        """Make an order and lead to the page on which the payer agrees to it."""
        body = orders.page(order, _way_back(ctx, order.success_url), _way_back(ctx, order.cancel_url))
        made = await Client(ctx, config).post("/v2/checkout/orders", body, f"order-{order.attempt_id}")
        return PaymentAnswer(
            reference=made["id"],
            status="pending",
            redirect=orders.page_of(made),
            expires_at=ctx.now + orders.OPEN,
        )

    async def refund(self, ctx: Context, config: Mapping[str, str], order: RefundOrder) -> RefundAnswer:
        """Give back a part of a payment."""
        made = await Client(ctx, config).post(
            f"/v2/payments/captures/{order.reference}/refund", orders.refund(order), f"refund-{order.key}"
        )
        if made["status"] in {"FAILED", "CANCELLED"}:
            raise Refused(
                sentence("", "PayPal couldn't give the money back."), provider=PAYPAL, reason=made["status"]
            )
        return RefundAnswer(reference=made["id"], is_final=made["status"] == "COMPLETED")

    async def close(self, ctx: Context, config: Mapping[str, str], reference: str) -> bool:
        """Tell that nobody paid; an order that nobody fetches the money of is PayPal's to cancel."""
        try:
            found = await Client(ctx, config).get(f"/v2/checkout/orders/{reference}")
        except Refused as problem:
            if not problem.gone:
                raise
            return True
        return found["status"] != "COMPLETED"

    async def look(
        self, ctx: Context, config: Mapping[str, str], reference: str, order: PaymentOrder | None = None
    ) -> None:
        """Report what became of an order, or of a payment if no order is given."""
        client = Client(ctx, config)
        if order is None:
            await converging.capture(ctx, client, reference)
        elif reference:
            await converging.order(ctx, client, reference, attempt_id=order.attempt_id)


def _way_back(ctx: Context, url: str) -> str:
    """Return an address that takes the payer back from PayPal, over us, to where they came from."""
    home = ctx.service(Network).home
    place = base64.urlsafe_b64encode((url or home).encode()).decode().rstrip("=")
    return f"{home}/api/v1{BACK}/{write_token(ctx.service(Signer), PURPOSE, place)}"
