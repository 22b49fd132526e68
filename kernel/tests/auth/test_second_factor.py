"""The second step of a log-in, and proof for what is sensitive (AUTH-04, AUTH-10 to AUTH-12)."""

import asyncio

import pytest
from pyotp.totp import TOTP

from psa_kernel.builtin.auth import second_factor

from .conftest import Phone

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_password_alone_opens_nothing_but_the_second_step(phone: Phone):
    """AUTH-11: for five minutes, and AUTH-04: what follows is another session."""
    await phone.enrol()
    told = await phone.log_in()
    assert told["mfa_required"] is True
    half = phone.token
    for method, path in (
        ("GET", "/users"),
        ("GET", "/auth/me"),
        ("GET", "/auth/sessions"),
        ("GET", "/auth/mfa"),
        ("POST", "/auth/mfa/setup"),
        ("DELETE", "/auth/mfa"),
        ("POST", "/auth/password"),
    ):
        answer = await phone.ask(method, path)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "mfa_required"), path
    assert (await phone.verify(phone.code())).status_code == 200
    assert phone.token != half
    assert (await phone.ask("GET", "/users")).status_code == 200
    whole, phone.token = phone.token, half
    assert (await phone.ask("GET", "/auth/me")).status_code == 401
    await phone.log_in()
    phone.house.later(minutes=6)
    assert (await phone.verify(phone.code())).status_code == 401
    assert whole


async def test_a_code_counts_once_and_a_recovery_code_too(phone: Phone):
    await phone.enrol()
    code = phone.code()
    await phone.log_in()
    assert (await phone.verify(code)).status_code == 200
    await phone.log_in()
    again = await phone.verify(code)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "code_refused")
    assert again.json()["errors"][0]["source"]["pointer"] == "/data/attributes/code"
    assert len(phone.codes) == 10
    assert (await phone.verify(phone.codes[0].upper())).status_code == 200
    await phone.log_in()
    assert (await phone.verify(phone.codes[0])).status_code == 422
    assert (await phone.verify(phone.codes[1])).status_code == 200
    left = (await phone.ask("GET", "/auth/mfa")).json()["data"]["attributes"]
    assert (left["enabled"], left["recovery_codes_left"]) == (True, 8)


async def test_wrong_codes_lock_the_step_however_many_come_at_once(phone: Phone):
    """AUTH-10: five; the right code is refused as well then, and a pause later it is good."""
    await phone.enrol()
    await phone.log_in()
    answers = await asyncio.gather(*(phone.ask("POST", "/auth/mfa/verify", code="000000") for _ in range(20)))
    refused = [answer.status_code for answer in answers]
    assert refused.count(422) == 5
    assert refused.count(429) == 15
    assert (await phone.verify(phone.code())).status_code == 429
    phone.house.later(seconds=61)
    assert (await phone.verify(phone.code())).status_code == 200


async def test_one_code_used_by_two_at_once_lets_one_in(phone: Phone):
    await phone.enrol()
    await phone.log_in()
    code = phone.code()
    answers = await asyncio.gather(*(phone.ask("POST", "/auth/mfa/verify", code=code) for _ in range(2)))
    first, second = sorted(answer.status_code for answer in answers)
    assert first == 200
    assert second in {401, 422}


async def test_sensitive_actions_want_a_proof_of_the_last_five_minutes(phone: Phone):
    """AUTH-12."""
    key = {"name": "Script", "scopes": ["auth.*"]}
    assert (await phone.ask("POST", "/api-keys", **key)).status_code == 201
    await phone.enrol()
    phone.house.later(minutes=5)
    stale = await phone.ask("POST", "/api-keys", **key)
    assert (stale.status_code, stale.json()["errors"][0]["code"]) == (403, "step_up_required")
    proven = await phone.verify(phone.code())
    assert proven.json()["data"]["attributes"]["access_token"] == ""
    made = await phone.ask("POST", "/api-keys", **key)
    assert made.status_code == 201
    assert (await phone.ask("DELETE", "/auth/mfa")).status_code == 204
    assert (await phone.log_in())["mfa_required"] is False
    phone.token = made.json()["data"]["attributes"]["secret"]
    assert (await phone.ask("POST", "/api-keys", **key)).json()["errors"][0]["code"] == "person_needed"


async def test_an_organisation_requires_a_second_factor(phone: Phone):
    house = phone.house
    changed = await phone.ask("PATCH", "/settings/auth", values={"second_factor": "staff"})
    assert changed.status_code == 200, changed.text
    told = await phone.log_in()
    assert (told["mfa_setup_required"], told["mfa_required"]) == (True, False)
    assert (await phone.ask("GET", "/users")).json()["errors"][0]["code"] == "mfa_setup_required"
    await phone.enrol()
    assert (await phone.ask("GET", "/users")).status_code == 200
    kept = await phone.ask("DELETE", "/auth/mfa")
    assert (kept.status_code, kept.json()["errors"][0]["code"]) == (409, "mfa_required")
    assert [row["actor_id"] for row in await house.audited("mfa_enabled")] == [house.admin]


async def test_a_role_requires_it_of_those_who_have_it(phone: Phone):
    house = phone.house
    await house.person("tess@acme.example", "technician")
    await house.sql("UPDATE psa.role SET requires_second_factor = true WHERE key = 'technician'")
    assert (await house.log_in("tess@acme.example")).confined == second_factor.SETUP_REQUIRED
    assert (await house.log_in()).confined == ""


async def test_an_administrator_resets_what_is_lost(phone: Phone):
    house = phone.house
    tess = await house.person("tess@acme.example", "technician")
    who = await house.principal("tess@acme.example")
    async with house.kernel.unit(house.acme, principal=who) as unit:
        made = await second_factor.enrol(unit, who, "tess@acme.example")
        code = TOTP(made.secret).at(int(house.clock.now().timestamp()))
        assert await second_factor.confirm(unit, who, code)
    assert (await house.log_in("tess@acme.example")).confined == second_factor.REQUIRED
    assert (await phone.ask("POST", f"/users/{tess}/reset-mfa")).status_code == 204
    assert (await house.log_in("tess@acme.example")).confined == ""
    assert len(await house.audited("mfa_reset")) == 1


async def test_the_secret_is_stored_sealed(phone: Phone):
    await phone.enrol()
    [row] = await phone.house.sql("SELECT secret FROM psa.authenticator")
    assert phone.secret.encode() not in row["secret"]
    codes = await phone.house.sql("SELECT code_hash FROM psa.recovery_code")
    assert not {code["code_hash"] for code in codes} & set(phone.codes)
