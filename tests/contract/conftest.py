"""One installation of everything, furnished, to hold against its own description."""

import pytest_asyncio
from isolation.installed import modules, samples

from psa_sdk.testing import Bench, Kit


@pytest_asyncio.fixture(loop_scope="session")
async def kit(psa_bench: Bench) -> Kit:
    """A tenant with a record of each resource at `kit.records`; its tests leave these as they are."""
    if "contract" not in psa_bench.kept:
        psa_bench.kept["contract"] = await furnished(psa_bench)
    return psa_bench.kept["contract"]


@pytest_asyncio.fixture(loop_scope="session")
async def own_kit(psa_bench: Bench) -> Kit:
    """The same with a tenant of the test's own, whose records it may change and delete."""
    return await furnished(psa_bench)


async def furnished(bench: Bench) -> Kit:
    """Make a tenant with a record of each resource."""
    kit = await Kit.open(await bench.install("multi", modules=modules()), samples=samples())
    kit.records = {name: (await kit.make(name)).id for name in kit.installation.resources}
    async with kit.unit() as unit:
        place = "companies", kit.records["companies"]
        kit.records["attachments"] = (await unit.files.save(b"text", name="notes.txt", subject=place)).id
    return kit
