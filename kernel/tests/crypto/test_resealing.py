"""TEN-11: after a rotation, stored values move to the new data key while everything runs."""

from psa_kernel.builtin.settings.sections import section_named
from psa_kernel.builtin.settings.writer import change
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_kernel.builtin.tenancy.resealing import reseal
from psa_kernel.crypto import generation_of
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest, Secret, Settings


class PostSettings(Settings, frozen=True, kw_only=True):
    """Two secrets."""

    first: Secret = ""
    second: Secret = ""


async def stored(kernel, tenant_id):
    async with kernel.unit(tenant_id) as unit:
        rows = await unit.db.fetch("SELECT secret, version FROM psa.setting WHERE tenant_id = $1", tenant_id)
        chosen = await unit.settings(PostSettings)
    return {generation_of(row["secret"]) for row in rows}, {row["version"] for row in rows}, chosen


async def test_stored_values_move_to_the_new_key_of_their_tenant_only(new_kernel):
    kernel = await new_kernel([module(Manifest(name="post", title="Post", settings=PostSettings))])
    await ensure_single(kernel)
    other = await provision(kernel, slug="other", name="Other")
    chosen = PostSettings(first="one", second="two")
    for tenant_id in (SINGLE_TENANT, other):
        async with kernel.unit(tenant_id) as unit:
            await change(unit, section_named(kernel.registry, "post"), {"first": "one", "second": "two"})
        await kernel.keys.add_generation(tenant_id)
    assert await stored(kernel, SINGLE_TENANT) == ({1}, {1}, chosen)
    assert await reseal(kernel, SINGLE_TENANT) == 2
    assert await reseal(kernel, SINGLE_TENANT) == 0
    assert await stored(kernel, SINGLE_TENANT) == ({2}, {1}, chosen)
    assert await stored(kernel, other) == ({1}, {1}, chosen)
