"""Logging in through a provider: a program of others, and one that lies (S13, AUTH-40, AUTH-43)."""

from typing import Any

import httpx

from psa_sdk.sign_in import ExternalIdentities

from .conftest import Visitor, on_time, provider, refusals
from .liar import KEYS, Liar

STAFF = {
    "creates_accounts": True,
    "group_roles": {"Helpdesk": ["technician"], "Leads": ["manager"]},
    "groups_claim": "groups",
    "email_domains": ["example.com"],
}


async def choose(url: str, sub: str) -> dict[str, str]:
    """Log in at the mock provider and return its answer."""
    async with httpx.AsyncClient() as http:
        answer = await http.post(url, data={"sub": sub, "action": "authorize"})
    assert answer.status_code == 302, answer.text
    return dict(httpx.URL(answer.headers["location"]).params)


async def person(issuer: str, sub: str, **claims: Any) -> None:
    """Tell the mock provider who somebody is."""
    async with httpx.AsyncClient() as http:
        answer = await http.put(f"{issuer}/users/{sub}", json=claims)
    assert answer.status_code == 204, answer.text


async def test_people_of_a_provider_log_in_with_what_their_groups_give(kit, visitor, mock_issuer):
    sub = f"ann-{kit.number()}"
    told = {"email": f"{sub}@example.com", "email_verified": True, "name": "Ann Example"}
    await person(mock_issuer, sub, **told, groups=["Helpdesk", "Leads"])
    way = await provider(kit, mock_issuer, **STAFF)
    admin = await kit.admin()
    checked = (await admin.post(f"/oidc-providers/{way}/check")).json()["data"]["attributes"]
    assert (checked["works"], checked["keys"], checked["algorithms"]) == (True, 1, ["RS256"]), checked
    [shown] = (await kit.anonymous().get("/auth/sso/providers")).json()["data"]
    assert shown["attributes"]["page"] == f"/ui/sso/oidc/{way}/start"

    asked = await visitor.leave(way, next="/ui/tickets?page=2")
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    answer = await choose(asked["at"], sub)
    assert await visitor.come_back(way, **answer) == "/ui/tickets?page=2"
    me = await visitor.me()
    assert me is not None
    # A new account begins with the lowest role; from then on groups decide.
    assert (me["email"], me["roles"]) == (f"{sub}@example.com", ["technician"])

    for groups, roles in (
        (["Helpdesk", "Leads"], ["manager", "technician"]),
        (["Leads"], ["manager"]),
        ([], []),
    ):
        await person(mock_issuer, sub, **told, groups=groups)
        again = Visitor(kit)
        await again.come_back(way, **await choose((await again.leave(way))["at"], sub))
        known = await again.me()
        assert known is not None
        assert known["roles"] == roles

    # The session's identifier is new and the browser's secret gone; the state counted once.
    assert "psa_sso_staff" not in visitor.http.cookies
    assert await visitor.come_back(way, **answer) == "/ui/login?refused=sso_expired"
    assert await refusals(kit) == ["another_browser"]


async def test_a_program_logs_somebody_in_over_the_api(kit, mock_issuer):
    sub = f"bot-{kit.number()}"
    await person(mock_issuer, sub, email=f"{sub}@example.com", email_verified=True, groups=["Helpdesk"])
    way = await provider(kit, mock_issuer, **STAFF)
    nobody = kit.anonymous()
    begun = (await nobody.post(f"/auth/sso/{way}/initiate", {})).json()["data"]["attributes"]
    answer = await choose(begun["url"], sub)
    body = {"secret": begun["secret"], "answer": answer}
    stolen = await nobody.post(f"/auth/sso/{way}/callback", {**body, "secret": "x" * 43})
    assert stolen.status_code == 401
    done = await nobody.post(f"/auth/sso/{way}/callback", body)
    assert done.status_code == 201, done.text
    token = done.json()["data"]["attributes"]["access_token"]
    me = await nobody.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["data"]["attributes"]["email"] == f"{sub}@example.com"
    assert (await nobody.post(f"/auth/sso/{way}/callback", body)).status_code == 401
    assert await refusals(kit) == ["another_browser", "state_spent"]


LIES: list[tuple[str, dict[str, Any]]] = [
    ("wrong_issuer", {"claims": {"iss": "https://evil.example"}}),
    ("wrong_audience", {"claims": {"aud": "another-client"}}),
    ("wrong_party", {"claims": {"aud": ["psa", "another-client"]}}),
    ("wrong_nonce", {"claims": {"nonce": "another"}}),
    ("wrong_nonce", {"claims": {"nonce": None}}),
    ("token_expired", {"claims": {"exp": 1}}),
    ("token_malformed", {"claims": {"iat": None}}),
    ("algorithm_refused", {"token": "eyJhbGciOiJub25lIn0.e30."}),
    ("unknown_key", {"key": KEYS[1]}),
    ("another_person", {"claims": {"email": None}, "userinfo": {"sub": "u-2", "email": "boss@example.com"}}),
    ("email_unverified", {"claims": {"email_verified": False}}),
    ("domain_refused", {"claims": {"email": "ann@example.com.evil.example"}}),
    ("no_role", {"claims": {"groups": ["Strangers"]}}),
    ("groups_overage", {"claims": {"_claim_names": {"groups": "src1"}}}),
]


async def test_no_lie_of_a_provider_lets_anybody_in(kit, liar: Liar):
    way, seen = await provider(kit, liar.issuer, **STAFF), []
    for _, said in LIES:
        liar.claims, liar.userinfo, liar.token, liar.key = {"groups": ["Helpdesk"]}, {}, None, KEYS[0]
        for name, value in said.items():
            setattr(liar, name, {**liar.claims, **value} if name == "claims" else value)
        one = Visitor(kit)
        asked = await one.leave(way)
        code = liar.code(asked, f"code-{len(seen)}")
        assert await one.come_back(way, state=asked["state"], code=code) == "/ui/login?refused=sso"
        assert await one.me() is None
        seen = await refusals(kit)
    assert seen == [reason for reason, _ in LIES]
    assert (
        await kit.installation.rows("SELECT 1 FROM psa.external_identity WHERE tenant_id = $1", kit.tenant_id)
        == []
    )


async def test_an_answer_counts_once_in_its_own_browser_at_its_own_provider(kit, liar: Liar):
    liar.claims = {"groups": ["Helpdesk"]}
    way, other = await provider(kit, liar.issuer, **STAFF), await provider(kit, liar.issuer, **STAFF)
    clients = await provider(kit, liar.issuer, audience="portal")
    one, two = Visitor(kit), Visitor(kit)
    asked = await one.leave(way)
    answer = {"state": asked["state"], "code": liar.code(asked)}
    refused = "/ui/login?refused=sso"
    # A victim's browser is led to an attacker's answer: log-in CSRF.
    assert await two.come_back(way, **answer) == f"{refused}_expired"
    await two.leave(way)
    assert await two.come_back(way, **answer) == f"{refused}_expired"
    # The answer is taken to another provider's address: mix-up (RFC 9207).
    assert await one.come_back(other, **answer) == refused
    assert await one.come_back(way, **answer, iss="https://evil.example") == refused
    # That used it up, whatever came of it.
    assert await one.come_back(way, **answer) == refused
    # A staff log-in isn't one of the portal, nor the other way round.
    assert await one.come_back(clients, "/portal", **answer) == "/portal/login?refused=sso_expired"
    assert await one.come_back(clients, "/ui", **answer) == refused
    assert (await one.http.get(f"/portal/sso/oidc/{way}/start")).headers[
        "location"
    ] == "/portal/login?refused=sso"
    for sent in ({}, {"state": "x"}, {"state": asked["state"] + "x", "code": "1"}):
        assert (await one.come_back(way, **sent)).startswith(refused)
    doubled = await one.http.get(f"/ui/sso/oidc/{way}/callback?state=a&state={asked['state']}&code=1")
    assert doubled.headers["location"] == refused
    # Declined at the provider, and back too late.
    asked = await one.leave(way)
    assert await one.come_back(way, state=asked["state"], error="access_denied") == refused
    assert await one.me() is None
    asked = await one.leave(way)
    code = liar.code(asked, "code-2")
    assert await one.come_back(way, state=asked["state"], code=code) == "/ui/"
    assert await one.me() is not None
    # A second tab's answer, with the first one's code: the verifier isn't this attempt's.
    three = Visitor(kit)
    first, second = await three.leave(way), await three.leave(way)
    code = liar.code(first, "code-3")
    assert await three.come_back(way, state=second["state"], code=code) == refused
    reasons = await refusals(kit)
    assert reasons[:5] == [
        "another_browser",
        "another_browser",
        "another_provider",
        "another_issuer",
        "state_spent",
    ]
    assert reasons[-2:] == ["denied", "code_refused"]


async def test_a_link_leads_to_no_other_site(kit, liar: Liar):
    liar.claims = {"groups": ["Helpdesk"]}
    way = await provider(kit, liar.issuer, **STAFF)
    for number, target in enumerate(
        (
            "https://evil.example/",
            "//evil.example",
            "/ui//evil.example",
            "/ui/\\evil.example",
            "/portal/",
            "/ui/../x",
        )
    ):
        one = Visitor(kit)
        asked = await one.leave(way, next=target)
        code = liar.code(asked, f"code-{number}")
        assert await one.come_back(way, state=asked["state"], code=code) == "/ui/", target


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


async def test_in_a_single_organisation_it_is_the_same(new_kit, liar: Liar):
    kit = on_time(await new_kit("single", plugins=("sso_oidc",), shared=False))
    liar.claims = {"groups": ["Helpdesk"]}
    way = await provider(kit, liar.issuer, **STAFF)
    one = Visitor(kit)
    asked = await one.leave(way)
    assert await one.come_back(way, state=asked["state"], code=liar.code(asked)) == "/ui/"
    me = await one.me()
    assert me is not None
    assert me["roles"] == ["technician"]


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
