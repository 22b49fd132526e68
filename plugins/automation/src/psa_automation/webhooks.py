"""Calling other machines: after the commit, to public addresses only, signed, tried again (AUT-05)."""

from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context, actor
from psa_sdk.errors import Unavailable
from psa_sdk.network import Network
from psa_sdk.signing import Signer

SECONDS = 10.0
PURPOSE = "automation.webhook"
SIGNATURE = "X-PSA-Signature"


@actor(queue="default", max_attempts=6, time_limit=30)
async def deliver(ctx: Context, *, url: str, rule_id: UUID, body: dict[str, Any]) -> None:
    """Call a rule's webhook; anything but an answer of 2xx is tried again later."""
    content = msgspec.json.encode(body)
    signature = ctx.service(Signer).sign(PURPOSE, content.decode()).hex()
    answer = await ctx.service(Network).request(
        "POST",
        url,
        headers={
            "Content-Type": "application/json",
            "X-PSA-Rule": str(rule_id),
            # The job's: a receiver that has seen it needn't act again.
            "X-PSA-Delivery": str(ctx.event_id),
            SIGNATURE: f"sha256={signature}",
        },
        content=content,
        seconds=SECONDS,
    )
    if not 200 <= answer.status < 300:
        raise Unavailable(f"{url} answers {answer.status}.", code="webhook_refused")
