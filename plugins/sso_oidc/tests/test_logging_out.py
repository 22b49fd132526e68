"""Logging out: at the provider too, and here when somebody logged out there."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt

from .conftest import STAFF, Visitor, provider
from .liar import KEYS, Liar

EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def logged_in(kit: Any, way: str, liar: Liar) -> Visitor:
    one = Visitor(kit)
    asked = await one.leave(way)
    code = liar.code(asked, f"code-{kit.number()}")
    assert await one.come_back(way, state=asked["state"], code=code) == "/ui/"
    return one


async def say(kit: Any, way: str, token: str) -> tuple[int, str]:
    answer = await kit.anonymous().request(
        "POST",
        f"/oidc-providers/{way}/backchannel-logout",
        content=f"logout_token={token}",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
    )
    return answer.status_code, answer.json().get("error_description", "")


async def test_who_logs_out_here_logs_out_there_where_that_is_wished(kit, liar: Liar):
    liar.claims = {"groups": ["Helpdesk"]}
    way = await provider(kit, liar.issuer, **STAFF)
    admin = await kit.admin()
    liar.metadata = {"end_session_endpoint": f"{liar.issuer}/end?tenant=1"}

    async def led(one: Visitor) -> str:
        return (await one.http.get("/ui/sso/oidc/leave")).headers["location"]

    async def end_sessions(one: Visitor) -> None:
        one.http.cookies.delete("psa_staff")  # as the button does
        [ann] = (await admin.get("/users?filter[email]=ann@example.com")).json()["data"]
        assert (await admin.post(f"/users/{ann['id']}/end-sessions")).status_code == 204

    one = await logged_in(kit, way, liar)
    # While somebody is logged in nobody is logged out there, whatever page of others leads here.
    assert await led(one) == "/ui/"
    await end_sessions(one)
    assert await led(one) == "/ui/login", "it isn't wished"
    await admin.patch(f"/oidc-providers/{way}", {"logs_out": True})
    one = await logged_in(kit, way, liar)
    await end_sessions(one)
    left = urlsplit(await led(one))
    told = {name: values[0] for name, values in parse_qs(left.query).items()}
    assert (f"{left.scheme}://{left.netloc}{left.path}", told["tenant"]) == (f"{liar.issuer}/end", "1")
    assert (told["client_id"], told["post_logout_redirect_uri"]) == ("psa", "http://localhost/ui/login")
    assert jwt.decode(told["id_token_hint"], KEYS[0]).claims["sub"] == "u-1"
    # Once; and nowhere else is told who somebody is there.
    assert await led(one) == "/ui/login"


async def test_a_provider_logs_somebody_out_by_itself(kit, liar: Liar):
    """Back-Channel Logout 1.0, 2.6: what is no logout token of this provider for us, or came before, does nothing."""
    liar.claims = {"groups": ["Helpdesk"]}
    way, now = await provider(kit, liar.issuer, **STAFF), int(kit.now.timestamp())
    one = await logged_in(kit, way, liar)
    good = {
        "iss": liar.issuer, "aud": "psa", "sub": "u-1", "iat": now, "exp": now + 60, "jti": "1", "events": {EVENT: {}},
    }  # fmt: skip

    for reason, wrong in (
        ("token_malformed", {"events": {}}),
        ("token_malformed", {"events": {EVENT: {}}, "nonce": "n"}),
        ("token_malformed", {"jti": None}),
        ("wrong_issuer", {"iss": "https://evil.example"}),
        ("wrong_audience", {"aud": "another"}),
        ("no_subject", {"sub": None}),
        ("token_malformed", {"sid": "nul\0"}),
        ("token_expired", {"exp": now - 600}),
        ("token_stale", {"iat": now - 1000, "exp": now + 9000}),
    ):
        said = {name: value for name, value in (good | wrong).items() if value is not None}
        assert await say(kit, way, liar.signed(**said)) == (400, reason)
    liar.key = KEYS[1]
    assert await say(kit, way, liar.signed(**good)) == (400, "unknown_key")
    liar.key = KEYS[0]
    assert await one.me() is not None
    assert await say(kit, way, liar.signed(**good)) == (200, "")
    assert await one.me() is None
    one = await logged_in(kit, way, liar)
    assert await say(kit, way, liar.signed(**good)) == (400, "replayed")
    assert await say(kit, way, liar.signed(**(good | {"jti": "2", "sub": "stranger"}))) == (200, "")
    assert await one.me() is not None


async def test_a_session_that_the_provider_names_ends_and_no_other(kit, liar: Liar):
    """Back-Channel Logout 1.0, 2.4: `sid`, with or without `sub`; one that was never known here: all of the person's."""
    way, now = await provider(kit, liar.issuer, **STAFF), int(kit.now.timestamp())
    visitors: list[Visitor] = []
    for session in ("desk", "phone", None):
        liar.claims = {"groups": ["Helpdesk"], "sid": session}
        visitors.append(await logged_in(kit, way, liar))

    async def still_in() -> list[bool]:
        return [await one.me() is not None for one in visitors]

    async def out(**told: Any) -> list[bool]:
        claims = {"iss": liar.issuer, "aud": "psa", "iat": now, "exp": now + 60, "events": {EVENT: {}}}
        assert await say(kit, way, liar.signed(**claims, jti=str(kit.number()), **told)) == (200, "")
        return await still_in()

    assert await out(sid="strange") == [True, True, True]
    assert await out(sid="desk") == [False, True, True]
    assert await out(sid="desk", sub="u-1") == [False, True, True], "it has ended already"
    assert await out(sid="phone", sub="u-1") == [False, False, True]
    assert await out(sid="strange", sub="u-1") == [False, False, False]
