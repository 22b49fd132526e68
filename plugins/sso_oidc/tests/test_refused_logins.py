"""Log-ins that nobody gets in by: lies of a provider, borrowed and repeated answers, links elsewhere (S13, AUTH-40)."""

from typing import Any

from .conftest import STAFF, Visitor, provider, refusals
from .liar import KEYS, Liar

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
    assert await one.come_back(way, **answer) == f"{refused}_expired"
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
