"""Which policy holds, and what it promises for a priority: pure rules (SLA-05, SLA-06)."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from psa_sla.clock import BREACH, Threshold

Source = Literal["ticket", "contract", "company", "queue", "default", "none"]


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """What each level says; `exempt` is the ticket's explicit "none"."""

    exempt: bool = False
    ticket: UUID | None = None
    contract: UUID | None = None
    company: UUID | None = None
    queue: UUID | None = None
    default: UUID | None = None


def resolve(said: Candidates) -> tuple[UUID | None, Source]:
    """Return the policy that holds and who said so (SLA-05).

    Example:
        >>> resolve(Candidates(exempt=True, default=UUID(int=1)))
        (None, 'ticket')
        >>> resolve(Candidates(queue=UUID(int=2), default=UUID(int=1)))
        (UUID('00000000-0000-0000-0000-000000000002'), 'queue')
    """
    if said.exempt:
        return None, "ticket"
    levels: tuple[tuple[UUID | None, Source], ...] = (
        (said.ticket, "ticket"),
        (said.contract, "contract"),
        (said.company, "company"),
        (said.queue, "queue"),
        (said.default, "default"),
    )
    for policy, source in levels:
        if policy is not None:
            return policy, source
    return None, "none"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a policy; without priority or type for all that have no closer one."""

    priority: UUID | None = None
    ticket_type: UUID | None = None
    first_response_hours: Decimal | None = None
    resolution_hours: Decimal | None = None
    operational_hours: Literal["business_hours", "24x7"] = "business_hours"


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a ticket; None where nothing is promised."""

    response: datetime.timedelta | None = None
    resolution: datetime.timedelta | None = None
    around_the_clock: bool = False


def promised(
    targets: Sequence[Target], priority: UUID, ticket_type: UUID, multiplier: Decimal
) -> Promise | None:
    """Return what a policy promises for a priority and type; None without any target for it.

    The closest row holds: priority and type, priority, type, base. Rows without priority are multiplied (SLA-06).

    Example:
        >>> one = UUID(int=1)
        >>> promised([Target(resolution_hours=Decimal(8))], one, one, Decimal("0.25")).resolution
        datetime.timedelta(seconds=7200)
        >>> promised([Target(priority=UUID(int=2), resolution_hours=Decimal(8))], one, one, Decimal(1)) is None
        True
    """
    for wanted in ((priority, ticket_type), (priority, None), (None, ticket_type), (None, None)):
        found = next((one for one in targets if (one.priority, one.ticket_type) == wanted), None)
        if found is not None:
            factor = Decimal(1) if found.priority is not None else multiplier
            return Promise(
                response=_time(found.first_response_hours, factor),
                resolution=_time(found.resolution_hours, factor),
                around_the_clock=found.operational_hours == "24x7",
            )
    return None


def _time(hours: Decimal | None, factor: Decimal) -> datetime.timedelta | None:
    if hours is None:
        return None
    return datetime.timedelta(seconds=int((hours * factor * 3600).to_integral_value()))


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as clocks need it."""

    id: UUID
    name: str
    business_hours: UUID
    calendar_version: UUID
    effective_at: datetime.datetime
    pause_waiting_customer: bool
    pause_waiting_third_party: bool
    pause_scheduled: bool
    reopen: Literal["continue", "new_cycle"]
    warnings: Sequence[str]
    targets: Sequence[Target]

    @property
    def pauses(self) -> Collection[str]:
        """The status categories in which the resolution clock stands (SLA-08, SLA-34)."""
        flags: Mapping[str, bool] = {
            "waiting_customer": self.pause_waiting_customer,
            "waiting_third_party": self.pause_waiting_third_party,
            "scheduled": self.pause_scheduled,
        }
        return {category for category, on in flags.items() if on}

    @property
    def thresholds(self) -> list[Threshold]:
        """What is told of, the breach among it."""
        found = {threshold_of(text) for text in self.warnings} | {BREACH}
        return sorted(found, key=lambda one: (one.percent, one.before))


def threshold_of(text: str) -> Threshold:
    """Read `80%` or `60m`.

    Example:
        >>> threshold_of("80%").name, threshold_of("60m").name
        ('80%', '60m')
    """
    number = int(text[:-1])
    return (
        Threshold(percent=number)
        if text.endswith("%")
        else Threshold(before=datetime.timedelta(minutes=number))
    )
