"""What an account's owner is told: new devices, changes of credentials, lockouts."""

import json
from uuid import UUID

import pytest
from msgspec.structs import replace

from psa_kernel.builtin.auth.directory import TenantDirectory
from psa_kernel.builtin.auth.refreshing import refresh
from psa_kernel.builtin.auth.sessions import Issued
from psa_sdk.errors import Invalid, Unauthenticated

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


async def test_a_changed_address_is_told_and_ends_the_sessions_but_ones_own(house: House) -> None:
    """S11: whoever changes it and by whatever way, disabling the account first included."""
    await house.person("ann@acme.example", "technician")
    own, admin = await house.log_in("ann@acme.example"), await house.log_in()
    never = await house.person("new@acme.example", "technician")

    async def move(user: UUID, email: str, *, by: Issued | None = None) -> None:
        who = await house.who(by.access_token) if by else None
        async with house.kernel.unit(house.acme, **({"principal": who} if who else {})) as unit:
            await unit.records.update("users", user, {"email": email})

    await move(own.account_id, "ann.other@acme.example")
    assert await house.is_dead(own.access_token)
    await move(house.admin, "boss@acme.example", by=admin)
    assert not await house.is_dead(admin.access_token)
    await move(house.admin, "Boss@ACME.example")
    for silent in (f"{house.admin}@erased.invalid", "x@Erased.Invalid"):
        with pytest.raises(Invalid, match="erased"):
            await move(house.admin, silent, by=admin)
    await move(never, "newer@acme.example")
    async with house.kernel.unit(house.acme) as unit:
        await TenantDirectory(unit).disable_account(own.account_id)
    await move(own.account_id, "mallory@acme.example")
    async with house.kernel.unit(house.acme) as unit:
        await TenantDirectory(unit).disable_account(own.account_id, erase=True)
    rows = await house.sql("SELECT payload FROM psa.outbox WHERE name = 'auth.account_alert' ORDER BY id")
    told = [json.loads(row["payload"]) for row in rows]
    assert [(one["matter"], one["former_email"]) for one in told] == [
        ("email_changed", "ann@acme.example"),
        ("email_changed", "admin@acme.example"),
        ("email_changed", "ann.other@acme.example"),
    ]
