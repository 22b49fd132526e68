"""A tenant with a provider that sends people, by real HTTP requests through the application."""

from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from psa_sdk.testing import Kit

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Provider:
    """An identity provider with a token."""

    def __init__(self, kit: Kit, id: str, token: str, slug: str = "") -> None:
        self.kit, self.id, self.token = kit, id, token
        transport = httpx.ASGITransport(kit.installation.app, client=("192.0.2.7", 4711))
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(
            transport=transport, base_url="http://localhost/scim/v2", headers=headers
        )

    async def ask(self, method: str, path: str, body: Any = None, expect: int = 0, **options: Any) -> Any:
        """Return the answer's document; `expect` is its status, any that is no error unless said."""
        headers = {"Content-Type": "application/scim+json", **options.pop("headers", {})}
        answer = await self.http.request(method, path, json=body, headers=headers, **options)
        assert answer.status_code == expect if expect else answer.status_code < 400, answer.text
        if answer.content:
            assert answer.headers["content-type"].startswith("application/scim+json")
        return answer.json() if answer.content else None

    def someone(self, **given: Any) -> dict[str, Any]:
        """Return a user's document with an address of its own."""
        name = f"person{self.kit.number()}@example.com"
        return {"userName": name, "displayName": f"Person {name}", "active": True, **given}

    async def user(self, **given: Any) -> dict[str, Any]:
        """Send a person."""
        return await self.ask("POST", "/Users", self.someone(**given), expect=201)

    async def group(self, name: str, *members: str) -> dict[str, Any]:
        """Send a group of people, by their ids."""
        listed = [{"value": one} for one in members]
        return await self.ask("POST", "/Groups", {"displayName": name, "members": listed}, expect=201)

    async def patch(self, path: str, *operations: Any, expect: int = 200) -> Any:
        """Send a PATCH."""
        schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
        return await self.ask("PATCH", path, {"schemas": [schema], "Operations": operations}, expect=expect)

    async def found(self, what: str) -> list[str]:
        """Return the user names that a filter finds."""
        answer = await self.ask("GET", "/Users", params={"filter": what, "sortBy": "userName"})
        return [one["userName"] for one in answer["Resources"]]

    async def account(self, id: str) -> dict[str, Any]:
        """Return the account of a person."""
        rows = await self.kit.installation.rows(
            "SELECT a.*, array(SELECT r.key FROM psa.role_assignment x JOIN psa.role r ON r.id = x.role"
            " WHERE x.account = a.id ORDER BY r.key) AS roles FROM psa.account a"
            " JOIN psa.external_identity e ON e.account = a.id WHERE e.subject = $1",
            id,
        )
        return dict(rows[0])


async def connect(kit: Kit, **given: Any) -> Provider:
    """Set a provider up and make a token of it."""
    admin = await kit.admin()
    made = await admin.post("/scim-providers", {"name": f"Directory {kit.number()}", **given})
    assert made.status_code == 201, made.text
    id = made.json()["data"]["id"]
    token = await admin.post(f"/scim-providers/{id}/tokens", {"name": "First"})
    assert token.status_code == 201, token.text
    return Provider(kit, id, token.json()["data"]["attributes"]["token"])


async def has_role(kit: Kit, account: UUID, role: str) -> None:
    """Give an account a role by hand."""
    async with kit.unit() as ctx:
        rows = await ctx.records.find("roles")
        await ctx.records.link("users", account, "roles", [row["id"] for row in rows if row["key"] == role])


@pytest_asyncio.fixture(loop_scope="session")
async def kit(psa_bench) -> Kit:
    return await Kit.open(await psa_bench.install("multi", plugins=("scim",)))


@pytest_asyncio.fixture(loop_scope="session")
async def provider(kit: Kit) -> Provider:
    return await connect(kit)
