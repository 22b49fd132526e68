"""One installation of everything, furnished, to hold against its own description."""

import pytest_asyncio
from isolation.installed import modules, names, samples

from psa_sdk.testing import Kit


@pytest_asyncio.fixture(loop_scope="session")
async def kit(psa_bench) -> Kit:
    """A tenant with a record of each resource at `kit.records`."""
    if "contract" not in psa_bench.kept:
        kit = await Kit.open(
            await psa_bench.install("multi", plugins=names(), modules=modules()), samples=samples()
        )
        kit.records = {name: (await kit.make(name)).id for name in kit.installation.resources}
        async with kit.unit() as unit:
            place = "companies", kit.records["companies"]
            kit.records["attachments"] = (await unit.files.save(b"text", name="notes.txt", subject=place)).id
        psa_bench.kept["contract"] = kit
    return psa_bench.kept["contract"]
