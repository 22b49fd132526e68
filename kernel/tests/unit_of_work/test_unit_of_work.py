"""One principal, one tenant, one transaction: settled once, whatever happens."""

import asyncio
import datetime
from contextlib import asynccontextmanager
from typing import Protocol

import asyncpg
import pytest

from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.clock import FixedClock
from psa_kernel.database.engine import SessionEnded
from psa_kernel.kernel import Kernel
from psa_kernel.principal import ANONYMOUS, SYSTEM
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest, provide
from psa_sdk.errors import Forbidden, NotFound, Unauthenticated


class Greeter(Protocol):
    async def greet(self, name: str) -> str: ...


class PoliteGreeter:
    def __init__(self, ctx) -> None:
        self.ctx = ctx

    async def greet(self, name: str) -> str:
        return f"Good day, {name}, it is {self.ctx.today}"


class Absent(Protocol):
    async def nothing(self) -> None: ...


@pytest.fixture
def greeting():
    return module(Manifest(name="greetings", title="Greetings", services=(provide(Greeter, PoliteGreeter),)))


async def tenant_of(kernel: Kernel, slug: str = "acme", **options: str):
    return await provision(kernel, slug=slug, name=slug.title(), **options)


async def seeds(unit) -> list[str]:
    return [
        row["plugin"]
        for row in await unit.db.fetch("SELECT plugin FROM psa.seeded_plugin WHERE plugin LIKE 'x%'")
    ]


async def plant(unit, plugin: str) -> None:
    await unit.db.execute("INSERT INTO psa.seeded_plugin (id, plugin) VALUES (psa.new_id(), $1)", plugin)


async def test_what_a_block_writes_is_there_afterwards(rewound_kernel):
    kernel = await rewound_kernel()
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant) as unit:
        await plant(unit, "x1")
    async with kernel.unit(tenant) as unit:
        assert await seeds(unit) == ["x1"]


async def test_an_exception_undoes_everything_and_frees_the_connection(new_kernel):
    kernel = await new_kernel(pool_size=1)
    tenant = await tenant_of(kernel)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with kernel.unit(tenant) as unit:
                await plant(unit, "x1")
                raise ZeroDivisionError
    async with kernel.unit(tenant) as unit:
        assert await seeds(unit) == []


async def test_a_cancelled_block_undoes_everything_and_frees_the_connection(new_kernel):
    kernel = await new_kernel(pool_size=1)
    tenant = await tenant_of(kernel)
    started = asyncio.Event()

    async def work() -> None:
        async with kernel.unit(tenant) as unit:
            await plant(unit, "x1")
            started.set()
            await unit.db.fetch("SELECT pg_sleep(60)")

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with kernel.unit(tenant) as unit:
        assert await seeds(unit) == []


async def test_a_savepoint_undoes_only_its_own(rewound_kernel):
    kernel = await rewound_kernel()
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant) as unit:
        await plant(unit, "x1")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with unit.savepoint():
                await plant(unit, "x2")
                await plant(unit, "x1")
    async with kernel.unit(tenant) as unit:
        assert await seeds(unit) == ["x1"]


async def test_another_tenants_rows_are_not_there(rewound_kernel):
    kernel = await rewound_kernel()
    acme, rival = await tenant_of(kernel), await tenant_of(kernel, "rival")
    async with kernel.unit(acme) as unit:
        await plant(unit, "x1")
    async with kernel.unit(rival) as unit:
        assert await seeds(unit) == []


async def test_a_unit_of_an_unknown_tenant_is_refused(rewound_kernel):
    kernel = await rewound_kernel()
    with pytest.raises(NotFound, match="There is no tenant"):
        async with kernel.unit(SYSTEM.id):
            pass


async def test_today_is_the_tenants_local_date(rewound_kernel):
    """X-04."""
    kernel = await rewound_kernel(clock=FixedClock(datetime.datetime(2026, 3, 1, 3, 30, tzinfo=datetime.UTC)))
    tenant = await tenant_of(kernel, timezone="America/New_York")
    async with kernel.unit(tenant) as unit:
        assert unit.today == datetime.date(2026, 2, 28)
        assert unit.now == datetime.datetime(2026, 3, 1, 3, 30, tzinfo=datetime.UTC)


async def test_a_service_is_found_by_its_protocol_and_vanishes_with_its_module(new_kernel, greeting):
    kernel = await new_kernel((greeting,))
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant) as unit:
        assert (await unit.service(Greeter).greet("Ann")).startswith("Good day, Ann")
        assert not unit.provides(Absent)
        with pytest.raises(LookupError, match="Absent"):
            unit.service(Absent)
        await unit.db.execute(
            "INSERT INTO psa.disabled_module (id, plugin) VALUES (psa.new_id(), 'greetings')"
        )
        unit.after_commit(lambda: kernel.directory.forget(tenant))
    async with kernel.unit(tenant) as unit:
        assert not unit.provides(Greeter)
        with pytest.raises(LookupError, match="Greeter"):
            unit.service(Greeter)


async def test_a_module_is_off_with_what_it_needs(new_kernel, greeting):
    speeches = module(Manifest(name="speeches", title="Speeches", requires=("greetings",)))
    kernel = await new_kernel((greeting, speeches))
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant) as unit:
        assert kernel.enabled(unit.tenant, "speeches")
        await unit.db.execute(
            "INSERT INTO psa.disabled_module (id, plugin) VALUES (psa.new_id(), 'greetings')"
        )
        unit.after_commit(lambda: kernel.directory.forget(tenant))
    async with kernel.unit(tenant) as unit:
        assert not kernel.enabled(unit.tenant, "speeches")
        assert kernel.enabled(unit.tenant, "tenancy")


async def test_what_waits_for_the_commit_runs_once_and_only_then(rewound_kernel):
    kernel = await rewound_kernel()
    tenant = await tenant_of(kernel)
    said: list[str] = []
    async with kernel.unit(tenant) as unit:
        unit.after_commit(lambda: said.append("committed"))
        unit.as_system().after_commit(lambda: said.append("as well"))
        assert said == []
    with pytest.raises(ZeroDivisionError):
        async with kernel.unit(tenant) as unit:
            unit.after_commit(lambda: said.append("rolled back"))
            raise ZeroDivisionError
    assert said == ["committed", "as well"]


async def test_the_system_acts_on_behalf_of_somebody(rewound_kernel):
    kernel = await rewound_kernel()
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant, principal=ANONYMOUS) as unit:
        kind, actor, _, on_behalf_of, request_id, _, _ = unit.as_system().actor_facts
        assert (kind, actor, on_behalf_of) == ("system", SYSTEM.id, ANONYMOUS.id)
        assert request_id == unit.request_id


async def test_a_missing_permission_is_named(rewound_kernel):
    kernel = await rewound_kernel()
    tenant = await tenant_of(kernel)
    nobody = ANONYMOUS
    limited = type(SYSTEM)(
        id=SYSTEM.id, kind="user", audience="staff", label="Ann", who=SYSTEM.who, grants=nobody.grants
    )
    async with kernel.unit(tenant, principal=nobody) as unit:
        with pytest.raises(Unauthenticated):
            unit.require("settings.modules.update")
    async with kernel.unit(tenant, principal=limited) as unit:
        with pytest.raises(Forbidden, match=r"settings\.modules\.update"):
            unit.require("settings.modules.update")
    async with kernel.unit(tenant) as unit:
        unit.require("settings.modules.update")


async def test_a_plugin_may_refuse_what_roles_would_grant(new_kernel):
    def psa_refuse(principal, permission):
        return "Nobody changes modules at night." if permission == "settings.modules.update" else None

    kernel = await new_kernel((module(Manifest(name="night", title="Night"), psa_refuse=psa_refuse),))
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant) as unit:
        unit.require("settings.modules.read")
        with pytest.raises(Forbidden, match="at night"):
            unit.require("settings.modules.update")


async def test_the_advisory_lock_of_one_tenant_is_not_anothers(rewound_kernel):
    kernel = await rewound_kernel()
    acme, rival = await tenant_of(kernel), await tenant_of(kernel, "rival")
    async with kernel.unit(acme) as one, kernel.unit(rival) as other:
        await one.db.lock("numbers", 1)
        await asyncio.wait_for(other.db.lock("numbers", 1), 2)


async def test_rows_can_be_streamed(rewound_kernel):
    kernel = await rewound_kernel()
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant) as unit:
        rows = unit.db.stream("SELECT * FROM generate_series(1, $1::int) AS n", 1200, prefetch=100)
        assert sum([row["n"] async for row in rows]) == 720_600


async def test_plugins_run_beside_the_server_as_long_as_it_runs(new_kernel):
    said: list[str] = []

    def psa_lifespan(platform):
        @asynccontextmanager
        async def run():
            said.append(f"started {type(platform).__name__}")
            yield
            said.append("stopped")

        return run()

    plugin = module(Manifest(name="clockwork", title="Clockwork"), psa_lifespan=psa_lifespan)
    kernel = await new_kernel((plugin,))
    assert said == []
    async with Kernel.open(kernel.config, kernel.registry):
        assert said == ["started Kernel"]
    assert said == ["started Kernel", "stopped"]


async def test_whoever_goes_outside_has_committed_and_holds_no_connection(new_kernel):
    """With one connection in all, another unit of work runs meanwhile and sees what was written."""
    kernel = await new_kernel(pool_size=1)
    tenant = await tenant_of(kernel)
    async with kernel.unit(tenant) as unit:
        await plant(unit, "x1")
        async with unit.as_system().outside():
            with pytest.raises(SessionEnded):
                await seeds(unit)
            async with kernel.unit(tenant) as other:
                assert await seeds(other) == ["x1"]
        await plant(unit, "x2")
        with pytest.raises(RuntimeError, match="savepoint"):
            async with unit.savepoint(), unit.outside():
                pass
    with pytest.raises(ZeroDivisionError):
        async with kernel.unit(tenant) as unit:
            await plant(unit, "x3")
            async with unit.outside():
                raise ZeroDivisionError
    async with kernel.unit(tenant) as unit:
        assert sorted(await seeds(unit)) == ["x1", "x2", "x3"]
