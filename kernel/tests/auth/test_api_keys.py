"""API keys: AUTH-30."""

import datetime

import pytest

from psa_kernel.builtin.auth.key_rules import make_key
from psa_kernel.builtin.auth.tokens import new_key, well_formed
from psa_sdk.errors import Forbidden, Invalid, Unauthenticated

from .conftest import House


async def key(house: House, *scopes: str, owner: object = None, **options: object) -> str:
    async with house.kernel.unit(house.acme) as unit:
        return (await make_key(unit, owner or house.admin, "sync", scopes or ("*",), **options)).secret


async def test_a_key_acts_for_its_owner_and_names_itself(house: House) -> None:
    who = await house.who(await key(house))
    assert (who.id, who.kind, who.session_id) == (house.admin, "api_key", None)
    assert who.label == "Administrator (sync)"
    assert who.key_id is not None


async def test_only_its_digest_is_stored_and_it_is_never_shown_again(house: House) -> None:
    secret = await key(house)
    for table in ("api_key", "audit_entry", "outbox"):
        assert secret.split("_")[2] not in str(
            [tuple(r) for r in await house.sql(f"SELECT * FROM psa.{table}")]
        )
    async with house.kernel.unit(house.acme) as unit:
        assert "psa_" in repr(made := await make_key(unit, house.admin, "n", ["*"]))
        assert made.secret not in repr(made)


async def test_a_mistyped_key_costs_no_look_up() -> None:
    """S16: the checksum tells."""
    secret, _ = new_key()
    assert well_formed(secret)
    assert not well_formed(secret[:-1] + ("0" if secret[-1] != "0" else "1"))
    assert not well_formed(secret.replace(secret[20], "f" if secret[20] != "f" else "0"))


async def test_rights_are_the_scopes_and_the_owners(house: House) -> None:
    """AUTH-30."""
    tech = await house.person("tech@acme.example", "technician")
    wide = await house.who(await key(house, "*", owner=tech))
    assert wide.allows("auth.users.read")
    assert not wide.allows("auth.users.create")
    narrow = await house.who(await key(house, "auth.groups.*", "auth.api_keys.read", "!auth.groups.delete"))
    assert narrow.allows("auth.groups.create")
    assert not narrow.allows("auth.users.read")
    assert not narrow.allows("auth.groups.delete")
    own = await house.who(await key(house, "*", owner=tech))
    assert own.scopes_of("auth.api_keys.read") == ("own",)


async def test_a_key_follows_what_its_owner_loses(house: House) -> None:
    """AUTH-30."""
    tech = await house.person("tech@acme.example", "technician", "manager")
    secret = await key(house, owner=tech)
    assert (await house.who(secret)).allows("auth.groups.create")
    [role] = await house.sql("SELECT id FROM psa.role WHERE key = 'manager' AND tenant_id = $1", house.acme)
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.unlink("users", tech, "roles", [role["id"]])
    assert not (await house.who(secret)).allows("auth.groups.create")
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.update("users", tech, {"status": "disabled"})
    with pytest.raises(Unauthenticated):
        await house.who(secret)


async def test_a_key_that_holds_little_gives_little(house: House) -> None:
    """AUTH-50: an administrator's narrow key can't make administrators."""
    who = await house.who(await key(house, "auth.users.*", "auth.roles.*"))
    with pytest.raises(Forbidden):
        async with house.kernel.unit(house.acme, principal=who) as unit:
            await unit.records.create("roles", {"key": "all", "title": "All", "grants": ["billing.*"]})


async def test_a_deleted_key_is_dead_at_the_next_request(house: House) -> None:
    secret = await key(house)
    who = await house.who(secret)
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.delete("api-keys", who.key_id)
    with pytest.raises(Unauthenticated):
        await house.who(secret)


async def test_a_key_expires_and_lives_a_year_at_most(house: House) -> None:
    secret = await key(house, expires_at=house.clock.now() + datetime.timedelta(days=7))
    house.later(days=6, hours=23)
    await house.who(secret)
    house.later(hours=1)
    with pytest.raises(Unauthenticated):
        await house.who(secret)
    for days in (-1, 0, 367):
        with pytest.raises(Invalid):
            await key(house, expires_at=house.clock.now() + datetime.timedelta(days=days))


async def test_a_key_is_good_from_its_addresses_only(house: House) -> None:
    secret = await key(house, allowed_addresses=["192.0.2.0/28", "2001:db8::/32"])
    for ip in ("192.0.2.10", "2001:db8::7", "::ffff:192.0.2.3"):
        await house.who(secret, ip)
    for ip in ("192.0.2.16", "198.51.100.1", "2001:db9::1", "", "nonsense"):
        with pytest.raises(Forbidden) as caught:
            await house.who(secret, ip)
        assert caught.value.code == "address_refused"
    with pytest.raises(Invalid) as caught:
        await key(house, allowed_addresses=["192.0.2.1", "300.1.1.1", "x"])
    assert [fault.pointer[-1] for fault in caught.value.faults] == ["1", "2"]


async def test_its_use_is_written_at_most_once_a_minute(house: House) -> None:
    """AUTH-30."""
    secret = await key(house)

    async def used() -> object:
        return (await house.sql("SELECT last_used_at FROM psa.api_key"))[0][0]

    assert await used() is None
    await house.who(secret)
    first = await used()
    assert first == house.clock.now()
    house.later(seconds=30)
    await house.who(secret)
    assert await used() == first
    house.later(seconds=30)
    await house.who(secret)
    assert await used() == house.clock.now()
