"""What an account's owner is told: new devices, changes of credentials, lockouts."""

import json

import pytest
from msgspec.structs import replace

from psa_kernel.builtin.auth.refreshing import refresh
from psa_sdk.errors import Unauthenticated

from .conftest import ELSEWHERE, HERE, OTHER_PASSWORD, PASSWORD, House, Phone


async def told(house: House) -> list[str]:
    rows = await house.sql("SELECT payload FROM psa.outbox WHERE name = 'auth.account_alert' ORDER BY id")
    return [json.loads(row["payload"])["matter"] for row in rows]


async def test_a_new_device_is_told_and_a_known_one_is_not(house: House) -> None:
    await house.log_in()
    await house.log_in(request=replace(HERE, ip="192.0.2.99", user_agent="tests/2"))
    assert await told(house) == [], "the first one, and the same network and browser after an update"
    await house.log_in(request=ELSEWHERE)
    await house.log_in(request=ELSEWHERE)
    assert await told(house) == ["new_device"]
    rows = await house.sql("SELECT * FROM psa.known_device")
    assert len(rows) == 2
    assert "192.0" not in str(rows)
    assert "tests" not in str(rows)


async def test_a_lock_and_a_stolen_session_are_told_once(house: House) -> None:
    first = await house.log_in()
    await refresh(house.kernel, "staff", first.refresh_token, HERE)
    house.later(seconds=11)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", first.refresh_token, HERE)
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            await house.log_in(password="wrong password")
    assert await told(house) == ["session_stolen"]
    with pytest.raises(Unauthenticated):
        await house.log_in(password="wrong password")
    assert await told(house) == ["session_stolen", "locked_out"]


async def test_changed_credentials_are_told(phone: Phone) -> None:
    await phone.enrol()
    assert (await phone.verify(phone.code())).status_code == 200
    assert (await phone.ask("POST", "/api-keys", name="Backup", scopes=["*"])).status_code == 201
    passwords = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert (await phone.ask("POST", "/auth/password", **passwords)).status_code == 204
    phone.house.later(seconds=60)
    assert (await phone.verify(phone.codes[0])).status_code == 200
    assert (await phone.ask("DELETE", "/auth/mfa")).status_code == 204
    assert await told(phone.house) == [
        "second_factor_added",
        "api_key_made",
        "password_changed",
        "recovery_code_used",
        "second_factor_removed",
    ]
