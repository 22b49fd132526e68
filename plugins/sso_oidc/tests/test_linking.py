"""Linking one's account at a provider, and who else may see and remove the link (AUTH-40, AUTH-53)."""

from typing import Any

from psa_sdk.sign_in import ExternalIdentities

from .conftest import Visitor, provider, refusals
from .liar import Liar


async def matters(kit: Any, account: str) -> list[str]:
    """Return what somebody was told of."""
    rows = await kit.installation.rows(
        "SELECT payload::json->>'matter' AS matter FROM psa.outbox WHERE tenant_id = $1"
        " AND name = 'auth.account_alert' AND payload::json->>'account_id' = $2 ORDER BY id",
        kit.tenant_id,
        account,
    )
    return [row["matter"] for row in rows]


async def test_a_person_links_their_account_and_nobody_does_it_for_them(kit, liar: Liar):
    way = await provider(kit, liar.issuer)
    admin, boss = await kit.admin(), await kit.staff(roles=("admin",))
    account = str(await boss.account_id())
    begun = await boss.post(f"/auth/sso/{way}/link")
    assert begun.status_code == 200, begun.text
    page = begun.json()["data"]["attributes"]["page"]
    assert page.startswith(f"/ui/sso/oidc/{way}/start?link=")
    assert (await boss.post(f"/auth/sso/{account}/link")).status_code == 404

    # Who acts as another gets no link, nor does whoever gets hold of the address.
    acting = await admin.post(f"/users/{account}/impersonate", {"reason": "A call for help"})
    token = acting.json()["data"]["attributes"]["access_token"]
    refused = await kit.anonymous().post(
        f"/auth/sso/{way}/link", headers={"Authorization": f"Bearer {token}"}
    )
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "impersonating")
    stranger, one = Visitor(kit), Visitor(kit)
    assert (await stranger.http.get(page)).headers["location"] == "/ui/login?refused=sso_expired"

    one.http.headers["Authorization"] = f"Bearer {await kit.installation.credential(boss.person)}"
    asked = await one.leave(way, link=page.partition("link=")[2])
    code = liar.code(asked, "code-1")
    assert await one.come_back(way, state=asked["state"], code=code) == "/ui/profile"
    assert await matters(kit, account) == ["identity_linked"]
    [held] = (await boss.get("/auth/identities")).json()["data"]
    assert (held["attributes"]["provider"], held["attributes"]["subject"]) == (f"oidc:{way}", "u-1")
    assert held["attributes"]["name"].startswith("Example ID")

    # From now on the provider lets them in, although they are an administrator.
    two = Visitor(kit)
    asked = await two.leave(way)
    assert await two.come_back(way, state=asked["state"], code=liar.code(asked, "code-2")) == "/ui/"
    assert await refusals(kit) == []

    # Others see and remove it who may manage the account; who holds less may not.
    tech = await kit.staff(roles=("technician",))
    clerk = await kit.staff("auth.users.*")
    for somebody in (tech, clerk):
        assert (await somebody.get(f"/users/{account}/identities")).status_code == 403
        assert (await somebody.delete(f"/users/{account}/identities/{held['id']}")).status_code == 403
    [seen] = (await admin.get(f"/users/{account}/identities")).json()["data"]
    assert seen["id"] == held["id"]
    assert (await admin.delete(f"/users/{account}/identities/{held['id']}")).status_code == 204
    assert (await admin.delete(f"/users/{account}/identities/{held['id']}")).status_code == 404
    assert await matters(kit, account) == ["identity_linked", "identity_unlinked"]
    async with kit.unit() as ctx:
        await ctx.service(ExternalIdentities).link(f"oidc:{way}", "u-9", await boss.account_id())
    [own] = (await boss.get("/auth/identities")).json()["data"]
    assert (await tech.delete(f"/auth/identities/{own['id']}")).status_code == 404
    assert (await boss.delete(f"/auth/identities/{own['id']}")).status_code == 204
    assert (await boss.get("/auth/identities")).json()["data"] == []
    asked = await two.leave(way)
    refused_at = await two.come_back(way, state=asked["state"], code=liar.code(asked, "code-3"))
    assert refused_at == "/ui/login?refused=sso"


async def test_a_provider_that_goes_takes_its_links_along(kit, liar: Liar):
    way = await provider(kit, liar.issuer, creates_accounts=True, group_roles={"Helpdesk": ["technician"]})
    liar.claims = {
        "groups": ["Helpdesk"],
        "sub": f"u-{kit.number()}",
        "email": f"u{kit.number()}@example.com",
    }
    one = Visitor(kit)
    asked = await one.leave(way)
    assert await one.come_back(way, state=asked["state"], code=liar.code(asked, "code-1")) == "/ui/"
    assert (await (await kit.admin()).delete(f"/oidc-providers/{way}")).status_code == 204
    rows = await kit.installation.rows(
        "SELECT 1 FROM psa.external_identity WHERE tenant_id = $1 AND provider = $2",
        kit.tenant_id,
        f"oidc:{way}",
    )
    assert rows == []
