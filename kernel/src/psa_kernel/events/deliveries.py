"""Running one delivery: its own unit of work, settled in the same transaction as its effects."""

import asyncio
import datetime
import random
import traceback
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec
import structlog

from psa_kernel.events.figures import Outcome
from psa_kernel.events.outbox import Cause
from psa_kernel.events.routing import Handler, Routing
from psa_kernel.events.work_list import Claim, WorkList
from psa_kernel.principal import SYSTEM
from psa_kernel.unit_of_work import RequestFacts, Unit
from psa_sdk.errors import Unavailable

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel

Row = Mapping[str, Any]
LONGEST_PAUSE = 900.0
HOLD = 60.0
"""Seconds until work of a switched-off or missing module is looked at again."""
BUSY = 2.0
"""Seconds until the next attempt to get a database connection."""
_ERROR_LENGTH = 4000
_log = structlog.get_logger(__name__)

# The handler may take longer than a request: the transaction's own limits follow its time limit.
_OPEN = """
SELECT o.id, o.kind, o.payload::text AS payload, o.version, o.request_id, o.cause::text AS cause,
    o.actor_kind, o.actor_id,
    set_config('statement_timeout', $4, true), set_config('idle_in_transaction_session_timeout', $4, true)
FROM psa.delivery d JOIN psa.outbox o ON o.tenant_id = d.tenant_id AND o.id = d.event_id
WHERE d.tenant_id = $1 AND d.id = $2 AND d.token = $3 AND d.state = 'running'
"""
# Handlers of one event that end together take turns, so that the last one sees that it is the last.
_TURN = "SELECT FROM psa.outbox WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE"
_SETTLE = """
WITH settled AS (
    UPDATE psa.delivery SET state = $4, last_error = $5, finished_at = $6, lease_until = NULL
    WHERE tenant_id = $1 AND id = $2 AND token = $3 AND state = 'running' RETURNING event_id
), told AS (
    UPDATE psa.outbox o SET done_at = $6 FROM settled s
    WHERE o.tenant_id = $1 AND o.id = s.event_id AND NOT EXISTS (
        SELECT FROM psa.delivery d WHERE d.tenant_id = $1 AND d.event_id = s.event_id AND d.id <> $2
          AND d.state NOT IN ('done', 'skipped'))
)
SELECT count(*) FROM settled
"""


class Fenced(Exception):
    """Somebody else holds the delivery by now: what this process did is rolled back."""


class Held(Exception):
    """No try can be made now: `pause` is in seconds."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        super().__init__()


class Unreadable(Exception):
    """The payload doesn't fit the handler, and never will."""


def pause_after(attempts: int) -> float:
    """Return the seconds before the next try: 1 s tripled each time, at most 15 min, 20 % of it random.

    Example:
        >>> 0.8 <= pause_after(1) <= 1.2, pause_after(20) <= 900
        (True, True)
    """
    return min(LONGEST_PAUSE, 3.0 ** min(attempts - 1, 10) * random.uniform(0.8, 1.2))  # noqa: S311 - jitter


class Deliveries:
    """Runs deliveries in a kernel. What holds a claim keeps it alive meanwhile (`WorkList.renew`)."""

    def __init__(self, kernel: "Kernel", work: WorkList, routing: Routing, *, lease: float = 15.0) -> None:
        self._kernel = kernel
        self._work = work
        self._routing = routing
        self._lease = lease
        self.running: dict[UUID, Claim] = {}

    async def deliver(self, claim: Claim, at: datetime.datetime | None = None) -> None:
        """Run a claimed delivery to its end: done, put off, dead or given back.

        Stale claims do nothing. Only cancellation and a database that is away pass through; the latter
        leaves the delivery to be freed by its lease.
        """
        started = await self._work.start(claim, self._lease, at)
        if started is None:
            return
        kind, name, attempts = started
        self.running[claim.id] = claim
        outcome: Outcome = "lost"
        try:
            with self._kernel.figures.timed(name):
                outcome = await self._run(claim, self._routing.handler(kind, name))
        except Held as held:
            outcome = "held"
            await self._work.release([claim], pause=held.pause, at=at)
        except Fenced:
            _log.warning("a delivery was taken over by another process", handler=name, delivery=str(claim.id))
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            if _cancelled(error):
                outcome = "stopped"
                await asyncio.shield(self._work.release([claim], at=at))
                raise
            outcome = await self._fail(claim, name, attempts, error, at)
        finally:
            self.running.pop(claim.id, None)
            self._kernel.figures.ended(name, outcome)

    async def _run(self, claim: Claim, handler: Handler | None) -> Literal["done", "skipped"]:
        if handler is None:
            raise Held(HOLD)
        principal = msgspec.structs.replace(SYSTEM, kind="job", label=handler.name)
        async with asyncio.timeout(handler.time_limit), AsyncExitStack() as stack:
            try:
                unit = await stack.enter_async_context(
                    self._kernel.unit(claim.tenant_id, principal=principal)
                )
            except Unavailable as error:
                raise Held(BUSY) from error
            milliseconds = str(int(handler.time_limit * 1000) + 1000)
            row = await unit.connection.fetchrow(_OPEN, claim.tenant_id, claim.id, claim.token, milliseconds)
            if row is None:
                raise Fenced
            if self._kernel.enabled(unit.tenant_facts, handler.plugin):
                content = _read(handler, row)
                _introduce(unit, row)
                with structlog.contextvars.bound_contextvars(
                    request_id=unit.request_id, tenant_id=str(claim.tenant_id), handler=handler.name
                ):
                    await handler.call(unit, content)
                return await _settle(unit, claim, row, "done")
            if row["kind"] == "job":
                raise Held(HOLD)
            return await _settle(
                unit, claim, row, "skipped", f"The module {handler.plugin} was switched off."
            )

    async def _fail(
        self, claim: Claim, name: str, attempts: int, error: BaseException, at: datetime.datetime | None
    ) -> Literal["pending", "dead", "lost"]:
        final = isinstance(error, Unreadable)
        text = describe(error)
        state = await self._work.fail(claim, text, pause_after(attempts), final=final, at=at)
        # No exc_info: a rendered traceback may show local values, and those may be secrets.
        _log.warning(
            "a handler failed",
            handler=name,
            delivery=str(claim.id),
            attempts=attempts,
            state=state,
            error=text,
        )
        return state or "lost"


async def _settle(
    unit: Unit, claim: Claim, row: Row, state: Literal["done", "skipped"], note: str | None = None
) -> Literal["done", "skipped"]:
    """Mark the delivery in the handler's own transaction; raises `Fenced` when its claim is stale by now."""
    if row["kind"] != "job":
        await unit.connection.execute(_TURN, claim.tenant_id, row["id"])
    if not await unit.connection.fetchval(
        _SETTLE, claim.tenant_id, claim.id, claim.token, state, note, unit.now
    ):
        raise Fenced
    return state


def _cancelled(error: BaseException) -> bool:
    """Tell whether this process cancels the delivery, rather than the handler's own doing."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _read(handler: Handler, row: Row) -> Any:
    try:
        return handler.read(row["payload"], row["version"])
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Unreadable(f"What was stored can't be read: {error}") from error


def _introduce(unit: Unit, row: Row) -> None:
    """Carry on what caused the outbox row: its request, and on whose behalf this runs."""
    earlier = msgspec.json.decode(row["cause"], type=Cause) if row["cause"] else None
    automatic = row["actor_kind"] in {"job", "system", "automation"}
    origin: UUID | None = (earlier.on_behalf_of if earlier else None) if automatic else row["actor_id"]
    unit.event_id = row["id"]
    unit.request = RequestFacts(request_id=row["request_id"])
    unit.on_behalf_of = origin
    unit.cause = Cause(
        event=row["id"],
        depth=earlier.depth + 1 if earlier else 1,
        on_behalf_of=origin,
        root=(earlier.root if earlier else None) or row["id"],
        trail=earlier.trail if earlier else (),
    )


def describe(error: BaseException) -> str:
    """Return an error for the operator: its type and text, then the innermost places, without any values."""
    if isinstance(error, TimeoutError) and not str(error):
        text = "TimeoutError: it took longer than its time limit."
    else:
        text = f"{type(error).__name__}: {error}"
    places = traceback.extract_tb(error.__traceback__)[-6:]
    lines = [
        f"  {place.name} ({place.filename.rsplit('/', 1)[-1]}:{place.lineno})" for place in reversed(places)
    ]
    return "\n".join([text[: _ERROR_LENGTH // 2], *lines])[:_ERROR_LENGTH]
