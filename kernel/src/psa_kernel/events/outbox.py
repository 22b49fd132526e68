"""Writing the outbox: domain events and jobs, as rows of the transaction that causes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from psa_sdk.errors import Conflict
from psa_sdk.events import Event
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    import datetime

    from psa_kernel.events.routing import Kind
    from psa_kernel.unit_of_work import Unit

DEEPEST = 50
"""How long a chain of causes may get: beyond, handlers are feeding each other."""
_INSERT = """
INSERT INTO psa.outbox (id, kind, name, payload, version, request_id, cause, actor_kind, actor_id, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an outbox row exists: the row whose handler wrote it, how many came before, for whom all began.

    `root` is the row at the chain's beginning, `trail` the automations that wrote on the way. An automation that
    acts in a request has no row before it.
    """

    event: UUID | None = None
    depth: int = 1
    on_behalf_of: UUID | None = None
    root: UUID | None = None
    trail: tuple[UUID, ...] = ()


def cause_of(unit: "Unit", *, goes_on: bool = False) -> str | None:
    """Return the cause of what a unit of work writes to the outbox, as JSON; None when a request wrote it.

    A job that `goes_on` with its own next part makes the chain no longer. Raises `Conflict` when it is too long.
    """
    cause = unit.cause
    if cause is None:
        return None
    if goes_on:
        cause = msgspec.structs.replace(cause, depth=max(cause.depth - 1, 1))
    if cause.depth > DEEPEST:
        raise Conflict(
            f"Handlers caused each other {DEEPEST} times in a row; find the pair that never rests.",
            code="event_loop",
        )
    return msgspec.json.encode(cause).decode()


def written(unit: "Unit") -> None:
    """Tell that the unit of work has written outbox rows: the relay is woken after the commit."""
    unit.after_commit(unit.kernel.wakeup.committed)


async def append(
    unit: "Unit",
    kind: "Kind",
    name: str,
    payload: str,
    *,
    version: int = 1,
    due_at: "datetime.datetime | None" = None,
    goes_on: bool = False,
) -> UUID:
    """Write a row and return its id; `payload` is JSON, `due_at` empty for at once."""
    row, (actor_kind, actor_id, *_) = new_id(), unit.actor_facts
    await unit.connection.execute(
        _INSERT,
        row,
        kind,
        name,
        payload,
        version,
        unit.request_id,
        cause_of(unit, goes_on=goes_on),
        actor_kind,
        actor_id,
        due_at,
    )
    written(unit)
    return row


class _Told(msgspec.Struct, frozen=True):
    """An event as `traces.tell` reads it."""

    name: str
    version: int
    payload: Event


def told(unit: "Unit", events: Sequence[Event]) -> str:
    """Return events as the JSON that a record's statement writes to the outbox; raises as `emit` does."""
    for event in events:
        _require_declared(unit, event)
    return msgspec.json.encode([_Told(event.name, event.version, event) for event in events]).decode()


def _require_declared(unit: "Unit", event: Event) -> None:
    if unit.kernel.registry.events.get(event.name) is not type(event):
        raise LookupError(f"{type(event).__qualname__} is in no manifest's events; declare it.")


async def emit(unit: "Unit", event: Event) -> None:
    """Write a domain event; raises `LookupError` when no installed plugin declares it."""
    _require_declared(unit, event)
    await append(unit, "event", event.name, msgspec.json.encode(event).decode(), version=event.version)
