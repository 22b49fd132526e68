"""What every plugin is held to."""

from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery

# The example key of RFC 7517 A.1.
_X = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
_Y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"


async def make_client(kit, given):
    """Applications are registered by a route of their own, which shows the secret."""
    values = {
        "name": f"Example app {kit.number()}",
        "redirect_uris": ["https://app.example.com/callback"],
        "scopes": ["openid"],
    }
    answer = await (await kit.admin()).post("/oauth-clients", {**values, **given})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


async def make_consent(kit, given):
    """Consents are written by the page that asks."""
    account = given.get("user") or await (await kit.admin()).account_id()
    client = given.get("client") or await make_client(kit, {})
    async with kit.unit() as ctx:
        values = {"account": account, "client": client, "scopes": ["openid"], "granted_at": ctx.now}
        return await ctx.records.create("oauth-consents", values)


async def make_signing_key(kit, given):
    """A retired one: the tenant goes on signing with its own."""
    async with kit.unit() as ctx:
        key = {"kty": "EC", "crv": "P-256", "x": _X, "y": _Y, "kid": f"retired-{kit.number()}"}
        values = {"kid": key["kid"], "public": key, "retired_at": ctx.now}
        return await ctx.records.create("oauth-signing-keys", {**values, **given})


class TestConformance(PluginBattery):
    plugin = "oauth"
    samples: ClassVar = {
        "oauth-clients": make_client,
        "oauth-consents": make_consent,
        "oauth-signing-keys": make_signing_key,
    }
    fixed: ClassVar = {
        "oauth-clients.redirect_uris": "an address that people are sent to is judged",
        "oauth-clients.post_logout_redirect_uris": "so is one after logging out",
        "oauth-clients.backchannel_logout_uri": "an address that is told things is judged",
        "oauth-clients.scopes": "scopes are permissions",
    }
    public: ClassVar = (
        "POST /oauth/{tenant:str}/token",
        "POST /oauth/{tenant:str}/device",
        "POST /oauth/{tenant:str}/introspect",
        "POST /oauth/{tenant:str}/revoke",
        "GET /oauth/{tenant:str}/logout",
        "POST /oauth/{tenant:str}/logout",
        "GET /oauth/{tenant:str}/jwks",
    )


class TestConsoleConformance(PluginBattery):
    plugin = "oauth.console"
