"""The tables of events: what happened (outbox) and who has yet to react to it (deliveries)."""

from typing import ClassVar

from psa_sdk.tables import UUID, Choice, Instant, Integer, Json, TenantTable, Text

KINDS = ("record", "event", "job")
QUEUES = ("critical", "default", "bulk")
STATES = ("pending", "dispatched", "running", "done", "dead", "skipped")


class Outbox(TenantTable, schema="psa", tablename="outbox"):
    """A record event, a domain event or a job, written in the transaction that caused it.

    `name` is `<resource>.<action>`, the event's name or the actor's; `payload` the RecordEvent, the event's
    fields or the actor's arguments; `version` the event's contract version. `due_at` is empty for at once.
    `cause` is a `psa_kernel.events.outbox.Cause`. `dispatched_at` tells when the deliveries were made,
    `done_at` when the last of them was settled.
    """

    exported: ClassVar[bool] = False
    kind = Choice(*KINDS)
    name = Text()
    payload = Json()
    subject_id = UUID(null=True)
    sequence = Integer(default=0)
    request_id = Text(default="")
    cause = Json(null=True)
    actor_kind = Text()
    actor_id = UUID(null=True)
    due_at = Instant(null=True)
    dispatched_at = Instant(null=True)
    done_at = Instant(null=True)


class Delivery(TenantTable, schema="psa", tablename="delivery"):
    """One handler's share of an outbox row: the unit of background work, and the history of jobs.

    `token` grows with every dispatch: only its present holder may settle the row (fencing). `lease_until` is
    when a dispatched or running row counts as abandoned. `due_at` is empty for at once.
    """

    exported: ClassVar[bool] = False
    event_id = UUID()
    kind = Choice(*KINDS)
    name = Text()
    handler = Text()
    queue = Choice(*QUEUES, default="default")
    state = Choice(*STATES, default="pending")
    attempts = Integer(default=0)
    max_attempts = Integer(default=8)
    token = Integer(default=0)
    due_at = Instant(null=True)
    lease_until = Instant(null=True)
    started_at = Instant(null=True)
    finished_at = Instant(null=True)
    last_error = Text(null=True)


ALL = (Outbox, Delivery)
