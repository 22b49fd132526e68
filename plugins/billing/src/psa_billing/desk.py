"""Drafts that other plugins ask for."""

from collections.abc import Collection, Mapping
from uuid import UUID

from psa_billing import claims
from psa_billing.api_sources import BillingScope, DraftRequest
from psa_billing.drafting import Wanted, payer, write
from psa_billing.grouping import Sourced
from psa_billing.payers import billed_for
from psa_sdk import Context


class StoredInvoiceDesk:
    """Implements `psa_billing.api.InvoiceDesk`."""

    def __init__(self, ctx: Context) -> None:
        """Work within a unit of work."""
        self._ctx = ctx

    async def draft(self, request: DraftRequest) -> UUID | None:
        """Write a draft and return its id; None where all keys are on invoices already, or it comes to nothing."""
        ctx = self._ctx
        who = await payer(ctx, request.company_id)
        taken = await claims.claimed(ctx, request.source, {line.key for line in request.lines})
        name = (
            ""
            if who.id == request.company_id
            else (await billed_for(ctx, request.company_id))[request.company_id]
        )
        found = [
            Sourced(source=request.source, line=line, company=name)
            for line in request.lines
            if line.key not in taken
        ]
        scope = BillingScope(
            company_id=request.company_id,
            through=request.invoice_date,
            invoice_date=request.invoice_date,
            contract_id=request.contract_id,
        )
        outcome = await write(ctx, scope, who, found, [], (), Wanted())
        return outcome.drafts[0].id if outcome.drafts else None

    async def claimed(self, source: str, keys: Collection[str]) -> Mapping[str, UUID]:
        """Return which keys are on which invoice."""
        return await claims.claimed(self._ctx, source, keys)
