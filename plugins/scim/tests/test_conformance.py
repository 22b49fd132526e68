from typing import ClassVar
from uuid import UUID

from psa_sdk.testing import PluginBattery


async def make_token(kit, given):
    """Tokens are made by a route of their own, which shows them."""
    provider = given.get("provider") or (await kit.make("scim-providers")).id
    admin = await kit.admin()
    answer = await admin.post(f"/scim-providers/{provider}/tokens", {"name": f"Token {kit.number()}"})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


async def make_person(kit, given):
    """People are sent by providers."""
    provider = given.get("provider") or (await kit.make("scim-providers")).id
    account = given.get("user") or (await kit.make("users")).id
    name = f"person{kit.number()}"
    values = {"provider": provider, "account": account, "user_name": name, "user_name_key": name}
    async with kit.unit() as ctx:
        return await ctx.records.create("scim-users", {**values, "external_id": given.get("external_id", "")})


async def make_group(kit, given):
    """Groups are sent by providers."""
    provider = given.get("provider") or (await kit.make("scim-providers")).id
    values = {"provider": provider, "display_name": f"Group {kit.number()}"}
    async with kit.unit() as ctx:
        return await ctx.records.create("scim-groups", values)


async def make_fault(kit, given):
    """Faults are noted when something is refused."""
    provider = given.get("provider") or (await kit.make("scim-providers")).id
    async with kit.unit() as ctx:
        values = {"provider": provider, "operation": "POST /Users", "status": 409, "detail": "Taken."}
        return await ctx.records.create("scim-faults", {**values, "happened_at": ctx.now})


class TestConformance(PluginBattery):
    plugin = "scim"
    samples: ClassVar = {
        "scim-providers": {
            "name": lambda n: f"Directory {n}",
            "group_roles": {"Helpdesk": ["technician"]},
            "email_domains": ["example.com"],
        },
        "scim-tokens": make_token,
        "scim-users": make_person,
        "scim-groups": make_group,
        "scim-faults": make_fault,
    }
    fixed: ClassVar = {"scim-providers.group_roles": "names roles, which must exist"}
