"""Deliveries as operators see them: which subscriber has dealt with which event, and what failed."""

import datetime
from typing import Literal
from uuid import UUID

import msgspec

from psa_kernel.builtin.events.tables import Delivery
from psa_sdk import Resource

State = Literal["pending", "dispatched", "running", "done", "dead", "skipped"]


class DeliveryRead(msgspec.Struct, frozen=True, kw_only=True):
    """One handler's share of an event; `due_at` is empty for at once, `dead` means all tries have failed."""

    name: str
    handler: str
    event_id: UUID
    state: State
    attempts: int
    max_attempts: int
    due_at: datetime.datetime | None
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    last_error: str | None
    created_at: datetime.datetime


event_deliveries = Resource(
    name="event-deliveries",
    title="Event deliveries",
    description="Events on their way to subscribers; dead ones can be sent again.",
    table=Delivery,
    read=DeliveryRead,
    verbs=frozenset(("list", "get")),
    # Two, because each costs an index on a table that every event writes to.
    filters=(Delivery.state, Delivery.name),
    sorts=(Delivery.created_at,),
)

ALL = (event_deliveries,)
