"""SET-01: code default < tenant < user; typed, sealed where secret, audited, fresh within a second."""

import asyncio
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from psa_kernel.builtin.settings import stored
from psa_kernel.builtin.settings.reader import effective
from psa_kernel.builtin.settings.sections import section_named
from psa_kernel.builtin.settings.writer import change
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.builtin.tenancy.settings import TenancySettings
from psa_kernel.kernel import Kernel
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest, Secret, Settings, UserChoice
from psa_sdk.errors import Invalid, NotFound


class DeskSettings(Settings, frozen=True, kw_only=True):
    """A service desk's."""

    auto_close_days: Annotated[int, Meta(ge=0, le=365)] = 5
    greeting: str = "Hello"
    rows: Annotated[int, UserChoice] = 50
    smtp_password: Secret = ""
    recipients: list[str] = []  # noqa: RUF012 - msgspec copies it
    quiet_from: int = 0
    quiet_to: int = 24

    def __post_init__(self) -> None:
        if self.quiet_from > self.quiet_to:
            raise ValueError("quiet_from must not be after quiet_to")


desk = module(Manifest(name="desk", title="Desk", settings=DeskSettings))


@pytest.fixture(params=[True, False], ids=["multi", "single"])
async def kernel(request, rewound_kernel):
    return await rewound_kernel([desk], multi_tenant=request.param, first={"name": "North IT"})


async def choose(kernel, values, *, reset=(), account=None, plugin="desk", tenant_id=SINGLE_TENANT):
    async with kernel.unit(tenant_id) as unit:
        section = section_named(kernel.registry, plugin)
        await change(unit, section, values, reset=reset, account=unit.principal.id if account else None)


async def settings(kernel, section=DeskSettings, tenant_id=SINGLE_TENANT):
    async with kernel.unit(tenant_id) as unit:
        return await unit.settings(section)


async def shown(kernel, plugin="desk", *, mine=False):
    async with kernel.unit(SINGLE_TENANT) as unit:
        return await effective(
            unit, section_named(kernel.registry, plugin), unit.principal.id if mine else None
        )


async def last_entry(kernel, action="settings_changed"):
    async with kernel.unit(SINGLE_TENANT) as unit:
        row = await unit.db.fetch_one(
            "SELECT old::text, new::text, detail::text FROM psa.audit_entry WHERE action = $1 ORDER BY id DESC LIMIT 1",
            action,
        )
    return row and [msgspec.json.decode(row[name]) for name in ("old", "new", "detail")]


async def test_the_user_beats_the_tenant_and_the_tenant_the_default(kernel):
    assert (await settings(kernel)).rows == 50
    await choose(kernel, {"rows": 30, "auto_close_days": 9})
    assert (await settings(kernel)).rows == 30
    await choose(kernel, {"rows": 10}, account=True)
    assert ((await settings(kernel)).rows, (await settings(kernel)).auto_close_days) == (10, 9)
    values, sources = await shown(kernel, mine=True)
    assert (values["rows"], sources["rows"], sources["auto_close_days"], sources["greeting"]) == (
        10,
        "user",
        "tenant",
        "default",
    )
    await choose(kernel, {}, reset=("rows",), account=True)
    assert (await settings(kernel)).rows == 30
    await choose(kernel, {}, reset=("rows", "auto_close_days"))
    assert await settings(kernel) == DeskSettings()


async def test_all_that_is_wrong_is_named_at_once_and_nothing_is_stored(kernel):
    with pytest.raises(Invalid) as error:
        await choose(
            kernel, {"auto_close_days": 999, "gretting": "x", "recipients": ["a", 2], "greeting": "Hi"}
        )
    assert [fault.pointer for fault in error.value.faults] == [
        "/data/attributes/values/auto_close_days",
        "/data/attributes/values/gretting",
        "/data/attributes/values/recipients/1",
    ]
    assert await settings(kernel) == DeskSettings()


async def test_values_that_do_not_fit_together_are_refused(kernel):
    with pytest.raises(Invalid, match="quiet_from"):
        await choose(kernel, {"quiet_from": 20, "quiet_to": 8})


async def test_users_cannot_override_what_is_the_tenants(kernel):
    with pytest.raises(Invalid, match="tenant's choice"):
        await choose(kernel, {"greeting": "Hi"}, account=True)


async def test_resetting_what_does_not_exist_is_refused(kernel):
    with pytest.raises(Invalid) as error:
        await choose(kernel, {"greeting": "x"}, reset=("greeting", "nothing"))
    assert [fault.pointer for fault in error.value.faults] == [
        "/data/attributes/reset/0",
        "/data/attributes/reset/1",
    ]


async def test_an_unknown_section_is_not_found(kernel):
    with pytest.raises(NotFound, match="desk"):
        section_named(kernel.registry, "nothing")


async def test_secrets_are_sealed_and_neither_stored_nor_audited_in_the_clear(kernel):
    await choose(kernel, {"smtp_password": "first-canary-7431"})
    await choose(kernel, {"smtp_password": "canary-7431"})
    assert (await settings(kernel)).smtp_password == "canary-7431"
    async with kernel.unit(SINGLE_TENANT) as unit:
        row = await unit.db.fetch_one("SELECT value, secret FROM psa.setting WHERE key = 'smtp_password'")
        everything = await unit.db.fetch_value(
            "SELECT (SELECT string_agg(e::text, '') FROM psa.audit_entry e) || (SELECT string_agg(o::text, '')"
            " FROM psa.outbox o)"
        )
    assert row["value"] is None
    assert b"canary" not in row["secret"]
    assert "canary" not in everything
    assert (await last_entry(kernel))[:2] == [{"smtp_password": "***"}, {"smtp_password": "***"}]


async def test_a_change_is_audited_with_old_and_new_and_told(kernel):
    await choose(kernel, {"greeting": "Good day"})
    assert await last_entry(kernel) == [{"greeting": "Hello"}, {"greeting": "Good day"}, {"section": "desk"}]
    async with kernel.unit(SINGLE_TENANT) as unit:
        payload = await unit.db.fetch_value("SELECT payload FROM psa.outbox WHERE name = 'settings.changed'")
    assert msgspec.json.decode(payload)["keys"] == ["greeting"]


async def test_a_choice_that_changes_nothing_leaves_no_trace(kernel):
    await choose(kernel, {"greeting": "Good day"})
    await choose(kernel, {"greeting": "Good day"})
    async with kernel.unit(SINGLE_TENANT) as unit:
        count = await unit.db.fetch_value(
            "SELECT count(*) FROM psa.audit_entry WHERE action = 'settings_changed'"
        )
    assert count == 1


async def test_the_writer_sees_its_own_and_a_rollback_leaves_nothing_in_the_cache(kernel):
    class Undone(Exception):
        pass

    async def fail():
        async with kernel.unit(SINGLE_TENANT) as unit:
            await change(unit, section_named(kernel.registry, "desk"), {"greeting": "Never"})
            assert (await unit.settings(DeskSettings)).greeting == "Never"
            raise Undone

    assert (await settings(kernel)).greeting == "Hello"
    with pytest.raises(Undone):
        await fail()
    assert (await settings(kernel)).greeting == "Hello"


async def test_another_process_sees_a_change_within_a_second(kernel):
    async with Kernel.open(kernel.config, kernel.registry, lifespan=False) as elsewhere:
        assert (await settings(elsewhere)).greeting == "Hello"
        await choose(kernel, {"greeting": "Changed"})
        async with asyncio.timeout(1.5):
            while (await settings(elsewhere)).greeting != "Changed":
                await asyncio.sleep(0.02)


async def test_a_stored_value_that_no_longer_fits_falls_back_to_the_default(kernel):
    await choose(kernel, {"greeting": "Kept", "auto_close_days": 7})
    async with kernel.unit(SINGLE_TENANT) as unit:
        await unit.db.execute("""UPDATE psa.setting SET value = '"soon"' WHERE key = 'auto_close_days'""")
        stored.changed(unit)
    found = await settings(kernel)
    assert (found.auto_close_days, found.greeting) == (5, "Kept")


async def test_name_zone_currency_and_locale_are_settings_like_any_other(kernel):
    assert (await settings(kernel, TenancySettings)).name == "North IT"
    await choose(kernel, {"timezone": "Asia/Tokyo", "primary_hue": 20}, plugin="tenancy")
    found = await settings(kernel, TenancySettings)
    assert (found.name, found.timezone, found.primary_hue) == ("North IT", "Asia/Tokyo", 20)
    assert str((await kernel.directory.by_id(SINGLE_TENANT)).timezone) == "Asia/Tokyo"
    with pytest.raises(Invalid, match="Mars"):
        await choose(kernel, {"timezone": "Mars/Olympus"}, plugin="tenancy")
    await choose(kernel, {}, reset=("timezone",), plugin="tenancy")
    assert str((await kernel.directory.by_id(SINGLE_TENANT)).timezone) == "UTC"


async def test_tenants_choose_independently(rewound_kernel):
    kernel = await rewound_kernel([desk], first={"name": "North IT"})
    other = await provision(kernel, slug="other", name="Other")
    await choose(kernel, {"greeting": "Ours", "smtp_password": "x"})
    assert (await settings(kernel, tenant_id=other)).greeting == "Hello"
    await choose(kernel, {"greeting": "Theirs"}, tenant_id=other)
    assert (await settings(kernel)).greeting == "Ours"
