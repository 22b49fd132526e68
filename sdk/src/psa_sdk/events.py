"""Events: what happened, told after the commit to whoever declared an interest.

Two streams, one mechanism. *Record events* come by themselves for every write of every resource.
*Domain events* are declared by a plugin in its `api` and emitted with `ctx.emit`. Both are rows written
in the transaction that caused them; subscribers run later in a unit of work of their own, are retried,
and their effects happen once per (event, subscriber).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from psa_sdk.context import Context
    from psa_sdk.resources import Change

Action = Literal["created", "updated", "deleted"]
Verb = Literal["create", "update", "delete"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The base of domain events: a typed, versioned contract.

    Give the class `name` (`<plugin>.<noun>_<past participle>`); add optional fields freely,
    raise `version` when the meaning of a field changes.

    Example:
        >>> class VisitPlanned(Event, frozen=True, kw_only=True):
        ...     '''A visit got a date.'''
        ...     name: ClassVar[str] = "visits.visit_planned"
        ...     visit_id: UUID
        >>> VisitPlanned.name, VisitPlanned.version
        ('visits.visit_planned', 1)
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1


class RecordEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A record of some resource was created, updated or deleted.

    `changed` maps each attribute that differs to `[old, new]` as JSON values (instants as text,
    references as ids, sealed values as `"***"`); `sequence` is the record's version, to order by.
    """

    resource: str
    action: Action
    id: UUID
    sequence: int
    changed: Mapping[str, tuple[Any, Any]]

    def has(self, attribute: str) -> bool:
        """Tell whether an attribute changed."""
        return attribute in self.changed


class RecordSelector(msgspec.Struct, frozen=True):
    """Which record events a subscriber wants."""

    resource: str
    actions: tuple[Action, ...]


def changes(resource: str, *actions: Action) -> RecordSelector:
    """Select the record events of a resource, all actions unless some are named.

    Example:
        >>> changes("tickets", "created").actions
        ('created',)
        >>> changes("*").actions
        ('created', 'updated', 'deleted')
    """
    return RecordSelector(resource, actions or ("created", "updated", "deleted"))


E = TypeVar("E", bound=Event | RecordEvent)
Handler = Callable[["Context", Any], Awaitable[None]]


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """A declared reaction; made by `@on`, listed in the manifest, bound by the kernel."""

    name: str
    event: type[Event] | RecordSelector
    handle: Handler
    max_attempts: int = 8


class _On(Generic[E]):
    def __init__(self, event: type[Event] | RecordSelector, max_attempts: int) -> None:
        self._event = event
        self._max_attempts = max_attempts

    def __call__(self, handle: Callable[["Context", E], Awaitable[None]]) -> Subscriber:
        name = f"{handle.__module__}.{handle.__qualname__}"
        return Subscriber(name=name, event=self._event, handle=handle, max_attempts=self._max_attempts)


def on(event: type[Event] | RecordSelector, *, max_attempts: int = 8) -> "_On[Any]":
    """Declare a subscriber: `async def react(ctx, event)`, after commit, retried, idempotent.

    Example:
        >>> @on(changes("companies", "created"))
        ... async def greet(ctx, event):
        ...     '''Say hello to a new client.'''
        >>> greet.event.resource
        'companies'
    """
    return _On(event, max_attempts)


class Interceptor(msgspec.Struct, frozen=True, kw_only=True):
    """A declared veto inside the transaction; made by `@before`."""

    resource: str
    verb: Verb
    handle: Callable[["Context", "Change"], Awaitable[None]]


def before(
    resource: str, verb: Verb
) -> Callable[[Callable[["Context", "Change"], Awaitable[None]]], Interceptor]:
    """Declare an interceptor that may raise `Conflict` or `Invalid` before another plugin's record changes.

    Example:
        >>> @before("companies", "delete")
        ... async def keep_if_invoiced(ctx, change):
        ...     '''Refuse while invoices exist.'''
        >>> keep_if_invoiced.verb
        'delete'
    """

    def declare(handle: Callable[["Context", "Change"], Awaitable[None]]) -> Interceptor:
        return Interceptor(resource=resource, verb=verb, handle=handle)

    return declare
