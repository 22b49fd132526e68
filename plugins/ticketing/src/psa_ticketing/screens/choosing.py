"""What is done with tickets that were chosen in a list; each stands for itself, one failing stops no other (TIC-63)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import BulkAction, Done
from psa_ticketing import defaults
from psa_ticketing.api import TICKETS

UPDATE = "ticketing.tickets.update"


async def _change(ctx: Context, ids: Sequence[UUID], values: Mapping[str, Any], toast: str) -> Done:
    body = {"ids": [str(one) for one in ids], **values}
    answer = await ctx.service(Documents).call("POST", "/tickets/bulk", body=body)
    failed = answer.attributes.failed
    if failed:
        toast = f"{answer.attributes.changed} / {len(ids)}: {failed[0]['detail']}"
    return Done(toast=toast, refresh=(TICKETS, *(f"{TICKETS}:{one}" for one in ids)))


async def take(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Assign tickets to oneself."""
    return await _change(ctx, ids, {"assigned_to": str(ctx.principal.id)}, "Assigned to you")


async def resolve(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Resolve tickets."""
    status = await defaults.status_of(ctx, "resolved")
    return await _change(ctx, ids, {"status": str(status)}, "Resolved")


async def wait(ctx: Context, ids: Sequence[UUID]) -> Done:
    """Let tickets wait for the client."""
    status = await defaults.status_of(ctx, "waiting_customer")
    return await _change(ctx, ids, {"status": str(status)}, "Waiting for the client")


BULK = (
    BulkAction(
        resource=TICKETS,
        id="take",
        title="Assign to me",
        permission="ticketing.tickets.assign",
        handle=take,
        icon="user-round-check",
        hotkey="i",
        order=10,
    ),
    BulkAction(
        resource=TICKETS,
        id="resolve",
        title="Resolve",
        permission=UPDATE,
        handle=resolve,
        icon="circle-check",
        hotkey="e",
        order=20,
    ),
    BulkAction(
        resource=TICKETS,
        id="wait",
        title="Wait for client",
        permission=UPDATE,
        handle=wait,
        icon="hourglass",
        order=30,
    ),
)
