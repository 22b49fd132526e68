"""Applications of others against a real HTTP server: authlib's client, and what must be refused (S12)."""

import asyncio
import secrets
import socket
import warnings
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet

from psa_oauth.pkce import challenge
from psa_sdk.testing import Kit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import AsyncOAuth2Client

BACK = "https://app.example.com/callback"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
KINDS = ["authorization_code", "refresh_token", "client_credentials", DEVICE]


class Desk:
    """A served tenant, an application in it, and a technician who is asked."""

    def __init__(self, kit: Kit, url: str) -> None:
        self.kit, self.url = kit, url
        self.issuer = f"{url}/oauth/{kit.slug}"
        self.api = f"{url}/api/v1/oauth/{kit.slug}"
        self.http = httpx.AsyncClient(timeout=30)

    async def register(self, name: str = "Example app", **given: Any) -> dict[str, Any]:
        values = {
            "name": name,
            "redirect_uris": [BACK],
            "grant_types": KINDS,
            "scopes": ["openid", "profile", "email", "auth.users.read", "auth.users.create", "auth.roles.*"],
        }
        answer = await (await self.kit.admin()).post("/oauth-clients", {**values, **given})
        assert answer.status_code == 201, answer.text
        data = answer.json()["data"]
        return {"id": data["id"], "secret": data["attributes"]["secret"]}

    async def allow(self, app: Mapping[str, Any], person: Any, decision: str = "allow", **given: Any) -> Any:
        """Answer the question as a person; returns where the browser is sent, or the refusal."""
        verifier = secrets.token_urlsafe(48)
        form = {
            "response_type": "code",
            "client_id": app["id"],
            "redirect_uri": BACK,
            "scope": "openid email auth.users.read auth.users.create",
            "state": "s 1",
            "nonce": "n1",
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
            "decision": decision,
        } | given
        token = await self.kit.installation.credential(person.person)
        answer = await self.http.post(
            f"{self.url}/ui/oauth/authorize",
            data={name: value for name, value in form.items() if value is not None},
            headers={"Authorization": f"Bearer {token}", "PSA-Action": "1"},
        )
        if answer.status_code != 200:
            return answer, verifier
        address = answer.json()["go"]
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | {
            "_at": address.partition("?")[0]
        }, verifier

    async def token(self, app: Mapping[str, Any] | None, **form: Any) -> httpx.Response:
        credentials = {"client_id": app["id"], "client_secret": app["secret"]} if app else {}
        sent = {name: value for name, value in (credentials | form).items() if value}
        return await self.http.post(f"{self.api}/token", data=sent)

    async def redeem(self, app: Mapping[str, Any], code: str, verifier: str, **given: Any) -> httpx.Response:
        form = {"code": code, "redirect_uri": BACK, "code_verifier": verifier} | given
        return await self.token(app, grant_type="authorization_code", **form)

    async def me(self, token: str, path: str = "/api/v1/auth/me") -> httpx.Response:
        return await self.http.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"})


@pytest_asyncio.fixture(loop_scope="session", params=["multi"])
async def desk(new_kit, request) -> AsyncGenerator[Desk]:
    kit = await new_kit(request.param)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(kit.installation.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        served = Desk(kit, url)
        yield served
        await served.http.aclose()
        server.should_exit = True
        await serving


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
    assert about["issuer"] == desk.issuer
    told, verifier = await desk.allow(app, tech)
    assert (told["iss"], told["state"], told["_at"]) == (desk.issuer, "s 1", BACK)
    async with AsyncOAuth2Client(
        app["id"], app["secret"], redirect_uri=BACK, token_endpoint_auth_method="client_secret_basic"
    ) as client:
        token = await client.fetch_token(about["token_endpoint"], code=told["code"], code_verifier=verifier)
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
        await client.revoke_token(about["revocation_endpoint"], token=renewed["access_token"])
        gone = await client.introspect_token(about["introspection_endpoint"], token=renewed["refresh_token"])
        assert gone.json() == {"active": False}
    assert (await desk.me(renewed["access_token"])).status_code == 401


async def test_a_code_counts_once_and_its_reuse_ends_what_came_of_it(desk: Desk):
    """S12: two at once, exactly one wins; the second try revokes. Wrong client, verifier, address: nothing."""
    app, other = await desk.register(), await desk.register("Another app")
    tech = await desk.kit.staff(roles=("technician",))
    told, verifier = await desk.allow(app, tech)
    stolen = await desk.redeem(other, told["code"], verifier)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    both = await asyncio.gather(*(desk.redeem(app, told["code"], verifier) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 400]
    won = next(answer for answer in both if answer.status_code == 200).json()
    assert (await desk.me(won["access_token"])).status_code == 401
    refused = await desk.token(app, grant_type="refresh_token", refresh_token=won["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
    for wrong in ({"code_verifier": "a" * 64}, {"redirect_uri": f"{BACK}/"}, {"code_verifier": ""}):
        told, verifier = await desk.allow(app, tech)
        answer = await desk.redeem(app, told["code"], verifier, **wrong)
        assert answer.status_code == 400, answer.text
    told, verifier = await desk.allow(app, tech)
    desk.kit.advance(timedelta(seconds=61))
    assert (await desk.redeem(app, told["code"], verifier)).json()["error"] == "invalid_grant"
    wrong_secret = await desk.token({**app, "secret": "guess"}, grant_type="client_credentials")
    assert (wrong_secret.status_code, wrong_secret.json()["error"]) == (401, "invalid_client")


async def test_a_refresh_token_that_comes_back_ends_its_family(desk: Desk):
    """AUTH-20: the identical retry within ten seconds gets the identical token; a reuse ends everything."""
    app, tech = await desk.register(), await desk.kit.staff(roles=("technician",))
    told, verifier = await desk.allow(app, tech)
    first = (await desk.redeem(app, told["code"], verifier)).json()

    async def renew(token: str) -> httpx.Response:
        return await desk.token(app, grant_type="refresh_token", refresh_token=token)

    second, repeated = [(await renew(first["refresh_token"])).json() for _ in range(2)]
    assert second["refresh_token"] == repeated["refresh_token"]
    third = (await renew(second["refresh_token"])).json()
    assert (await desk.me(third["access_token"])).status_code == 200
    assert (await renew(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await desk.me(third["access_token"])).status_code == 401
    assert (await renew(third["refresh_token"])).status_code == 400


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
        told, _ = await desk.allow(app, tech, **given)
        assert (told["error"], told["state"], told["iss"]) == (error, "s 1", desk.issuer)
    told, verifier = await desk.allow(app, tech)
    held = (await desk.redeem(app, told["code"], verifier)).json()["access_token"]
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
    headers = {
        "Authorization": f"Bearer {await desk.kit.installation.credential(tech.person)}",
        "PSA-Action": "1",
    }

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
