"""What open pages are told: which record changed, never what it says. They fetch it through their own rights.

Changes are gathered for a moment after the commit, handed to the pages of this process and, over Redis, to those
of others. They have a place: the millisecond at which this process heard them. A page says from which place on it
listens, and what was heard since, while it was under way or its line was down, is told first. Processes' clocks must
agree within the moment for which changes are gathered. A lost message costs a page its freshness until the next
one, nothing else.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID, uuid4

import msgspec
import structlog
from redis.exceptions import RedisError

from psa_sdk.web import LiveChange

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import Unit

CHANNEL: Final = "psa:live"
GATHERED: Final = 0.05
"""Seconds for which changes are gathered: a bulk edit tells each record once."""
SIGN_OF_LIFE: Final = 20.0
LONGEST: Final = 600.0
"""Seconds after which a page must ask anew, so that an ended session hears no more."""
KEPT: Final = 20_000
"""Changes that are told again to who asks from an earlier place; before them a page fetches everything anew."""
_WAITING: Final = 500
_log = structlog.get_logger("psa.live")

Told = tuple[UUID, LiveChange]
Placed = tuple[int, LiveChange]
Listener = asyncio.Queue[Placed | None]
EVERYTHING: Final = LiveChange(topic="*")


class _Message(msgspec.Struct):
    origin: str
    told: list[tuple[UUID, LiveChange]]


def _decode(data: Any) -> _Message:
    return msgspec.json.decode(data, type=_Message)


class LiveHub:
    """One process's open pages, by tenant."""

    def __init__(self, redis: "Redis | None") -> None:
        self._redis = redis
        self._origin = uuid4().hex
        self._listeners: dict[UUID, set[Listener]] = {}
        self._gathered: dict[Told, None] = {}
        self._sending: asyncio.Task[None] | None = None
        self._heard: deque[tuple[int, UUID, LiveChange]] = deque()
        self._known_from = place()

    def tell(self, tenant_id: UUID, change: LiveChange) -> None:
        """Tell open pages about a committed change, shortly."""
        self._gathered[tenant_id, change] = None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        # What is told while the others are being told waits for no further change.
        while self._gathered:
            await asyncio.sleep(GATHERED)
            told, self._gathered = list(self._gathered), {}
            self._hand_out(told)
            if self._redis is not None:
                with contextlib.suppress(RedisError, OSError):
                    await self._redis.publish(CHANNEL, msgspec.json.encode(_Message(self._origin, told)))

    async def leave(self) -> None:
        """End what is being told: it would open a connection anew that is closed already."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    def _hand_out(self, told: list[Told]) -> None:
        at = place()
        for tenant_id, change in told:
            self._heard.append((at, tenant_id, change))
            if len(self._heard) > KEPT:
                self._known_from = self._heard.popleft()[0] + 1
            for listener in self._listeners.get(tenant_id, ()):
                # Who is this far behind fetches everything anew when it reconnects.
                if listener.qsize() < _WAITING:
                    listener.put_nowait((at, change))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Hear what other processes tell, while entered."""
        hearing = asyncio.create_task(self._hear()) if self._redis is not None else None
        try:
            yield
        finally:
            self.close()
            if hearing is not None:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)

    async def _hear(self) -> None:
        assert self._redis is not None
        while True:
            try:
                async with self._redis.pubsub() as channel:  # pyright: ignore[reportUnknownMemberType]
                    await channel.subscribe(CHANNEL)
                    while True:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=1.0)
                        if message is not None:
                            heard = _decode(message["data"])
                            if heard.origin != self._origin:
                                self._hand_out(heard.told)
            except (RedisError, OSError, msgspec.DecodeError) as error:
                _log.info("live changes of other processes are not heard", error=str(error))
                await asyncio.sleep(2)

    @asynccontextmanager
    async def listening(self, tenant_id: UUID, since: int | None = None) -> AsyncGenerator[Listener]:
        """Give a queue of a tenant's changes from a place on; None in it means that the process stops."""
        listener: Listener = asyncio.Queue()
        if since is not None and since < self._known_from:
            listener.put_nowait((place(), EVERYTHING))
        elif since is not None:
            for at, tenant, change in self._heard:
                if at >= since and tenant == tenant_id:
                    listener.put_nowait((at, change))
        listeners = self._listeners.setdefault(tenant_id, set())
        listeners.add(listener)
        try:
            yield listener
        finally:
            listeners.discard(listener)

    def close(self) -> None:
        """Let all open pages go: the process stops."""
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.put_nowait(None)


class UnitLive:
    """Implements `psa_sdk.ui.Live` and `psa_sdk.web.LiveSource` for a unit of work."""

    def __init__(self, ctx: "object") -> None:
        self._unit = cast("Unit", ctx)

    async def tell(
        self, topic: str, id: UUID | None = None, *, account: UUID | None = None, toast: str = ""
    ) -> None:
        """Tell open pages after the commit."""
        unit = self._unit
        change = LiveChange(topic=topic, id=id, account=account, toast=toast)
        hub, tenant_id = unit.kernel.live, unit.tenant_id
        unit.after_commit(lambda: hub.tell(tenant_id, change))

    def place(self) -> int:
        """Return the place from which a page that is loaded now has to listen."""
        return place()

    async def changes(self, since: int | None = None) -> AsyncIterator[tuple[int, LiveChange | None]]:
        """Iterate over what the principal may know of; ends with the process, or when it's time to ask anew."""
        unit = self._unit
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST
        async with unit.kernel.live.listening(unit.tenant_id, since) as listener:
            while loop.time() < ends:
                try:
                    async with asyncio.timeout(SIGN_OF_LIFE):
                        told = await listener.get()
                except TimeoutError:
                    yield place(), None
                    continue
                if told is None:
                    return
                if told[1] is EVERYTHING or await self._concerns(told[1]):
                    yield told

    async def _concerns(self, change: LiveChange) -> bool:
        unit, principal = self._unit, cast("KernelPrincipal", self._unit.principal)
        if change.account is not None:
            return change.account == principal.id
        registry = unit.kernel.registry
        resource = registry.resources.get(change.topic)
        if resource is None:
            return principal.audience == "staff"
        permission = registry.permission(change.topic, "get")
        if not principal.allows(permission) or change.id is None:
            return False
        scoped = principal.scopes_of(permission) is not None or resource.subject is not None
        if principal.audience == "staff" and not scoped:
            return True
        if principal.audience == "portal" and resource.portal is None:
            return False
        async with unit.kernel.unit(unit.tenant_id, principal=principal, readonly=True) as own:
            return await own.records.exists(change.topic, change.id)


def place() -> int:
    """Return the place of now in what is told."""
    return time.time_ns() // 1_000_000


def tell_changed(unit: "Unit", resource: str, *ids: UUID) -> None:
    """Let open pages know, after the commit, that records of a resource changed."""
    hub, tenant_id = unit.kernel.live, unit.tenant_id
    told = [LiveChange(topic=resource, id=changed) for changed in ids]

    def tell() -> None:
        for change in told:
            hub.tell(tenant_id, change)

    unit.after_commit(tell)
