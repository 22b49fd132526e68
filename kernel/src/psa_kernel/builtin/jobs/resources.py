"""Jobs and schedules as operators see them."""

import datetime
from typing import Literal

import msgspec

from psa_kernel.builtin.events.resources import State
from psa_kernel.builtin.events.tables import Delivery
from psa_kernel.builtin.jobs.tables import ScheduledActor
from psa_sdk import Resource


class JobRead(msgspec.Struct, frozen=True, kw_only=True):
    """A job; `due_at` is empty for at once, `dead` means all tries have failed."""

    name: str
    queue: Literal["critical", "default", "bulk"]
    state: State
    attempts: int
    max_attempts: int
    due_at: datetime.datetime | None
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    last_error: str | None
    created_at: datetime.datetime


class ScheduleRead(msgspec.Struct, frozen=True, kw_only=True):
    """When an actor runs next; `cron` is meant in `timezone`."""

    name: str
    cron: str
    timezone: str
    catch_up: Literal["one", "all", "none"]
    next_at: datetime.datetime | None
    last_slot: datetime.datetime | None


jobs = Resource(
    name="jobs",
    title="Jobs",
    description="Background work: waiting, running, done and dead; dead jobs can be sent again.",
    table=Delivery,
    read=JobRead,
    verbs=frozenset(("list", "get")),
    filters=(Delivery.state, Delivery.name),
    sorts=(Delivery.created_at,),
)
schedules = Resource(
    name="schedules",
    title="Schedules",
    description="Actors that run by the clock.",
    table=ScheduledActor,
    read=ScheduleRead,
    verbs=frozenset(("list", "get")),
    filters=(ScheduledActor.name,),
    sorts=(ScheduledActor.next_at, ScheduledActor.name),
    default_sort="name",
)

ALL = (jobs, schedules)
