"""SET-02: modules are switched off with what needs them, and back on with what they need."""

import pytest

from psa_kernel.builtin.settings import modules
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest
from psa_sdk.errors import Conflict, NotFound


def plugin(name, *requires):
    return module(Manifest(name=name, title=name, requires=requires))


PLUGINS = [plugin("base"), plugin("middle", "base"), plugin("top", "middle"), plugin("aside")]


@pytest.fixture
async def kernel(rewound_kernel):
    return await rewound_kernel(PLUGINS, first={})


async def switch(kernel, act, name, **options):
    async with kernel.unit(SINGLE_TENANT) as unit:
        return await act(unit, name, **options)


async def enabled(kernel, tenant_id=SINGLE_TENANT):
    tenant = await kernel.directory.by_id(tenant_id)
    return {name for name in ("base", "middle", "top", "aside") if kernel.enabled(tenant, name)}


async def test_what_is_needed_by_others_is_refused_with_their_names(kernel):
    with pytest.raises(Conflict) as error:
        await switch(kernel, modules.disable, "base")
    assert error.value.faults[0].meta == {"dependents": ["middle", "top"]}
    assert await enabled(kernel) == {"base", "middle", "top", "aside"}


async def test_cascading_switches_dependents_off_too(kernel):
    await switch(kernel, modules.disable, "base", cascade=True)
    assert await enabled(kernel) == {"aside"}
    await switch(kernel, modules.disable, "base", cascade=True)
    with pytest.raises(Conflict) as error:
        await switch(kernel, modules.enable, "top")
    assert error.value.faults[0].meta == {"requirements": ["base", "middle"]}
    await switch(kernel, modules.enable, "top", cascade=True)
    assert await enabled(kernel) == {"base", "middle", "top", "aside"}


async def test_a_module_without_dependents_goes_alone_and_only_for_its_tenant(kernel):
    other = await provision(kernel, slug="other", name="Other")
    assert await switch(kernel, modules.disable, "top") == {"top"}
    assert await enabled(kernel) == {"base", "middle", "aside"}
    assert await enabled(kernel, other) == {"base", "middle", "top", "aside"}


async def test_the_platform_itself_cannot_be_switched_off(kernel):
    with pytest.raises(Conflict, match="part of the platform"):
        await switch(kernel, modules.disable, "audit")
    with pytest.raises(NotFound):
        await switch(kernel, modules.disable, "nothing")


async def test_switching_is_audited_and_told(kernel):
    await switch(kernel, modules.disable, "aside")
    async with kernel.unit(SINGLE_TENANT) as unit:
        assert (
            await unit.db.fetch_value(
                "SELECT count(*) FROM psa.audit_entry WHERE action = 'modules_switched'"
            )
            == 1
        )
        assert (
            await unit.db.fetch_value(
                "SELECT count(*) FROM psa.outbox WHERE name = 'settings.modules_switched'"
            )
            == 1
        )
