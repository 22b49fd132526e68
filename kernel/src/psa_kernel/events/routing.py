"""Routing: who handles which outbox row, and how to call them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from psa_kernel.jobs import arguments
from psa_kernel.registry import Registry
from psa_sdk.actors import Actor, Queue
from psa_sdk.context import Context
from psa_sdk.events import Event, RecordEvent, RecordSelector, Subscriber

Kind = Literal["record", "event", "job"]
SUBSCRIBER_TIME_LIMIT = 30.0
"""Seconds a subscriber may take; what needs longer is an actor it sends."""


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber or an actor, seen alike.

    `read` takes the payload and its contract's version and raises `msgspec.ValidationError`; `call` gets what
    it returns.
    """

    name: str
    plugin: str
    queue: Queue
    max_attempts: int
    time_limit: float
    read: Callable[[str, int], Any]
    call: Callable[[Context, Any], Awaitable[None]]


class Routing:
    """The handlers of a plugin set. Subscribers and actors have separate names."""

    def __init__(self, registry: Registry) -> None:
        self._actors = {name: _of_actor(plugin, actor) for name, (plugin, actor) in registry.actors.items()}
        self._subscribers = {
            name: _of_subscriber(plugin, subscriber)
            for name, (plugin, subscriber) in registry.subscribers.items()
        }
        self._events: dict[str, list[Handler]] = defaultdict(list)
        self._records: dict[tuple[str, str], list[Handler]] = defaultdict(list)
        for name, (_, subscriber) in registry.subscribers.items():
            match subscriber.event:
                case RecordSelector(resource, actions):
                    for action in actions:
                        self._records[resource, action].append(self._subscribers[name])
                case event:
                    self._events[event.name].append(self._subscribers[name])

    def handlers(self, kind: Kind, name: str) -> list[Handler]:
        """Return those who want an outbox row, by its kind and name."""
        match kind:
            case "job":
                return [self._actors[name]] if name in self._actors else []
            case "event":
                return self._events.get(name, [])
            case "record":
                resource, _, action = name.rpartition(".")
                return self._records.get((resource, action), []) + self._records.get(("*", action), [])

    def handler(self, kind: Kind, name: str) -> Handler | None:
        """Return the handler of a delivery; None when its plugin isn't installed."""
        return self._actors.get(name) if kind == "job" else self._subscribers.get(name)


def _of_actor(plugin: str, actor: Actor) -> Handler:
    async def call(ctx: Context, given: Any) -> None:
        await actor.run(ctx, **given)

    return Handler(
        name=actor.name,
        plugin=plugin,
        queue=actor.queue,
        max_attempts=actor.max_attempts,
        time_limit=actor.time_limit,
        read=lambda payload, _: arguments.decode(actor, payload),
        call=call,
    )


def _of_subscriber(plugin: str, subscriber: Subscriber) -> Handler:
    contract: type[Any] = RecordEvent if isinstance(subscriber.event, RecordSelector) else subscriber.event

    def read(payload: str, version: int) -> Any:
        # Fields that a newer producer added are ignored; another version has another meaning.
        if issubclass(contract, Event) and version != contract.version:
            raise msgspec.ValidationError(
                f"{contract.name} was written as version {version}, and version {contract.version} is installed"
            )
        return msgspec.json.decode(payload, type=contract)

    return Handler(
        name=subscriber.name,
        plugin=plugin,
        queue="default",
        max_attempts=subscriber.max_attempts,
        time_limit=SUBSCRIBER_TIME_LIMIT,
        read=read,
        call=subscriber.handle,
    )
