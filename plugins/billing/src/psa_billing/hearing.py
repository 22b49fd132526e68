"""What gateways tell by themselves: the way in for their events. Signatures are each gateway's own affair."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from psa_billing.api_gateways import PaymentGateway
from psa_billing.gateway_configs import config_of
from psa_sdk import PUBLIC, Context, post
from psa_sdk.errors import BadRequest, NotFound
from psa_sdk.routes import Route
from psa_sdk.web import WebRequest

T = TypeVar("T", bound=msgspec.Struct)


def webhook(path: str) -> Callable[[Callable[..., Awaitable[Any]]], Route]:
    """Declare a gateway's route for events: open to everybody, answered by 204 and worked on later."""
    return post(
        path,
        permission=PUBLIC,
        audience="both",
        body_types=("application/json",),
        media_type="*/*",
        idempotent=False,
        status=204,
    )


async def hear(
    ctx: Context, request: WebRequest, gateway: PaymentGateway, kind: type[T]
) -> tuple[T, bytes, Mapping[str, str]]:
    """Return an event, its body as it was sent, for the signature, and the gateway's config.

    Raises `NotFound` where the gateway isn't set up, `BadRequest` for what is no event.
    """
    config = await config_of(ctx, gateway.name)
    if config is None:
        raise NotFound(f"{gateway.title} isn't set up here.")
    body = await request.body()
    try:
        return msgspec.json.decode(body, type=kind), body, config
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadRequest(f"That is no event of {gateway.title}'s: {error}") from None
