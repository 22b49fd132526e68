"""The kernel: everything one process shares, and the door to units of work."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self
from uuid import UUID

import structlog
from redis.asyncio import Redis

from psa_kernel.builtin.settings.modules import needed
from psa_kernel.clock import Clock, SystemClock
from psa_kernel.config import Config
from psa_kernel.crypto import KeyRing
from psa_kernel.database import engine
from psa_kernel.database.pool import Pool, open_pool
from psa_kernel.database.session import Session
from psa_kernel.events.figures import Figures
from psa_kernel.events.live import LiveHub
from psa_kernel.events.wakeup import Wakeup
from psa_kernel.exports import Exports
from psa_kernel.principal import SYSTEM
from psa_kernel.registry import Registry
from psa_kernel.tenants import Tenant, TenantDirectory
from psa_kernel.unit_of_work import RequestFacts, Unit
from psa_sdk.context import Principal
from psa_sdk.errors import NotFound

log = structlog.get_logger("psa.kernel")


class IsolationMissing(RuntimeError):
    """The database doesn't keep tenants apart, so a multi-tenant process must not serve."""


class Kernel:
    """One process's configuration, registry, pool, Redis, keys and clock; implements `psa_sdk.Platform`."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        *,
        pool: Pool,
        redis: Redis | None,
        keys: KeyRing,
        clock: Clock,
    ) -> None:
        """Hold the parts; `Kernel.open` makes and closes them."""
        self.config = config
        self.registry = registry
        self.pool = pool
        self.redis = redis
        self.keys = keys
        self.clock = clock
        self.wakeup = Wakeup(pool)
        self.written = asyncio.Event()
        """Set by every commit that may have written something."""
        self.figures = Figures()
        self.live = LiveHub(redis)
        self.exports = Exports(config.pool_size)
        self.directory = TenantDirectory(pool, multi_tenant=config.multi_tenant)
        # Asked for every permission of every request, and mostly by nobody.
        self.may_refuse = bool(registry.hooks.hook.psa_refuse.get_hookimpls())
        self._needs = {name: needed(registry, name) for name in registry.plugins}

    @classmethod
    @asynccontextmanager
    async def open(
        cls, config: Config, registry: Registry, *, clock: Clock | None = None, lifespan: bool = True
    ) -> AsyncGenerator[Self]:
        """Open the kernel on the migrated database at `config.database_url`, and close it again.

        `lifespan=False` leaves out what plugins run beside the server, for commands. Without
        `config.redis_url` limits are counted in this process. Raises `IsolationMissing` in multi-tenant
        mode when row-level security is not provably on.
        """
        async with AsyncExitStack() as stack:
            pool = await open_pool(
                config.database_url, size=config.pool_size, statement_cache=config.statement_cache
            )
            stack.push_async_callback(_close_pool, pool)
            redis = None
            if config.redis_url:
                redis = Redis.from_url(config.redis_url, socket_timeout=2.0, socket_connect_timeout=2.0)
                stack.push_async_callback(redis.aclose)
            engine.bind([table for _, table in registry.tables], registry.table_resource)
            if config.multi_tenant:
                await _refuse_without_isolation(pool, registry)
            kernel = cls(
                config,
                registry,
                pool=pool,
                redis=redis,
                keys=KeyRing.open(config, pool),
                clock=clock or SystemClock(),
            )
            stack.push_async_callback(kernel.live.leave)
            for name, reason in registry.isolated.items():
                log.error("plugin off", plugin=name, reason=reason)
            if lifespan:
                await stack.enter_async_context(kernel.live.running())
                for context in registry.hooks.hook.psa_lifespan(platform=kernel):
                    await stack.enter_async_context(context)
            yield kernel

    def unit(
        self,
        tenant_id: UUID,
        *,
        principal: Principal | None = None,
        readonly: bool = False,
        request: RequestFacts | None = None,
        event_id: UUID | None = None,
    ) -> "_OpenUnit":
        """Open a unit of work in a tenant, as the system unless a principal is given.

        It commits when the block ends and rolls back when an exception passes. Raises `NotFound` for an
        unknown tenant.
        """
        return _OpenUnit(self, tenant_id, principal or SYSTEM, readonly, request, event_id)

    async def tenants(self) -> Sequence[UUID]:
        """Return the ids of active tenants."""
        return await self.directory.active()

    def enabled(self, tenant: Tenant, plugin: str) -> bool:
        """Tell whether a plugin and all that it needs are switched on for a tenant."""
        return not tenant.disabled or tenant.disabled.isdisjoint(self._needs[plugin])


class _OpenUnit:
    """The context manager behind `Kernel.unit`."""

    def __init__(
        self,
        kernel: Kernel,
        tenant_id: UUID,
        principal: Principal,
        readonly: bool,
        request: RequestFacts | None,
        event_id: UUID | None,
    ) -> None:
        self._kernel = kernel
        self._tenant_id = tenant_id
        self._principal = principal
        self._readonly = readonly
        self._request = request
        self._event_id = event_id
        self._unit: Unit | None = None

    async def __aenter__(self) -> Unit:
        tenant = await self._kernel.directory.by_id(self._tenant_id)
        if tenant is None:
            raise NotFound(f"There is no tenant {self._tenant_id}.", code="tenant_unknown")
        session = session_for(self._kernel, tenant, self._principal, readonly=self._readonly)
        await session.__aenter__()
        self._unit = Unit(
            self._kernel,
            session,
            tenant,
            self._principal,
            request=self._request or RequestFacts(),
            event_id=self._event_id,
        )
        return self._unit

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        assert self._unit is not None
        session = self._unit.session
        settled = session.ended
        await session.__aexit__(kind, error, None)
        if kind is None and not settled:
            self._unit.committed()


def session_for(kernel: Kernel, tenant: Tenant | None, principal: Principal, *, readonly: bool) -> Session:
    """Return the session that a principal's unit of work runs in; portal principals are bound to a company."""
    return Session(
        kernel.pool,
        tenant_id=tenant.id if tenant else None,
        multi_tenant=kernel.config.multi_tenant,
        actor_id=principal.id,
        company_id=principal.who.company_id if principal.audience == "portal" else None,
        readonly=readonly,
    )


async def _close_pool(pool: Pool) -> None:
    try:
        await pool.close()
    except BaseException:
        pool.terminate()
        raise


async def _refuse_without_isolation(pool: Pool, registry: Registry) -> None:
    from psa_kernel.database.guard import isolation_problems

    async with pool.acquire() as connection:
        problems = await isolation_problems(connection, registry)  # pyright: ignore[reportArgumentType]
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise IsolationMissing(f"Tenants are not kept apart; run `psa migrate`:{lines}")
