"""Health: alive, ready, and the figures; for the operator's tools, not for tenants."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from psa_kernel.database.migrations import MigrationError, pending
from psa_kernel.http.metrics import Metrics
from psa_kernel.http.proxies import TrustedProxies
from psa_kernel.kernel import Kernel
from psa_kernel.unit_of_work import RequestFacts
from psa_sdk.errors import NotFound

OK = "ok"
_PATIENCE = 2.0
_MOST_LAG = 60.0
_LOOPBACK = ("127.0.0.0/8", "::1/128")


class Readiness:
    """Finds out whether this process can serve; each finding is "ok" or a sentence."""

    def __init__(self, kernel: Kernel) -> None:
        """Look at a kernel's parts."""
        self._kernel = kernel
        self._migrated = False

    async def findings(self) -> dict[str, str]:
        """Ask every part, none longer than `_PATIENCE` seconds."""
        checks: dict[str, Callable[[], Awaitable[str]]] = {
            "database": self._database,
            "migrations": self._migrations,
            "relay": self._relay,
        }
        if self._kernel.redis is not None:
            checks["redis"] = self._redis
        answers = await asyncio.gather(*(_asked(check) for check in checks.values()))
        findings = dict(zip(checks, answers, strict=True))
        for reported in self._kernel.registry.hooks.hook.psa_health():
            findings.update(reported)
        return findings

    async def _database(self) -> str:
        await self._kernel.pool.fetchval("SELECT 1")
        return OK

    async def _redis(self) -> str:
        assert self._kernel.redis is not None
        await self._kernel.redis.ping()  # pyright: ignore[reportGeneralTypeIssues]
        return OK

    async def _migrations(self) -> str:
        # The plugin set is fixed and migrations only go forward: what is complete stays complete.
        if self._migrated:
            return OK
        rows = await self._kernel.pool.fetch("SELECT plugin, id, checksum FROM psa.migrations()")
        ledger = {(row["plugin"], row["id"]): row["checksum"] for row in rows}
        try:
            due = await asyncio.to_thread(pending, self._kernel.registry, ledger)
        except MigrationError as error:
            return str(error)
        self._migrated = not due
        return f"{len(due)} have not run; run `psa migrate`" if due else OK

    async def _relay(self) -> str:
        if "events" not in self._kernel.registry.plugins:
            return OK
        lag = await self._kernel.pool.fetchval("SELECT extract(epoch FROM psa.outbox_lag())")
        if lag is not None and lag > _MOST_LAG:
            return f"events have waited {lag:.0f} s for the relay; is a worker running?"
        return OK


async def _asked(check: Callable[[], Awaitable[str]]) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check()
    except TimeoutError:
        return f"didn't answer within {_PATIENCE:.0f} s"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a part is the finding
        return f"can't be used ({type(error).__name__})"


def health_handlers(kernel: Kernel, metrics: Metrics) -> list[HTTPRouteHandler]:
    """Return the handlers of `/health/live`, `/health/ready` and `/metrics`."""
    readiness = Readiness(kernel)
    operators = TrustedProxies((*_LOOPBACK, *kernel.config.trusted_proxies))

    def is_operator(request: Request[Any, Any, Any]) -> bool:
        facts: RequestFacts = request.scope["psa.request"]  # pyright: ignore[reportGeneralTypeIssues]
        return operators.trusts(facts.ip or "")

    async def live() -> Response[bytes]:
        return _json({"status": OK}, 200)

    async def ready(request: Request[Any, Any, Any]) -> Response[bytes]:
        findings = await readiness.findings()
        # A worker that lags or a plugin that is off doesn't make this process unfit to serve.
        unfit = any(findings[name] != OK for name in findings.keys() - {"relay"})
        document: dict[str, Any] = {"status": "unavailable" if unfit else OK}
        if is_operator(request):
            document |= {"checks": findings, "off": dict(kernel.registry.isolated)}
        return _json(document, 503 if unfit else 200)

    async def figures(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not is_operator(request):
            raise NotFound("There is nothing at /metrics.", code="no_such_route")
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [
        HTTPRouteHandler("/health/live", http_method="GET")(live),
        HTTPRouteHandler("/health/ready", http_method="GET")(ready),
        HTTPRouteHandler("/metrics", http_method="GET")(figures),
    ]


def _json(document: Any, status: int) -> Response[bytes]:
    return Response(msgspec.json.encode(document), status_code=status, media_type="application/json")
