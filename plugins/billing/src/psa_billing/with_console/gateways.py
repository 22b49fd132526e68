"""Payment gateways among the settings: a form for each that is installed, made of its config, and a trial."""

from collections.abc import Mapping, Sequence
from typing import Any

from psa_billing import gateway_configs
from psa_billing.api import PaymentGateway
from psa_console.api import settings_navigation
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Done

SECTION = "payment-gateways"
TOPIC = "payment-gateway-configs"


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load what is set for each gateway; secrets aren't shown."""
    listed = await gateway_configs.show_config.handle(ctx)
    installed = gateway_configs.installed_gateways(ctx)
    cards: list[dict[str, Any]] = []
    for one in listed.items:
        held = await gateway_configs.config_of(ctx, one.id, switched_off=True) or {}
        cards.append({"facts": one.attributes, "fields": _fields(installed[one.id], held)})
    return {"groups": await settings_navigation(ctx), "section_id": SECTION, "cards": cards}


def _fields(gateway: PaymentGateway, held: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": facts.get("title", name),
            "description": facts.get("description", ""),
            "secret": bool(facts.get("x-secret")),
            "is_set": bool(held.get(name)),
            "value": "" if facts.get("x-secret") else held.get(name, facts.get("default", "")),
        }
        for name, facts in gateway_configs.fields_of(gateway).items()
    ]


async def store(ctx: Context, provider: str, form: Mapping[str, Sequence[str]]) -> Done:
    """Set a gateway's credentials; an empty secret stays as it is."""
    body = {
        "provider": provider,
        "is_active": "is_active" in form,
        "is_test_mode": form.get("mode", ("test",))[0] == "test",
        "config": {
            name.removeprefix("config."): values[0].strip()
            for name, values in form.items()
            if name.startswith("config.") and values[0].strip()
        },
    }
    await ctx.service(Documents).call("PUT", "/payment-gateway/config", body=body)
    return Done(toast="Saved", refresh=(TOPIC,))


async def test(ctx: Context, provider: str) -> Done:
    """Ask the gateway whether the stored credentials work."""
    found = await gateway_configs.test_config.handle(ctx, gateway_configs.TestGateway(provider=provider))
    return Done(toast=found.attributes.account)
