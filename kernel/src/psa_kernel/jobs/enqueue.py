"""Sending background work: a row of the transaction, picked up after the commit."""

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psa_kernel.events import outbox
from psa_kernel.jobs import arguments as codec
from psa_sdk.actors import Actor

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


async def send(
    unit: "Unit", actor: Actor, delay: datetime.timedelta | None, arguments: Mapping[str, Any]
) -> UUID:
    """Enqueue an actor with the commit, due after `delay`; returns the job's id.

    Raises `LookupError` for an actor that no manifest lists, `TypeError` for arguments it doesn't take.
    """
    if actor.name not in unit.kernel.registry.actors:
        raise LookupError(f"{actor.name} is in no manifest's actors; declare it.")
    payload = codec.encode(actor, arguments)
    goes_on = unit.principal.kind == "job" and unit.principal.label == actor.name
    due_at = unit.now + delay if delay else None
    return await outbox.append(unit, "job", actor.name, payload, due_at=due_at, goes_on=goes_on)
