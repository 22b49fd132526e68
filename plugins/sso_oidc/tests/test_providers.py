"""Providers: how they are set up, whose accounts they find, and their keys (S13, AUTH-40)."""

from typing import Any

from psa_sdk.sign_in import ExternalIdentities

from .conftest import STAFF, Visitor, provider, refusals
from .liar import KEYS, Liar


async def test_an_account_is_found_by_a_verified_address_where_that_is_wished_and_never_an_administrators(
    kit, liar
):
    admin = await kit.admin()
    role = (await admin.get("/roles?filter[key]=technician")).json()["data"][0]["id"]
    boss = (await admin.get("/roles?filter[key]=admin")).json()["data"][0]["id"]
    people = {}
    for name, held in (("tess", role), ("bob", boss)):
        made = await admin.post("/users", {"name": name, "email": f"{name}@example.com"}, {"roles": [held]})
        people[name] = made.json()["data"]["id"]
    off, on = await provider(kit, liar.issuer), await provider(kit, liar.issuer, links_by_email=True)

    async def arrive(way: str, sub: str, **claims: Any) -> str:
        liar.claims = {"sub": sub, **claims}
        one = Visitor(kit)
        asked = await one.leave(way)
        code = liar.code(asked, f"code-{kit.number()}")
        return await one.come_back(way, state=asked["state"], code=code)

    tess = {"email": "Tess@Example.com"}
    refused = "/ui/login?refused=sso"
    assert await arrive(off, "t-1", **tess) == refused
    assert await arrive(on, "t-1", **tess, email_verified=False) == refused
    assert await arrive(on, "b-1", email="bob@example.com") == refused
    assert await arrive(on, "t-1", **tess) == "/ui/"
    # Linked for good: by the subject, whatever the address says; and nobody else's subject gets the account.
    assert await arrive(on, "t-1", email="moved@example.com", email_verified=False) == "/ui/"
    assert await arrive(on, "t-2", **tess) == refused
    await admin.patch(f"/users/{people['tess']}", {"status": "disabled"}, type="users")
    assert await arrive(on, "t-1", **tess) == refused
    assert await refusals(kit) == [
        "unknown_person", "unknown_person", "admin_not_adopted", "identity_linked", "account_closed",
    ]  # fmt: skip
    async with kit.unit() as ctx:
        assert await ctx.service(ExternalIdentities).find(f"oidc:{on}", "b-1") is None


async def test_new_keys_are_noticed_but_forged_ones_ask_for_nothing(kit, liar: Liar, monkeypatch):
    liar.claims = {"groups": ["Helpdesk"]}
    way = await provider(kit, liar.issuer, **STAFF)

    async def arrive(number: int) -> str:
        one = Visitor(kit)
        asked = await one.leave(way)
        return await one.come_back(way, state=asked["state"], code=liar.code(asked, f"code-{number}"))

    assert await arrive(1) == "/ui/"
    liar.key = KEYS[1]
    read = sum(path == "/keys" for path, _ in liar.asked)
    assert [await arrive(number) for number in (2, 3, 4)] == ["/ui/login?refused=sso"] * 3
    assert sum(path == "/keys" for path, _ in liar.asked) == read, (
        "within a minute the keys aren't read again"
    )
    monkeypatch.setattr("psa_sso_oidc.remembered.PAUSE", 0.0)
    liar.published = KEYS
    assert await arrive(5) == "/ui/"
    # The provider is away for a moment: what it said holds on.
    monkeypatch.setattr("psa_sso_oidc.remembered.LASTS", 0.0)
    liar.redirects = True
    one = Visitor(kit)
    assert (await one.leave(way))["at"].startswith(f"{liar.issuer}/authorize?")


async def test_what_cannot_work_or_would_give_too_much_is_refused_when_it_is_set_up(kit, liar: Liar):
    admin = await kit.admin()
    good = {"name": "One", "issuer": liar.issuer, "client_id": "psa"}
    for change, field in (
        ({"preset": "entra", "issuer": "https://login.microsoftonline.com/common/v2.0"}, "issuer"),
        ({"preset": "google", "issuer": "https://accounts.google.com.evil.example"}, "issuer"),
        ({"issuer": "http://169.254.169.254/latest"}, "issuer"),
        ({"issuer": "ftp://example.com"}, "issuer"),
        ({"issuer": ""}, "issuer"),
        ({"group_roles": {"A": ["no_such_role"]}}, "group_roles"),
        ({"group_roles": {"A": ["client_user"]}}, "group_roles"),
        ({"audience": "portal", "creates_accounts": True}, "creates_accounts"),
    ):
        answer = await admin.post("/oidc-providers", {**good, **change})
        assert answer.status_code == 422, (change, answer.text)
        assert answer.json()["errors"][0]["source"]["pointer"] == f"/data/attributes/{field}"
    clerk = await kit.staff("sso_oidc.*", "auth.roles.read")
    beyond = await clerk.post("/oidc-providers", {**good, "group_roles": {"A": ["admin"]}})
    assert (beyond.status_code, beyond.json()["errors"][0]["code"]) == (403, "exceeds_own_rights")
    made = await admin.post(
        "/oidc-providers", {**good, "client_secret": "hush-hush", "scopes": "email groups"}
    )
    shown = made.json()["data"]["attributes"]
    assert (shown["scopes"], shown["client_secret"], "hush-hush" in made.text) == (
        "openid email groups",
        True,
        False,
    )
    way = made.json()["data"]["id"]
    assert shown["callback_path"] == f"/ui/sso/oidc/{way}/callback"
    moved = await admin.patch(f"/oidc-providers/{way}", {"audience": "portal"})
    assert moved.status_code == 422
    liar.metadata = {"issuer": "https://evil.example"}
    told = (await admin.post(f"/oidc-providers/{way}/check")).json()["data"]["attributes"]
    assert (told["works"], told["step"]) == (False, "metadata")
    assert "evil.example" in told["detail"]


async def test_nobody_redirects_a_provider_whose_people_hold_more_than_they_do(kit, liar: Liar):
    """AUTH-50: whoever says where a provider is can be everybody whom it lets in."""
    clerk, admin = await kit.staff("sso_oidc.*"), await kit.admin()
    way = await provider(kit, liar.issuer)
    path, name = f"/oidc-providers/{way}", f"Renamed {kit.number()}"
    assert (await clerk.patch(path, {"trusts_email": True})).status_code == 200, "nobody is linked yet"
    async with kit.unit() as ctx:
        await ctx.service(ExternalIdentities).link(f"oidc:{way}", "boss", await admin.account_id())
    elsewhere = {"issuer": f"{liar.issuer}/another"}
    for change in (elsewhere, {"trusts_email": False}, {"groups_claim": "name"}, {"links_by_email": True}):
        refused = await clerk.patch(path, change)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "exceeds_own_rights"), (
            change
        )
    assert (await clerk.patch(path, {"name": name, "position": 3})).status_code == 200
    kept = await admin.patch(path, elsewhere)
    assert (kept.status_code, kept.json()["errors"][0]["code"]) == (422, "secret_needed")
    assert (await admin.patch(path, {**elsewhere, "client_secret": "another"})).status_code == 200
    # One that links by an address speaks for people who aren't linked yet.
    blank = {"name": f"{name} too", "issuer": liar.issuer, "client_id": "psa"}
    assert (await clerk.post("/oidc-providers", {**blank, "links_by_email": True})).status_code == 403
    assert (await clerk.post("/oidc-providers", blank)).status_code == 201
    # Groups give what somebody else mapped: which claim holds them is theirs to say, too.
    mapped = await provider(kit, liar.issuer, group_roles={"Bosses": ["admin"]})
    assert (await clerk.patch(f"/oidc-providers/{mapped}", {"groups_claim": "name"})).status_code == 403
