"""Booted kernels for the tests of plugins: shared ones for the run, or one on a database of its own."""

import datetime
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import msgspec
import structlog

from psa_kernel.boot import BootError
from psa_kernel.clock import FixedClock
from psa_kernel.config import Config
from psa_kernel.database.migrations import MigrationError
from psa_kernel.http.app import create_app
from psa_kernel.kernel import IsolationMissing, Kernel
from psa_kernel.registry import Registry
from psa_kernel.testing.database import DatabaseServer
from psa_kernel.testing.installation import KernelInstallation
from psa_kernel.testing.registries import loaded
from psa_sdk.testing.installation import NotBooting, Tenancy


def _refuse_absent(registry: Registry, plugins: Sequence[str] | None, modules: Sequence[ModuleType]) -> None:
    """Raise `NotBooting` when something that was asked for by name was taken off; others' trouble is theirs."""
    present = [plugin.module for plugin in registry.plugins.values()]
    absent = {name: "is not installed" for name in plugins or () if name not in registry.plugins}
    if absent or not all(module in present for module in modules):
        reasons = {**absent, **registry.isolated}
        raise NotBooting([f"{name}: {reason}" for name, reason in reasons.items()])


def _quieten() -> None:
    """Leave the lines of every single request out of what a failing test shows, unless logging is set up already."""

    def drop(_logger: Any, level: str, event: Any) -> Any:
        if level in {"debug", "info"}:
            raise structlog.DropEvent
        return event

    if not structlog.is_configured():
        structlog.configure(processors=[drop, *structlog.get_config()["processors"]])


class KernelBench:
    """Implements `psa_sdk.testing.Bench`."""

    def __init__(self, server: DatabaseServer, directory: Path, stack: AsyncExitStack) -> None:
        """Use `KernelBench.open`."""
        self.kept: dict[Any, Any] = {}
        self._server = server
        self._directory = directory
        self._stack = stack
        self._shared: dict[object, KernelInstallation] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, server: DatabaseServer, directory: Path) -> AsyncGenerator[Self]:
        """Open the bench; its installations are thrown away at the end."""
        _quieten()
        async with AsyncExitStack() as stack:
            yield cls(server, directory, stack)

    async def install(
        self,
        tenancy: Tenancy = "multi",
        *,
        plugins: Sequence[str] | None = None,
        modules: Sequence[ModuleType] = (),
    ) -> KernelInstallation:
        """Boot plugins on a fast copy of a migrated database, once per run."""
        key = tenancy, tuple(sorted(plugins)) if plugins is not None else None, tuple(modules)
        if key not in self._shared:
            self._shared[key] = await self._boot(self._stack, tenancy, plugins, modules)
        return self._shared[key]

    @asynccontextmanager
    async def own(
        self,
        tenancy: Tenancy = "multi",
        *,
        plugins: Sequence[str] | None = None,
        modules: Sequence[ModuleType] = (),
    ) -> AsyncGenerator[KernelInstallation]:
        """Boot plugins on a database that nobody else uses."""
        async with AsyncExitStack() as stack:
            yield await self._boot(stack, tenancy, plugins, modules)

    async def _boot(
        self,
        stack: AsyncExitStack,
        tenancy: Tenancy,
        plugins: Sequence[str] | None,
        modules: Sequence[ModuleType],
    ) -> KernelInstallation:
        config = Config(
            data_dir=self._directory,
            tenancy=tenancy,
            pool_size=4,
            requests_per_minute=0,
            anonymous_requests_per_minute=0,
            tenant_requests_per_minute=0,
            # Peers that tests start themselves.
            outbound_networks=("127.0.0.0/8",),
        )
        try:
            registry = loaded(tenancy, tuple(modules), tuple(plugins) if plugins is not None else None)
            _refuse_absent(registry, plugins, modules)
            database = await self._server.migrated(registry, multi_tenant=config.multi_tenant)
            if stack is not self._stack:  # what lives as long as the server goes with it
                stack.push_async_callback(self._server.drop, database.name)
            config = msgspec.structs.replace(
                config, database_url=database.app, owner_database_url=database.owner
            )
            clock = FixedClock(datetime.datetime.now(datetime.UTC).replace(microsecond=0))
            kernel = await stack.enter_async_context(Kernel.open(config, registry, clock=clock))
            app = create_app(kernel)
        except BootError as error:
            raise NotBooting(error.problems) from error
        except (MigrationError, IsolationMissing) as error:
            raise NotBooting(str(error).splitlines()) from error
        installation = KernelInstallation(kernel, clock, app, database)
        stack.push_async_callback(installation.close)
        return installation
