"""Hours that were bought by agreement get a draft invoice at once (CON-16)."""

from psa_billing.api import DraftRequest, InvoiceDesk
from psa_contracts import charges
from psa_contracts.api import HoursToppedUp
from psa_contracts.with_billing.source import NAME, line
from psa_sdk import Context, on


@on(HoursToppedUp)
async def bill_top_up(ctx: Context, event: HoursToppedUp) -> None:
    """Write one draft for a top-up; once, since its key is claimed."""
    found = await charges.due(ctx, [event.contract_id], ctx.today)
    contract = await ctx.records.get("contracts", event.contract_id)
    lines = [line(one, contract["po_number"]) for one in found if one.item_id == event.item_id]
    if lines and ctx.provides(InvoiceDesk):
        await ctx.service(InvoiceDesk).draft(
            DraftRequest(
                company_id=event.company_id,
                source=NAME,
                lines=lines,
                invoice_date=ctx.today,
                contract_id=event.contract_id,
            )
        )
