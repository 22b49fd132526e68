"""Which payment gateways there are, and the tenant's credentials for them, sealed."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from psa_billing.api_gateways import PaymentGateway, psa_payment_gateways
from psa_billing.paper import decoded
from psa_sdk import Answer, AnswerList, Context, get, post, put
from psa_sdk.errors import Conflict, Invalid, NotFound
from psa_sdk.mismatches import mismatch

CONFIGS = "payment-gateway-configs"
CONFIG = (
    "SELECT id, provider, is_active, is_test_mode, fields FROM billing.gateway_config WHERE provider = $1"
)
ACTIVE = "SELECT provider FROM billing.gateway_config WHERE is_active ORDER BY created_at, provider"
MANAGE = "billing.payment_gateway.manage"


class GatewayConfigWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A provider's credentials; what is left out of `config` stays as it is, secrets only at the same address."""

    provider: Annotated[str, Meta(pattern="^[a-z][a-z_]{1,30}$")]
    is_active: bool = True
    is_test_mode: bool = True
    config: dict[str, Annotated[str, Meta(max_length=4000)]] = {}


class GatewayConfigRead(msgspec.Struct, kw_only=True):
    """A provider and which of its credentials are set; their values aren't shown."""

    provider: str
    title: str
    is_installed: bool
    is_active: bool
    is_test_mode: bool
    is_set: dict[str, bool]
    webhook: str


class TestGateway(msgspec.Struct, forbid_unknown_fields=True):
    """Which provider is asked."""

    provider: str


class GatewayTested(msgspec.Struct):
    """The account that the credentials belong to."""

    provider: str
    account: str


def installed_gateways(ctx: Context) -> dict[str, PaymentGateway]:
    """Return the gateways that are installed, by name."""
    return {one.name: one for answer in ctx.ask(psa_payment_gateways) for one in answer}


def fields_of(gateway: PaymentGateway) -> Mapping[str, Mapping[str, Any]]:
    """Return the JSON Schema of each of a gateway's settings by name; `x-secret` marks what isn't shown."""
    schema = msgspec.json.schema(gateway.settings)
    return schema["$defs"][gateway.settings.__name__]["properties"]


async def _opened(ctx: Context, row: Mapping[str, Any]) -> dict[str, str]:
    text = await ctx.as_system().reveal(CONFIGS, row["id"], "config", shown=False)
    return msgspec.json.decode(text, type=dict[str, str])


async def config_of(ctx: Context, provider: str, *, switched_off: bool = False) -> Mapping[str, str] | None:
    """Return a provider's config in plain text; None where there is none, or it is `switched_off` and that counts."""
    row = await ctx.db.fetch_one(CONFIG, provider)
    if row is None or not (row["is_active"] or switched_off):
        return None
    return {**await _opened(ctx, row), "is_test_mode": str(row["is_test_mode"]).lower()}


async def offered(ctx: Context) -> list[PaymentGateway]:
    """Return the gateways that are installed and switched on, the one that was set up first in front."""
    installed = installed_gateways(ctx)
    names = [row["provider"] for row in await ctx.db.fetch(ACTIVE)]
    return [installed[name] for name in names if name in installed]


async def _told(ctx: Context, name: str, gateway: PaymentGateway | None) -> Answer:
    row = await ctx.db.fetch_one(CONFIG, name)
    held = decoded(row["fields"]) if row else []
    fields = [field.name for field in msgspec.structs.fields(gateway.settings)] if gateway else held
    return Answer(
        type="payment-gateway-configs",
        id=name,
        attributes=GatewayConfigRead(
            provider=name,
            title=gateway.title if gateway else name,
            is_installed=gateway is not None,
            is_active=bool(row and row["is_active"]),
            is_test_mode=bool(row["is_test_mode"]) if row else True,
            is_set={field: field in held for field in fields},
            webhook=gateway.webhook(ctx) if gateway else "",
        ),
    )


@get(
    "/payment-gateway/config",
    permission=MANAGE,
    returns=GatewayConfigRead,
    answer_type="payment-gateway-configs",
)
async def show_config(ctx: Context) -> AnswerList:
    """List the gateways that are installed and what is set for them."""
    return AnswerList(
        items=[await _told(ctx, name, one) for name, one in sorted(installed_gateways(ctx).items())]
    )


@put(
    "/payment-gateway/config",
    permission=MANAGE,
    step_up=True,
    returns=GatewayConfigRead,
    answer_type="payment-gateway-configs",
)
async def write_config(ctx: Context, body: GatewayConfigWrite) -> Answer:
    """Set a provider's credentials; they are sealed. Wants a recent proof of the second factor (AUTH-12)."""
    gateway = installed_gateways(ctx).get(body.provider)
    if gateway is None:
        raise Invalid(
            f"There is no gateway {body.provider}; install its plugin.",
            code="unknown_gateway",
            pointer="/data/attributes/provider",
        )
    row = await ctx.db.fetch_one(CONFIG, body.provider)
    kept = await _opened(ctx, row) if row else {}
    if body.config.get("api", kept.get("api", "")) != kept.get("api", ""):
        # Whoever may write here needn't know the secrets, so they don't go along to another address.
        secret = {name for name, facts in fields_of(gateway).items() if facts.get("x-secret")}
        kept = {name: value for name, value in kept.items() if name not in secret}
    merged = {**kept, **body.config}
    try:
        msgspec.convert(merged, gateway.settings)
    except msgspec.ValidationError as error:
        found = mismatch(error)
        pointer = f"/data/attributes/config{found.pointer}"
        raise Invalid(found.detail, code="bad_config", pointer=pointer) from None
    columns = {
        "provider": body.provider,
        "is_active": body.is_active,
        "is_test_mode": body.is_test_mode,
        "config": msgspec.json.encode(merged).decode(),
        "fields": sorted(name for name, value in merged.items() if value),
    }
    records = ctx.as_system().records
    if row is None:
        await records.create(CONFIGS, columns)
    else:
        await records.update(CONFIGS, row["id"], columns)
    return await _told(ctx, body.provider, gateway)


@post("/payment-gateway/test", permission=MANAGE, returns=GatewayTested, answer_type="payment-gateway-tests")
async def test_config(ctx: Context, body: TestGateway) -> Answer:
    """Ask a gateway whether the stored credentials work."""
    gateway = installed_gateways(ctx).get(body.provider)
    config = await config_of(ctx, body.provider)
    if gateway is None:
        raise NotFound(f"There is no gateway {body.provider}.")
    if config is None:
        raise Conflict(f"{gateway.title} isn't set up, or is switched off.", code="no_gateway")
    async with ctx.outside():
        account = await gateway.check(ctx, config)
    return Answer(
        type="payment-gateway-tests",
        id=body.provider,
        attributes=GatewayTested(provider=body.provider, account=account),
    )


ALL = (show_config, write_config, test_config)
