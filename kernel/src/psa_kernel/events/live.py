"""What open pages are told: which record changed, never what it says. They fetch it through their own rights.

Changes are gathered for a moment after the commit, handed to the pages of this process and, over Redis, to those
of others. A lost message costs a page its freshness until the next one, nothing else.
"""

import asyncio
import contextlib
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
_WAITING: Final = 500
_log = structlog.get_logger("psa.live")

Told = tuple[UUID, LiveChange]
Listener = asyncio.Queue[LiveChange | None]


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

    def tell(self, tenant_id: UUID, change: LiveChange) -> None:
        """Tell open pages about a committed change, shortly."""
        self._gathered[tenant_id, change] = None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        await asyncio.sleep(GATHERED)
        told, self._gathered = list(self._gathered), {}
        self._hand_out(told)
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._redis.publish(CHANNEL, msgspec.json.encode(_Message(self._origin, told)))

    def _hand_out(self, told: list[Told]) -> None:
        for tenant_id, change in told:
            for listener in self._listeners.get(tenant_id, ()):
                # Who is this far behind fetches everything anew when it reconnects.
                if listener.qsize() < _WAITING:
                    listener.put_nowait(change)

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
    async def listening(self, tenant_id: UUID) -> AsyncGenerator[Listener]:
        """Give a queue of a tenant's changes; None in it means that the process stops."""
        listener: Listener = asyncio.Queue()
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

    async def changes(self) -> AsyncIterator[LiveChange | None]:
        """Iterate over what the principal may know of; ends with the process, or when it's time to ask anew."""
        unit = self._unit
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST
        async with unit.kernel.live.listening(unit.tenant_id) as listener:
            while loop.time() < ends:
                try:
                    change = await asyncio.wait_for(listener.get(), SIGN_OF_LIFE)
                except TimeoutError:
                    yield None
                    continue
                if change is None:
                    return
                if await self._concerns(change):
                    yield change

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


def tell_changed(unit: "Unit", resource: str, *ids: UUID) -> None:
    """Let open pages know, after the commit, that records of a resource changed."""
    hub, tenant_id = unit.kernel.live, unit.tenant_id
    told = [LiveChange(topic=resource, id=changed) for changed in ids]

    def tell() -> None:
        for change in told:
            hub.tell(tenant_id, change)

    unit.after_commit(tell)
