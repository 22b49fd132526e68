"""Passkeys as a second factor and in place of the password: S10, AUTH-04, AUTH-12."""

import httpx
import pytest_asyncio

from psa_kernel.http.app import create_app

from .authenticator import Authenticator, text
from .conftest import House, Phone


class Keys(Phone):
    """Somebody with a software authenticator."""

    def __init__(self, house: House, http: httpx.AsyncClient) -> None:
        super().__init__(house, http)
        self.key = Authenticator()

    async def options(self, path: str) -> dict:
        answer = await self.ask(
            "POST", f"/auth/passkeys/{path}", **({"tenant": "acme"} if "log-in" in path else {})
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["attributes"]["public_key"]

    async def add(self, key: Authenticator | None = None) -> httpx.Response:
        made = (key or self.key).create(await self.options("options"))
        return await self.ask("POST", "/auth/passkeys", name="Laptop", credential=made)

    async def confirm(self, shown: dict) -> httpx.Response:
        answer = await self.ask("POST", "/auth/passkeys/confirm", credential=shown)
        told = answer.json().get("data", {}).get("attributes", {}).get("access_token")
        self.token = told or self.token
        return answer

    async def enter(self, shown: dict) -> httpx.Response:
        self.token = ""
        answer = await self.ask("POST", "/auth/passkeys/log-in", credential=shown, tenant="acme")
        if answer.status_code == 201:
            self.token = answer.json()["data"]["attributes"]["access_token"]
        return answer


@pytest_asyncio.fixture
async def keys(house: House):
    transport = httpx.ASGITransport(create_app(house.kernel))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        keys = Keys(house, http)
        await keys.log_in()
        yield keys


async def test_a_passkey_is_asked_for_after_the_password_and_opens_a_new_session(keys: Keys) -> None:
    added = await keys.add()
    assert added.status_code == 201, added.text
    recovery = added.json()["data"]["attributes"]["recovery_codes"]
    assert len(recovery) == 10
    assert (await keys.ask("GET", "/users")).status_code == 200
    told = await keys.log_in()
    assert told["mfa_required"]
    half = keys.token
    assert (await keys.ask("GET", "/users")).status_code == 403
    passed = await keys.confirm(keys.key.get(await keys.options("confirm/options"), verified=False))
    assert passed.status_code == 200, passed.text
    assert (await keys.ask("GET", "/users")).status_code == 200
    keys.token, full = half, keys.token
    assert (await keys.ask("GET", "/users")).status_code == 401
    # A recovery code gets in whose passkey is lost.
    await keys.log_in()
    assert (await keys.verify(recovery[0])).status_code == 200
    keys.token = full
    # Sensitive: what wants proof wants it anew after five minutes.
    keys.house.later(minutes=6)
    [passkey] = (await keys.ask("GET", "/auth/passkeys")).json()["data"]
    assert passkey["attributes"]["site"] == "localhost"
    assert passkey["attributes"]["last_used_at"]
    renamed = await keys.ask("PATCH", f"/auth/passkeys/{passkey['id']}", name="Old laptop")
    assert renamed.json()["data"]["attributes"]["name"] == "Old laptop"
    for method, path in (("DELETE", f"/auth/passkeys/{passkey['id']}"), ("POST", "/auth/passkeys/options")):
        refused = await keys.ask(method, path)
        assert refused.json()["errors"][0]["code"] == "step_up_required"
    assert (await keys.confirm(keys.key.get(await keys.options("confirm/options")))).status_code == 200
    assert (await keys.ask("DELETE", f"/auth/passkeys/{passkey['id']}")).status_code == 204
    assert not (await keys.log_in())["mfa_required"]


async def test_a_passkey_alone_logs_in_if_its_user_was_verified(keys: Keys) -> None:
    assert (await keys.add()).status_code == 201
    entered = await keys.enter(keys.key.get(await keys.options("log-in/options")))
    assert entered.status_code == 201, entered.text
    assert entered.json()["data"]["attributes"]["mfa_required"] is False
    assert (await keys.ask("POST", "/auth/mfa/recovery-codes")).status_code == 201, "it is proof as well"
    keys.token = ""
    for lie in (
        {"verified": False},
        {"handle": ""},
        {"handle": text(bytes(16))},
        {"origin": "http://localhost:81"},
        {"origin": "https://localhost"},
        {"origin": "http://evil.example"},
        {"site": "evil.example"},
        {"challenge": text(bytes(56))},
    ):
        refused = await keys.enter(keys.key.get(await keys.options("log-in/options"), **lie))
        assert refused.status_code == 401, lie
        assert refused.json()["errors"][0]["code"] == "login_refused"
    stranger = Authenticator()
    stranger.id, stranger.handle = keys.key.id, keys.key.handle
    stranger.count = 100
    assert (await keys.enter(stranger.get(await keys.options("log-in/options")))).status_code == 401
    for nonsense in ({}, {"id": 1}, {"response": "x"}, {"id": text(keys.key.id), "response": {}}):
        assert (await keys.enter(nonsense)).status_code == 401
    portal = await keys.ask(
        "POST",
        "/portal/auth/passkeys/log-in",
        credential=keys.key.get(await keys.options("log-in/options")),
        tenant="acme",
    )
    assert portal.status_code == 401


async def test_a_challenge_counts_once_in_its_session_and_for_its_use(keys: Keys) -> None:
    assert (await keys.add()).status_code == 201
    options = await keys.options("log-in/options")
    assert (await keys.enter(keys.key.get(options))).status_code == 201
    assert (await keys.enter(keys.key.get(options))).status_code == 401, "replayed"
    options = await keys.options("log-in/options")
    keys.house.later(minutes=5)
    assert (await keys.enter(keys.key.get(options))).status_code == 401, "too late"
    await keys.log_in()
    mine = await keys.options("confirm/options")
    assert (await keys.enter(keys.key.get(mine))).status_code == 401, "made for another use"
    await keys.log_in()
    assert (await keys.confirm(keys.key.get(mine))).status_code == 422, "another session's"
    assert (await keys.confirm(keys.key.get(await keys.options("confirm/options")))).status_code == 200


async def test_a_copied_passkey_is_refused_and_told(keys: Keys) -> None:
    assert (await keys.add()).status_code == 201
    assert (await keys.enter(keys.key.get(await keys.options("log-in/options")))).status_code == 201
    keys.key.count = 0
    assert (await keys.enter(keys.key.get(await keys.options("log-in/options")))).status_code == 401
    assert len(await keys.house.audited("passkey_copied")) == 1
    told = await keys.house.sql(
        "SELECT payload FROM psa.outbox WHERE name = 'auth.account_alert' ORDER BY id"
    )
    assert "passkey_copied" in str(told[-1]["payload"])


async def test_five_wrong_passkeys_lock_the_second_step(keys: Keys) -> None:
    assert (await keys.add()).status_code == 201
    await keys.log_in()
    stranger = Authenticator()
    for _ in range(5):
        options = await keys.options("confirm/options")
        assert (await keys.confirm(stranger.get(options))).status_code == 422
    right = keys.key.get(await keys.options("confirm/options"))
    assert (await keys.confirm(right)).status_code == 429
