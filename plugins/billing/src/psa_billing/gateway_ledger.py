"""What gateways report: every report may come again, late, or before another (BILL-32, BILL-33)."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_billing import gateway_methods, ledger, money_back
from psa_billing.api import INVOICES, PAYMENTS, PaymentFailed, PaymentReceived
from psa_billing.api_gateways import MethodDetails, Receipt
from psa_billing.gateway_configs import config_of
from psa_billing.settings import BillingSettings
from psa_sdk import Context
from psa_sdk.errors import Conflict

EVENT = (
    "INSERT INTO billing.gateway_event (provider, event) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id"
)
BY_REFERENCE = """
SELECT * FROM billing.attempt WHERE provider = $1 AND (reference = $2 OR id = $3) ORDER BY id = $3 DESC NULLS LAST
FOR UPDATE"""
STATE = """
UPDATE billing.attempt SET state = $2, failure = $3, is_hard = $4, payment = coalesce($5, payment), updated_at = $6,
    reference = coalesce($7, reference), version = version + 1 WHERE id = $1"""
ORDER_OVER = """
UPDATE billing.gateway_refund SET state = $2, reference = $3, failure = $4, updated_at = $5, version = version + 1
WHERE id::text = $1 AND state <> $2"""
OPEN = """
SELECT * FROM billing.attempt WHERE provider = $1 AND id = $2 AND state IN ('pending', 'processing') FOR UPDATE"""
PAID = "SELECT id FROM billing.payment WHERE gateway = $1 AND gateway_transaction_id = $2"


class StoredGatewayLedger:
    """Implements `psa_billing.api.GatewayLedger`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx
        self._records = ctx.as_system().records

    async def config(self, provider: str) -> Mapping[str, str] | None:
        """Return a provider's stored config, unsealed; None where there is none, or it is switched off."""
        return await config_of(self._ctx, provider)

    async def first_time(self, provider: str, event_id: str) -> bool:
        """Note a webhook's event and tell whether it is new."""
        return await self._ctx.db.fetch_value(EVENT, provider, event_id) is not None

    async def attempt_for(self, provider: str, reference: str) -> UUID | None:
        """Return the attempt that a gateway's reference belongs to."""
        attempt = await self._attempt(provider, reference)
        return attempt["id"] if attempt else None

    async def company_of(self, provider: str, customer: str) -> UUID | None:
        """Return the company that a gateway's customer is."""
        return await gateway_methods.company_of(self._ctx, provider, customer)

    async def processing(self, provider: str, reference: str, *, attempt_id: UUID | None = None) -> None:
        """Money is on its way: dunning stops, no second payment is taken."""
        attempt = await self._attempt(provider, reference, attempt_id)
        if attempt is not None and attempt["state"] == "pending":
            await self._state(attempt, "processing", reference=reference)
            await self._mark(attempt, processing=True)

    async def take(self, provider: str, attempt_id: UUID) -> bool:
        """Tell whether what a payer agreed to is still wanted; it is under way from then on."""
        attempt = await self._ctx.db.fetch_one(OPEN, provider, attempt_id)
        if attempt is None:
            return False
        await self.processing(provider, "", attempt_id=attempt_id)
        return True

    async def succeeded(self, provider: str, receipt: Receipt) -> UUID:
        """Record the payment once and apply it; what doesn't fit stays unapplied and wants attention."""
        reference = receipt.reference
        await self._ctx.db.lock("billing.gateway", provider, reference)
        known: UUID | None = await self._ctx.db.fetch_value(PAID, provider, reference)
        if known is not None:
            if receipt.fee is not None and (await self._records.get(PAYMENTS, known))["fee"] is None:
                await self._records.update(PAYMENTS, known, {"fee": receipt.fee})
            return known
        attempt = await self._attempt(provider, reference, receipt.attempt_id)
        attention = self._doubts(attempt, receipt)
        payer: UUID | None = attempt["company"] if attempt else receipt.company_id
        if payer is None:
            raise LookupError(f"{provider} reports {reference}, which names no company of this tenant.")
        payment = await self._records.create(
            PAYMENTS,
            {
                "company": payer,
                "payment_date": await self._booked_on(receipt.at),
                "amount": receipt.amount,
                "currency": receipt.currency,
                "payment_method": receipt.method,
                "gateway": provider,
                "gateway_transaction_id": reference,
                "fee": receipt.fee,
                "needs_attention": attention,
            },
        )
        if attempt is not None:
            await self._state(attempt, "succeeded", payment=payment, reference=reference)
            await self._mark(attempt, processing=False)
        meant = _invoices(attempt) if attempt else list(receipt.invoice_ids)
        await self._apply(payment, meant, attention)
        return payment

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
        attempt = await self._attempt(provider, reference, attempt_id)
        payment: UUID | None = await self._ctx.db.fetch_value(PAID, provider, reference)
        if payment is not None and not returned:
            return
        if payment is not None:
            await money_back.fail(self._ctx, payment, reason, self._ctx.today)
        if attempt is None or attempt["state"] == "failed" or (payment is None and attempt["payment"]):
            return
        await self._state(attempt, "failed", failure=reason, hard=hard)
        await self._mark(attempt, processing=False)
        await self._ctx.emit(
            PaymentFailed(
                attempt_id=attempt["id"],
                company_id=attempt["company"],
                invoice_ids=_invoices(attempt),
                reason=reason,
            )
        )

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
        """Money was given back; more than is known to be left is for somebody to look at."""
        payment: UUID | None = await self._ctx.db.fetch_value(PAID, provider, reference)
        if payment is None:
            return
        row = await self._records.get(PAYMENTS, payment)
        if key:
            await self._ctx.db.execute(
                ORDER_OVER, key, "done" if is_final else "accepted", refund, "", self._ctx.now
            )
        try:
            await money_back.refund(
                self._ctx,
                payment,
                amount,
                date=await self._booked_on(self._ctx.now),
                method=row["payment_method"],
                reference=refund,
                reason="",
            )
        except Conflict as problem:
            attention = f"{refund}: {amount} {row['currency']} went back. {problem}"
            await self._records.update(PAYMENTS, payment, {"needs_attention": attention[:500]})

    async def refund_failed(
        self, provider: str, reference: str, *, refund: str, reason: str, key: str = ""
    ) -> None:
        """A refund that was agreed to never left: what it was taken from is paid again."""
        payment: UUID | None = await self._ctx.db.fetch_value(PAID, provider, reference)
        if payment is None:
            return
        if key:
            await self._ctx.db.execute(ORDER_OVER, key, "failed", refund, reason[:500], self._ctx.now)
        attempt = await self._attempt(provider, reference)
        await money_back.refund_failed(
            self._ctx, payment, refund, reason, _invoices(attempt) if attempt else []
        )

    async def disputed(self, provider: str, reference: str, *, dispute: str, amount: Decimal) -> None:
        """The payer took money back for now: the amount is withdrawn and the invoices marked."""
        payment: UUID | None = await self._ctx.db.fetch_value(PAID, provider, reference)
        if payment is not None and await self.first_time(provider, f"dispute {dispute}"):
            await money_back.dispute(self._ctx, payment, amount)

    async def dispute_closed(self, provider: str, reference: str, *, dispute: str, won: bool) -> None:
        """A dispute ended; won restores the amount. One that ends before it began never was."""
        payment: UUID | None = await self._ctx.db.fetch_value(PAID, provider, reference)
        if payment is None:
            return
        began = not await self.first_time(provider, f"dispute {dispute}")
        if began and await self.first_time(provider, f"dispute {dispute} over"):
            attempt = await self._attempt(provider, reference)
            await money_back.dispute_over(self._ctx, payment, _invoices(attempt) if attempt else [], won=won)

    async def method_saved(
        self, provider: str, customer: str, method: MethodDetails, *, company_id: UUID | None = None
    ) -> None:
        """A card or account was stored for a company."""
        company = company_id or await self.company_of(provider, customer)
        if company is not None:
            await gateway_methods.note_customer(self._ctx, provider, company, customer)
            await gateway_methods.note_method(self._ctx, provider, company, method)

    async def method_gone(self, provider: str, reference: str) -> None:
        """A card or account is no longer stored."""
        await gateway_methods.drop_method(self._ctx, provider, reference)

    async def customer_gone(self, provider: str, customer: str) -> None:
        """A customer was deleted at the gateway, and what was stored for them."""
        await gateway_methods.drop_customer(self._ctx, provider, customer)

    async def _attempt(
        self, provider: str, reference: str, attempt_id: UUID | None = None
    ) -> dict[str, Any] | None:
        row = await self._ctx.db.fetch_one(BY_REFERENCE, provider, reference, attempt_id)
        return dict(row) if row else None

    async def _booked_on(self, at: datetime.datetime) -> datetime.date:
        """Return the local day of an instant; today where the books of that day are closed (BILL-43)."""
        day = at.astimezone(self._ctx.timezone).date()
        closed = (await self._ctx.settings(BillingSettings)).locked_through
        return self._ctx.today if closed is not None and day <= closed else day

    async def _state(
        self,
        attempt: Mapping[str, Any],
        state: str,
        *,
        failure: str = "",
        hard: bool = False,
        payment: UUID | None = None,
        reference: str = "",
    ) -> None:
        await self._ctx.db.execute(
            STATE, attempt["id"], state, failure, hard, payment, self._ctx.now, reference or None
        )

    async def _mark(self, attempt: Mapping[str, Any], *, processing: bool) -> None:
        for invoice_id in _invoices(attempt):
            await self._records.update(INVOICES, invoice_id, {"is_processing": processing})

    @staticmethod
    def _doubts(attempt: Mapping[str, Any] | None, receipt: Receipt) -> str:
        if attempt is None:
            return "Nobody here asked for this payment."
        if receipt.company_id not in {None, attempt["company"]}:
            return "The gateway names another company than was asked."
        if (receipt.amount, receipt.currency) != (attempt["amount"], attempt["currency"]):
            return f"{attempt['amount']} {attempt['currency']} was asked for."
        return ""

    async def _apply(self, payment_id: UUID, invoices: Sequence[UUID], attention: str) -> None:
        await ledger.lock(self._ctx, [(await self._records.get(PAYMENTS, payment_id))["company"]])
        payment = await self._records.get(PAYMENTS, payment_id, lock=True)
        if invoices and not attention.startswith("The gateway names"):
            await ledger.apply_oldest_first(self._ctx, "payment", payment, list(invoices))
            payment = await self._records.get(PAYMENTS, payment_id)
        if payment["unapplied"] and not attention:
            attention = "Less was open than was paid."
            await self._records.update(PAYMENTS, payment_id, {"needs_attention": attention})
        await self._ctx.emit(
            PaymentReceived(
                payment_id=payment_id,
                company_id=payment["company"],
                amount=payment["amount"],
                currency=payment["currency"],
                unapplied=payment["unapplied"],
                needs_attention=attention,
            )
        )


def _invoices(attempt: Mapping[str, Any]) -> list[UUID]:
    value = attempt["invoices"]
    stored = msgspec.json.decode(value) if isinstance(value, str | bytes) else value
    return [UUID(one) for one in stored]
