"""Logging out: asked for by an application, and told to all of them (RP-Initiated and Back-Channel Logout 1.0)."""

import base64
import json
import re
import socket
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from psa_sdk.identity import Directory

from .desk import BACK, Browser, Desk, told
from .receiver import receiving

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin

HOME = "https://app.example.com/"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
OPEN = {"scope": "openid"}


class RelyingParty(AsyncOpenIDMixin):
    """authlib's word on how an application asks for a log-out."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self.server_metadata = metadata

    async def load_server_metadata(self) -> Mapping[str, Any]:
        return self.server_metadata


async def about(desk: Desk) -> dict[str, Any]:
    return (await desk.http.get(f"{desk.issuer}/.well-known/openid-configuration")).json()


async def claims(desk: Desk, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    keys = KeySet.import_key_set((await desk.http.get(f"{desk.api}/jwks")).json())
    read = jwt.decode(token, keys, algorithms=["RS256"])
    return read.header, read.claims


def packed(content: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


async def asked(desk: Desk, who: Browser, **given: str | None) -> httpx.Response:
    """Send a browser to log out, as an application does; returns the page that it comes to, or where that leads."""
    query = {name: value for name, value in given.items() if value is not None}
    led = await who.http.get(f"{desk.api}/logout", params=query)
    assert led.status_code == 303, led.text
    return await who.http.get(led.headers["location"])


async def confirmed(who: Browser, page: httpx.Response) -> httpx.Response:
    """Say yes on the page that asks."""
    assert "Log out?" in page.text, page.text
    form = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', page.text))
    form.pop("csrf", None)
    return await who.http.get(await who.press(page, "/ui/oauth/logout", form))


async def test_an_application_logs_somebody_out_who_is_sent_back(desk: Desk, tess: Browser):
    """RP-Initiated Logout 2 and 3, by GET and by POST; `state` comes along; nobody is asked who needn't be."""
    app = await desk.register(post_logout_redirect_uris=[HOME])
    party = RelyingParty(await about(desk))
    token = await tess.enter(app, **OPEN)
    _, said = await claims(desk, token["id_token"])
    assert said["sid"]
    desk.kit.advance(timedelta(minutes=15))  # an id_token that has expired says all the same whose it was
    logout = await party.create_logout_url(HOME, token["id_token"], "s 2")
    led = await tess.http.get(logout["url"])
    assert await tess.is_in(), "the address that is for programs logs nobody out by itself"
    left = await tess.http.get(led.headers["location"])
    assert (left.status_code, told(left.headers["location"])) == (303, {"_at": HOME, "state": "s 2"})
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert not await tess.is_in()
    # Whoever has left already is sent back too.
    gone = await asked(desk, tess, id_token_hint=token["id_token"], post_logout_redirect_uri=HOME)
    assert gone.headers["location"] == HOME
    token = await tess.enter(app, **OPEN)
    form = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": HOME}
    posted = await desk.http.post(f"{desk.api}/logout", data=form, headers={"Origin": HOME})
    assert (await tess.http.get(posted.headers["location"])).headers["location"] == HOME
    assert not await tess.is_in()


async def test_a_request_that_proves_nothing_is_asked_about_and_leads_nowhere_else(desk: Desk, tess: Browser):
    """RP-Initiated Logout 2, 3, 4, 6: no open redirect, nobody is logged out by a link of others."""
    app = await desk.register(post_logout_redirect_uris=[HOME])
    other = await desk.register("Another app", post_logout_redirect_uris=[HOME])
    token = (await tess.enter(app, **OPEN))["id_token"]
    elsewhere = Browser(desk)
    elsewhere.email = tess.email
    foreign = Browser(desk)
    await foreign.be_invited()
    async with elsewhere.http, foreign.http:
        another_session = (await elsewhere.enter(app, **OPEN))["id_token"]
        another_person = (await foreign.enter(app, **OPEN))["id_token"]
        anothers = (await tess.enter(other, **OPEN))["id_token"]
        header, said = await claims(desk, token)
        own_key = RSAKey.generate_key(2048, {"kid": header["kid"]})
        rows = await desk.kit.installation.rows(
            "SELECT kid FROM oauth.signing_key WHERE tenant_id = $1", desk.kit.tenant_id
        )
        assert header["kid"] in {row["kid"] for row in rows}
        unsigned = f"{packed({'alg': 'none', 'typ': 'JWT'})}.{packed(said)}."
        for wrong in (
            {},
            {"id_token_hint": unsigned, "client_id": app["id"]},
            {"id_token_hint": jwt.encode({**header}, said, own_key), "client_id": app["id"]},
            {"id_token_hint": token[:-3], "client_id": app["id"]},
            {"id_token_hint": token, "client_id": other["id"]},
            {"id_token_hint": "", "client_id": app["id"]},
            {"client_id": str(uuid4())},
            {"id_token_hint": token, "client_id": app["id"], "post_logout_redirect_uri": [HOME, "https://evil.example/"]},
        ):  # fmt: skip
            page = await asked(desk, tess, **({"post_logout_redirect_uri": HOME} | wrong))
            assert "You stay here." in page.text, wrong
            assert await tess.is_in(), wrong
        for doubtful in (
            {"client_id": app["id"]},
            {"id_token_hint": another_session},
            {"id_token_hint": another_person, "client_id": app["id"]},
        ):
            page = await asked(desk, tess, post_logout_redirect_uri=HOME, **doubtful)
            assert "Example app asks whether you" in page.text, doubtful
            assert f"You are sent back to {HOME}." in page.text, doubtful
            assert await tess.is_in(), doubtful
        # The other application may log them out all the same: it is their session too.
        left = await asked(
            desk, elsewhere, id_token_hint=another_session, post_logout_redirect_uri=f"{HOME}x"
        )
        assert left.headers["location"] == "/ui/oauth/logout", (
            "an address that isn't registered leads nowhere"
        )
        assert "You are logged out" in (await elsewhere.http.get(left.headers["location"])).text
        assert anothers
    # A yes counts from our own page, for the person who gave it, for a minute.
    page = await asked(desk, tess, client_id=app["id"], post_logout_redirect_uri=HOME)
    lied = await tess.http.get("/ui/oauth/logout", params={"confirmed": "1~9999999999.aaaa"})
    assert "Log out?" in lied.text
    blind = await tess.http.post("/ui/oauth/logout", data={"client_id": app["id"]}, headers={"Origin": HOME})
    assert (blind.status_code, await tess.is_in()) == (403, True)
    left = await confirmed(tess, page)
    assert (left.headers["location"], await tess.is_in()) == (HOME, False)


async def test_applications_are_told_of_a_session_that_ended_and_what_hung_on_it_ends(
    desk: Desk, tess: Browser
):
    """Back-Channel Logout 2.4 to 2.7: each application once, by a token for it alone; what `offline_access` gave stays."""
    async with receiving() as one, receiving() as two:
        scopes = ["openid", "offline_access", "email"]
        app = await desk.register(backchannel_logout_uri=one.url, scopes=scopes)
        absent = await desk.register("Absent app", backchannel_logout_uri=two.url, scopes=scopes)
        plain = await desk.register("Plain app", backchannel_logout_uri=two.url, scopes=scopes)
        present = await tess.enter(app, **OPEN)
        await tess.enter(app, **OPEN)
        offline = await tess.enter(absent, scope="openid offline_access")
        oauth = await tess.enter(plain, scope="email")
        unspent, verifier = await code(tess, absent, scope="openid offline_access")
        # Logging in once more, for one application, ends nothing for the others.
        again = await tess.enter(app, scope="openid", prompt="login")
        await desk.kit.drain()
        assert (one.taken(), two.taken()) == ([], [])
        _, before = await claims(desk, present["id_token"])
        _, after = await claims(desk, again["id_token"])
        assert before["sid"] == after["sid"]
        assert await tess.press(await tess.http.get("/ui/profile"), "/ui/logout", {}) == "/ui/login"
        await desk.kit.drain()
        [token] = one.taken()
        header, said = await claims(desk, token)
        assert header["typ"] == "logout+jwt"
        assert (said["iss"], said["aud"], said["sub"]) == (desk.issuer, app["id"], tess.id)
        assert (said["sid"], said["events"], "nonce" in said) == (before["sid"], {EVENT: {}}, False)
        assert 0 < said["exp"] - said["iat"] <= 120
        assert said["jti"]
        [other] = two.taken()
        assert (await claims(desk, other))[1]["aud"] == absent["id"]
        assert (await refreshed(desk, app, present), await refreshed(desk, app, again)) == (400, 400)
        assert (await desk.me(again["access_token"])).status_code == 401
        assert (await refreshed(desk, absent, offline), await refreshed(desk, plain, oauth)) == (200, 200)
        late = await desk.redeem(absent, unspent, verifier)
        assert late.json()["error"] == "invalid_grant", "nobody gets in by a session that is over"
        # A logout token is no id_token, whoever brings it.
        await tess.enter(app, **OPEN)
        page = await asked(desk, tess, id_token_hint=token, client_id=app["id"])
        assert "Log out?" in page.text


async def code(who: Browser, app: Mapping[str, Any], **given: Any) -> tuple[str, str]:
    page, verifier = await who.open(app, **given)
    return (await who.answer(page, str(page.url)))["code"], verifier


async def refreshed(desk: Desk, app: Mapping[str, Any], token: Mapping[str, Any]) -> int:
    answer = await desk.token(app, grant_type="refresh_token", refresh_token=token["refresh_token"])
    return answer.status_code


async def test_whatever_ends_a_session_is_told(desk: Desk, tess: Browser):
    """By its owner elsewhere, an administrator, another's log-in, a disabled account, a new password, a deletion."""
    admin = await desk.kit.admin()
    async with receiving() as one:
        scopes = ["openid", "offline_access"]
        app = await desk.register(backchannel_logout_uri=one.url, scopes=scopes)

        async def subjects() -> list[tuple[str, bool]]:
            desk.kit.advance(timedelta(seconds=1))
            await desk.kit.drain()
            told = [(await claims(desk, token))[1] for token in one.taken()]
            return sorted((said["sub"], "sid" in said) for said in told)

        await tess.enter(app, **OPEN)
        assert (await admin.post(f"/users/{tess.id}/end-sessions")).status_code == 204
        assert await subjects() == [(tess.id, False)], "all of them, whichever there are"
        offline = await tess.enter(app, scope="openid offline_access")
        # Somebody else logs in at the same browser.
        other = Browser(desk)
        await other.be_invited()
        form = await tess.http.get("/ui/login?again=1")
        address, tess.email = tess.email, other.email
        await tess.log_in(form)
        assert await subjects() == [(tess.id, True)]
        tess.email = address
        assert await refreshed(desk, app, offline) == 200
        # Whoever may have had the account in their hands is out of everything.
        await admin.post(f"/users/{tess.id}/password-resets")
        await choose(desk, tess, "amber violet harbour")
        assert await subjects() == [(tess.id, False)]
        assert await refreshed(desk, app, offline) == 400
        await other.http.aclose()
        await admin.patch(f"/users/{tess.id}", {"status": "disabled"})
        assert await subjects() == [], "nothing of theirs is left"
        fourth = Browser(desk)
        async with fourth.http:
            await fourth.be_invited()
            await fourth.enter(app, **OPEN)
            desk.kit.advance(timedelta(seconds=1))
            assert (await admin.delete(f"/users/{fourth.id}")).status_code == 204
            assert await subjects() == [(fourth.id, False)]


async def choose(desk: Desk, who: Browser, password: str) -> None:
    """Set a password by the link that was mailed."""
    async with desk.kit.unit() as ctx:
        directory = ctx.service(Directory)
        minted = await directory.password_token(await directory.request_password(UUID(who.id)))
    body = {"token": minted.token, "new_password": password}
    answer = await desk.kit.anonymous().post("/auth/reset-password", body)
    assert answer.status_code == 204, answer.text


async def test_an_application_that_is_away_is_told_later_and_one_that_refuses_never_again(
    desk: Desk, tess: Browser
):
    async with receiving(status=503) as one:
        app = await desk.register(backchannel_logout_uri=one.url)

        async def leave() -> None:
            await tess.enter(app, **OPEN)
            await tess.press(await tess.http.get("/ui/profile"), "/ui/logout", {})
            await desk.kit.drain()

        await leave()
        [first] = one.taken()
        one.status = 204
        desk.kit.advance(timedelta(minutes=1))
        await desk.kit.drain()
        [second] = one.taken()
        ids = [(await claims(desk, token))[1]["jti"] for token in (first, second)]
        assert ids[0] != ids[1], "one that was taken and not answered isn't told the same once more"
        desk.kit.advance(timedelta(hours=1))
        await desk.kit.drain()
        assert one.taken() == []
        for status, moved in ((400, ""), (302, "http://127.0.0.1:9/")):
            one.status, one.moved = status, moved
            await leave()
            desk.kit.advance(timedelta(hours=1))
            await desk.kit.drain()
            assert len(one.taken()) == 1
        # Nobody is behind a port that was closed: it stays in the list of jobs.
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            closed = f"http://127.0.0.1:{held.getsockname()[1]}/told?app=1"
            changed = await (await desk.kit.admin()).patch(
                f"/oauth-clients/{app['id']}", {"backchannel_logout_uri": closed}
            )
            assert changed.status_code == 200, changed.text
            await leave()
        assert one.taken() == []
        # What was registered may lead inward by now.
        async with desk.kit.unit() as ctx:
            inward = "UPDATE oauth.client SET backchannel_logout_uri = 'https://10.0.0.1/told' WHERE id = $1"
            await ctx.db.execute(inward, UUID(app["id"]))
        await leave()
    entries = await desk.kit.installation.rows(
        "SELECT detail->>'because' AS because FROM psa.audit_entry WHERE tenant_id = $1 AND record_id = $2"
        " AND action = 'oauth_logout_refused' ORDER BY id",
        desk.kit.tenant_id,
        UUID(app["id"]),
    )
    said = [row["because"] for row in entries]
    assert [text.rpartition(" ")[2] for text in said[:2]] == ["400.", "302."]
    assert "isn't a public address" in said[2]


async def test_nothing_is_told_to_addresses_that_only_the_server_can_see(desk: Desk):
    """S20: at the registration, and again when it is told."""
    admin = await desk.kit.admin()
    values = {"name": "Inward app", "redirect_uris": [BACK], "scopes": ["openid"]}
    for address, wrong in (
        ("http://169.254.169.254/latest", "address_refused"),
        ("https://10.0.0.1/told", "address_refused"),
        ("https://[::ffff:10.0.0.1]/told", "address_refused"),
        ("ftp://app.example.com/", "backchannel_logout_uri_refused"),
        ("https://app.example.com/#x", "backchannel_logout_uri_refused"),
        ("https://user@app.example.com/", "backchannel_logout_uri_refused"),
        ("http://93.184.215.14/told", "url_insecure"),
    ):
        answer = await admin.post("/oauth-clients", {**values, "backchannel_logout_uri": address})
        assert answer.status_code == 422, address
        [error] = answer.json()["errors"]
        assert (error["code"], error["source"]["pointer"]) == (
            wrong,
            "/data/attributes/backchannel_logout_uri",
        )
    wrong = await admin.post(
        "/oauth-clients", {**values, "post_logout_redirect_uris": ["http://app.example.com/"]}
    )
    assert wrong.json()["errors"][0]["source"]["pointer"] == "/data/attributes/post_logout_redirect_uris/0"
