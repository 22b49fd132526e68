"""Applications of others against a real HTTP server: authlib's client, and what must be refused (S12)."""

import asyncio
import secrets
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from .desk import BACK, DEVICE, KINDS, Desk, asking, told

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import AsyncOAuth2Client


@pytest.mark.parametrize("desk", ["multi", "single"], indirect=True)
async def test_authlib_gets_a_code_trades_it_renews_and_revokes(desk: Desk):
    """AUTH-31: code with PKCE, id_token, userinfo, refresh, introspection, revocation; rights are the person's."""
    app, tech = (
        await desk.register(f"Authlib {secrets.token_hex(4)}"),
        await desk.kit.staff(roles=("technician",)),
    )
    about = (await desk.http.get(f"{desk.issuer}/.well-known/openid-configuration")).json()
    again = await desk.http.get(f"{desk.url}/.well-known/oauth-authorization-server/oauth/{desk.kit.slug}")
    assert again.json() == about
    # A host that can't be one is no failure of ours.
    odd = await desk.http.get(
        f"{desk.issuer}/.well-known/openid-configuration", headers={"Host": "127.0.0.1:99999"}
    )
    assert (odd.status_code, odd.json()["issuer"]) == (200, f"http://127.0.0.1/oauth/{desk.kit.slug}")
    assert about["issuer"] == desk.issuer
    answered, verifier = await desk.allow(app, tech)
    assert (answered["iss"], answered["state"], answered["_at"]) == (desk.issuer, "s 1", BACK)
    async with AsyncOAuth2Client(
        app["id"], app["secret"], redirect_uri=BACK, token_endpoint_auth_method="client_secret_basic"
    ) as client:
        token = await client.fetch_token(
            about["token_endpoint"], code=answered["code"], code_verifier=verifier
        )
        assert "scope" in token, token
        # A technician may not create users: that scope wasn't theirs to give.
        assert token["scope"] == "openid email auth.users.read"
        keys = KeySet.import_key_set((await desk.http.get(about["jwks_uri"])).json())
        claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (desk.issuer, app["id"], "n1")
        assert claims["sub"] == str(await tech.account_id())
        person = (await client.get(about["userinfo_endpoint"])).json()
        assert (person["sub"], person["email"]) == (claims["sub"], claims["email"])
        assert (await desk.me(token["access_token"], "/api/v1/users")).status_code == 200
        assert (await desk.me(token["access_token"], "/api/v1/groups")).status_code == 403
        assert (await desk.me(token["access_token"], "/api/v1/portal/me")).status_code in {401, 404}
        old = token["refresh_token"]
        renewed = await client.refresh_token(about["token_endpoint"], refresh_token=old)
        assert renewed["refresh_token"] != old
        seen = await client.introspect_token(about["introspection_endpoint"], token=renewed["access_token"])
        assert seen.json()["active"] is True
        narrow = await client.refresh_token(
            about["token_endpoint"], refresh_token=renewed["refresh_token"], scope="openid email"
        )
        assert (await desk.me(narrow["access_token"], "/api/v1/users")).status_code == 403
        seen = await client.introspect_token(about["introspection_endpoint"], token=narrow["access_token"])
        assert (seen.json()["active"], seen.json()["scope"]) == (True, "openid email")
        renewed = await client.refresh_token(about["token_endpoint"], refresh_token=narrow["refresh_token"])
        await client.revoke_token(about["revocation_endpoint"], token=renewed["access_token"])
        gone = await client.introspect_token(about["introspection_endpoint"], token=renewed["refresh_token"])
        assert gone.json() == {"active": False}
    assert (await desk.me(renewed["access_token"])).status_code == 401


async def test_a_code_counts_once_and_its_reuse_ends_what_came_of_it(desk: Desk):
    """S12: two at once, exactly one wins; the second try revokes. Wrong client, verifier, address: nothing."""
    app, other = await desk.register(), await desk.register("Another app")
    tech = await desk.kit.staff(roles=("technician",))
    answered, verifier = await desk.allow(app, tech)
    stolen = await desk.redeem(other, answered["code"], verifier)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    both = await asyncio.gather(*(desk.redeem(app, answered["code"], verifier) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 400]
    won = next(answer for answer in both if answer.status_code == 200).json()
    assert (await desk.me(won["access_token"])).status_code == 401
    refused = await desk.token(app, grant_type="refresh_token", refresh_token=won["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
    for wrong in ({"code_verifier": "a" * 64}, {"redirect_uri": f"{BACK}/"}, {"code_verifier": ""}):
        answered, verifier = await desk.allow(app, tech)
        answer = await desk.redeem(app, answered["code"], verifier, **wrong)
        assert answer.status_code == 400, answer.text
    answered, verifier = await desk.allow(app, tech)
    desk.kit.advance(timedelta(seconds=61))
    assert (await desk.redeem(app, answered["code"], verifier)).json()["error"] == "invalid_grant"
    wrong_secret = await desk.token({**app, "secret": "guess"}, grant_type="client_credentials")
    assert (wrong_secret.status_code, wrong_secret.json()["error"]) == (401, "invalid_client")


async def test_a_refresh_token_that_comes_back_ends_its_family(desk: Desk):
    """AUTH-20: the identical retry within ten seconds gets the identical token; a reuse ends everything."""
    app, tech = await desk.register(), await desk.kit.staff(roles=("technician",))
    answered, verifier = await desk.allow(app, tech)
    first = (await desk.redeem(app, answered["code"], verifier)).json()

    async def renew(token: str) -> httpx.Response:
        return await desk.token(app, grant_type="refresh_token", refresh_token=token)

    second, repeated = [(await renew(first["refresh_token"])).json() for _ in range(2)]
    assert second["refresh_token"] == repeated["refresh_token"]
    third = (await renew(second["refresh_token"])).json()
    assert (await desk.me(third["access_token"])).status_code == 200
    assert (await renew(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await desk.me(third["access_token"])).status_code == 401
    assert (await renew(third["refresh_token"])).status_code == 400
    # The administrators see it, the person is told, other plugins too; once, however often it comes back.
    assert (await renew(first["refresh_token"])).status_code == 400
    rows = await desk.kit.installation.rows(
        "SELECT record_id FROM psa.audit_entry WHERE tenant_id = $1 AND action = 'oauth_refresh_token_reused'",
        desk.kit.tenant_id,
    )
    assert [row["record_id"] for row in rows] == [await tech.account_id()]
    rows = await desk.kit.installation.rows(
        "SELECT name, payload::json->>'matter' AS matter, payload::json->>'detail' AS detail FROM psa.outbox"
        " WHERE tenant_id = $1 AND payload::json->>'account_id' = $2 AND name IN ('oauth.token_reused',"
        " 'auth.account_alert') ORDER BY id",
        desk.kit.tenant_id,
        str(await tech.account_id()),
    )
    assert sorted((tuple(row.values()) for row in rows), reverse=True) == [
        ("oauth.token_reused", None, None),
        ("auth.account_alert", "application_stolen", "Example app"),
    ]


async def test_consent_answers_nobody_it_does_not_know(desk: Desk):
    """S12: exact addresses, S256 only, scopes within the registration, people only, a no is a no."""
    app, tech = await desk.register(), await desk.kit.staff(roles=("technician",))
    for address in (
        f"{BACK}/", f"{BACK}?a=1", f"{BACK}#x", "https://app.example.com.evil.example/callback", "http://app.example.com/callback",
        "https://app.example.com@evil.example/callback", "//app.example.com/callback", "https://APP.example.com/callback",
        "https://app.example.com/callback/../x", "javascript:alert(1)", "https://evil.example/?https://app.example.com/callback", "",
    ):  # fmt: skip
        answer, _ = await desk.allow(app, tech, redirect_uri=address)
        assert answer.status_code == 422, address
    for error, given in (
        ("invalid_request", {"code_challenge": None}),
        ("invalid_request", {"code_challenge_method": "plain"}),
        ("invalid_request", {"code_challenge_method": None}),
        ("unsupported_response_type", {"response_type": "token"}),
        ("invalid_scope", {"scope": "auth.*"}),
        ("access_denied", {"decision": "deny"}),
    ):
        answered, _ = await desk.allow(app, tech, **given)
        assert (answered["error"], answered["state"], answered["iss"]) == (error, "s 1", desk.issuer)
    answered, verifier = await desk.allow(app, tech)
    held = (await desk.redeem(app, answered["code"], verifier)).json()["access_token"]
    again = await desk.http.post(
        f"{desk.url}/ui/oauth/authorize",
        data={"client_id": app["id"]},
        headers={"Authorization": f"Bearer {held}", "PSA-Action": "1"},
    )
    assert again.status_code == 403
    mine = await tech.get("/oauth-consents")
    [consent] = mine.json()["data"]
    assert (await tech.delete(f"/oauth-consents/{consent['id']}")).status_code == 204
    assert (await desk.me(held)).status_code == 401


async def test_nobody_gets_at_more_rights_by_way_of_an_application(desk: Desk):
    """AUTH-50, AUTH-53: who acts as another allows nothing, who holds less gets at nobody's own application."""
    app, tech = await desk.register(), await desk.kit.staff(roles=("technician",))
    admin = await desk.kit.admin()
    begun = await admin.post(f"/users/{await tech.account_id()}/impersonate", {"reason": "A call for help"})
    token = begun.json()["data"]["attributes"]["access_token"]
    acting = {"Authorization": f"Bearer {token}", "PSA-Action": "1"}
    for path, form in (
        ("/oauth/authorize", asking(app)[0] | {"decision": "allow"}),
        ("/oauth/device/answer", {"user_code": "BCDF-GHJK", "decision": "allow"}),
    ):
        refused = await desk.http.post(f"{desk.url}/ui{path}", data=form, headers=acting)
        assert refused.status_code == 403
        assert "impersonation" in refused.json()["detail"]
    clerk = await desk.kit.staff("oauth.oauth_clients.*")
    taken = await clerk.post(f"/oauth-clients/{app['id']}/secret")
    assert (taken.status_code, taken.json()["errors"][0]["code"]) == (403, "exceeds_own_rights")
    widened = await clerk.patch(f"/oauth-clients/{app['id']}", {"scopes": ["*"]})
    assert (widened.status_code, widened.json()["errors"][0]["code"]) == (403, "exceeds_own_rights")
    assert (await desk.token(app, grant_type="client_credentials")).status_code == 200


async def test_without_a_question_only_what_was_allowed_before_is_answered(desk: Desk):
    """OpenID Connect Core 3.1.2.1, `prompt=none`."""
    app, tech = await desk.register(), await desk.kit.staff(roles=("technician",))
    person, nobody = await desk.headers(tech), {"X-Tenant": desk.kit.slug}

    async def silently(headers: Mapping[str, str], **given: Any) -> tuple[dict[str, str], str]:
        answer, verifier = await desk.ask(app, headers, **{"prompt": "none", **given})
        assert answer.status_code == 303, answer.text
        return told(answer.headers["location"]), verifier

    for headers, error in ((nobody, "login_required"), (person, "consent_required")):
        answered, _ = await silently(headers)
        assert (answered["error"], answered["state"], answered["iss"]) == (error, "s 1", desk.issuer)
    await desk.allow(app, tech, scope="openid auth.users.read")
    assert (await silently(person))[0]["error"] == "consent_required", "email was never allowed"
    answered, verifier = await silently(person, scope="openid auth.users.read")
    assert (answered["_at"], answered["state"], answered["iss"]) == (BACK, "s 1", desk.issuer)
    assert (await desk.redeem(app, answered["code"], verifier)).status_code == 200
    assert (await silently(person, prompt="none login"))[0]["error"] == "invalid_request"
    elsewhere, _ = await desk.ask(app, person, prompt="none", redirect_uri="https://evil.example/")
    assert elsewhere.status_code == 200
    assert "registered" in elsewhere.text
    # Whoever isn't logged in is led to the log-in, and asked afterwards.
    later, _ = await desk.ask(app, nobody)
    assert (later.status_code, later.headers["location"].partition("?")[0]) == (303, "/ui/login")


async def test_an_application_on_its_own_has_its_owners_rights_within_its_scopes(desk: Desk):
    app = await desk.register()
    public = await desk.register("Installed app", confidential=False, grant_types=KINDS[:2])
    answer = await desk.token(app, grant_type="client_credentials", scope="auth.users.read")
    assert (answer.json()["scope"], "refresh_token" in answer.json()) == ("auth.users.read", False)
    token = answer.json()["access_token"]
    assert (await desk.me(token, "/api/v1/users")).status_code == 200
    assert (await desk.me(token, "/api/v1/roles")).status_code == 403
    wider = await desk.token(app, grant_type="client_credentials", scope="ticketing.tickets.read")
    assert wider.json()["error"] == "invalid_scope"
    alone = await desk.token(public, grant_type="client_credentials")
    assert alone.json()["error"] == "unauthorized_client"
    renewed = await (await desk.kit.admin()).post(f"/oauth-clients/{app['id']}/secret")
    assert renewed.status_code == 200, renewed.text
    assert (await desk.me(token)).status_code == 401
    assert (await desk.token(app, grant_type="client_credentials")).status_code == 401


async def test_a_device_waits_is_told_to_slow_down_and_is_let_in_once(desk: Desk):
    """RFC 8628."""
    app, tech = await desk.register(), await desk.kit.staff(roles=("technician",))
    headers = await desk.headers(tech)

    async def begin() -> dict[str, Any]:
        form = {"client_id": app["id"], "client_secret": app["secret"], "scope": "auth.users.read"}
        return (await desk.http.post(f"{desk.api}/device", data=form)).json()

    async def poll(device: Mapping[str, Any]) -> dict[str, Any]:
        return (await desk.token(app, grant_type=DEVICE, device_code=device["device_code"])).json()

    async def say(device: Mapping[str, Any], decision: str) -> httpx.Response:
        form = urlencode({"user_code": device["user_code"].lower(), "decision": decision})
        sent = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return await desk.http.post(f"{desk.url}/ui/oauth/device/answer", content=form, headers=sent)

    device, refused, late = await begin(), await begin(), await begin()
    assert (await poll(device))["error"] == "authorization_pending"
    assert (await poll(device))["error"] == "slow_down"
    assert (await say(device, "allow")).status_code == 200
    assert (await say(device, "allow")).status_code == 422
    granted = await poll(device)
    assert (await desk.me(granted["access_token"], "/api/v1/users")).status_code == 200
    assert (await poll(device))["error"] == "invalid_grant"
    await say(refused, "deny")
    assert (await poll(refused))["error"] == "access_denied"
    desk.kit.advance(timedelta(minutes=11))
    assert (await poll(late))["error"] == "expired_token"
