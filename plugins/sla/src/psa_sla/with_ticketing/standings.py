"""Reading what tickets' clocks depend on, and writing what follows: whole batches, in few statements."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sla import calendars, standing
from psa_sla.api import ContractPolicies, Covered
from psa_sla.business_time import ALWAYS
from psa_sla.clock import State, Threshold
from psa_sla.policies import Candidates, Policy, Source, promised, resolve
from psa_sla.standing import KINDS, NOTHING, Clock, Entry, Kind, Stand, Terms

FACTS = """
WITH RECURSIVE given AS (
    SELECT g.* FROM jsonb_to_recordset($1::text::jsonb)
        AS g(ticket uuid, status uuid, priority uuid, company uuid, queue uuid)
), chain AS (
    SELECT g.ticket, c.id, c.parent, 1 AS step FROM given g JOIN contacts.company c ON c.id = g.company
    WHERE EXISTS (SELECT 1 FROM sla.company_policy WHERE sla_policy IS NOT NULL)
    UNION ALL
    SELECT chain.ticket, c.id, c.parent, chain.step + 1
    FROM chain JOIN contacts.company c ON c.id = chain.parent
    WHERE chain.step < 20 AND NOT EXISTS (SELECT 1 FROM sla.company_policy p WHERE p.company = chain.id AND NOT p.inherit_sla)
)
SELECT g.ticket, (SELECT category FROM ticketing.status WHERE id = g.status) AS category,
    (SELECT sla_multiplier FROM ticketing.priority WHERE id = g.priority) AS multiplier,
    (SELECT p.sla_policy FROM chain JOIN sla.company_policy p ON p.company = chain.id
     WHERE chain.ticket = g.ticket AND p.sla_policy IS NOT NULL ORDER BY chain.step LIMIT 1) AS company,
    (SELECT sla_policy FROM sla.queue_policy WHERE queue = g.queue) AS queue,
    (SELECT id FROM sla.policy WHERE is_default) AS by_default, EXISTS (SELECT 1 FROM sla.policy) AS has_policies
FROM given g"""
POLICIES = """
SELECT jsonb_build_object('id', p.id, 'name', p.name, 'business_hours', p.business_hours,
    'calendar_version', v.id, 'effective_at', v.effective_at, 'pause_waiting_customer', p.pause_waiting_customer,
    'pause_waiting_third_party', p.pause_waiting_third_party, 'pause_scheduled', p.pause_scheduled,
    'reopen', p.reopen, 'warnings', p.warnings,
    'targets', coalesce((SELECT jsonb_agg(jsonb_build_object('priority', t.priority, 'ticket_type', t.ticket_type,
        'first_response_hours', t.first_response_hours::text, 'resolution_hours', t.resolution_hours::text,
        'operational_hours', t.operational_hours)) FROM sla.target t WHERE t.sla_policy = p.id), '[]'))::text AS policy
FROM sla.policy p CROSS JOIN LATERAL (SELECT c.id, c.effective_at FROM sla.calendar_version c
    WHERE c.hours = p.business_hours ORDER BY c.effective_at DESC, c.id DESC LIMIT 1) v
WHERE p.id = ANY ($1::uuid[])"""
CLOCKS = """
SELECT s.ticket, s.sla_override, s.sla_exempt, s.sla_policy, s.sla_source, s.sla_response_breached_at, s.sla_resolution_breached_at,
    coalesce((SELECT jsonb_agg(jsonb_build_array(e.clock, e.cycle, e.at, e.state, e.calendar_version,
        e.target_seconds, e.cause) ORDER BY e.cycle, e.number) FROM sla.clock_entry e WHERE e.ticket = s.ticket), '[]')::text
        AS entries,
    coalesce((SELECT jsonb_agg(jsonb_build_array(n.clock, n.cycle, n.threshold)) FROM sla.clock_notice n
        WHERE n.ticket = s.ticket), '[]')::text AS notices
FROM sla.ticket_sla s WHERE s.ticket = ANY ($1::uuid[])"""
LOCK = "SELECT FROM sla.ticket_sla WHERE ticket = ANY ($1::uuid[]) ORDER BY ticket FOR UPDATE"
ADD_ENTRIES = """
INSERT INTO sla.clock_entry (id, ticket, clock, cycle, number, at, state, calendar_version, target_seconds, cause)
SELECT psa.new_id(), r.* FROM jsonb_to_recordset($1::text::jsonb) AS r(ticket uuid, clock text, cycle integer,
    number integer, at timestamptz, state text, calendar_version uuid, target_seconds bigint, cause text)"""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as its policy is looked up."""

    ticket: UUID
    status: UUID
    priority: UUID
    ticket_type: UUID
    company: UUID | None
    queue: UUID
    override: UUID | None = None
    exempt: bool = False
    contract: UUID | None = None
    contract_written: bool = False
    keeps: tuple[UUID | None, Source] | None = None
    """The policy that goes on holding; None looks it up anew."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a ticket: its status category, the policy and who said so, and its terms."""

    category: str
    policy: UUID | None
    source: Source
    terms: Terms


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a ticket's clocks."""

    override: UUID | None = None
    exempt: bool = False
    policy: UUID | None = None
    source: Source = "none"
    clocks: Mapping[Kind, Clock] = {}


_LogRow = tuple[Kind, int, datetime.datetime, State, UUID | None, int | None, str]
_Told = tuple[Kind, int, str]


async def facts_of(ctx: Context, subjects: Sequence[Subject]) -> Mapping[UUID, Facts]:
    """Return what holds for tickets: two statements, three while a calendar isn't known yet, and the contracts'."""
    rows = {row["ticket"]: row for row in await ctx.db.fetch(FACTS, msgspec.json.encode(subjects).decode())}
    by_contract: Mapping[UUID, UUID] = {}
    asked = [one for one in subjects if one.keeps is None]
    if asked and rows[asked[0].ticket]["has_policies"] and ctx.provides(ContractPolicies):
        by_contract = await ctx.service(ContractPolicies).policies(
            [
                Covered(
                    ticket_id=one.ticket,
                    company_id=one.company,
                    contract_id=one.contract,
                    contract_written=one.contract_written,
                    ticket_type_id=one.ticket_type,
                    queue_id=one.queue,
                )
                for one in asked
            ]
        )
    chosen = {
        one.ticket: one.keeps
        or resolve(
            Candidates(
                exempt=one.exempt,
                ticket=one.override,
                contract=by_contract.get(one.ticket),
                company=rows[one.ticket]["company"],
                queue=rows[one.ticket]["queue"],
                default=rows[one.ticket]["by_default"],
            )
        )
        for one in subjects
    }
    policies = await policies_of(ctx, {policy for policy, _ in chosen.values() if policy is not None})
    ready = await calendars.hours_of(ctx, (one.calendar_version for one in policies.values()))
    found: dict[UUID, Facts] = {}
    for one in subjects:
        row, (policy_id, source) = rows[one.ticket], chosen[one.ticket]
        policy = policies.get(policy_id) if policy_id is not None else None
        terms = NOTHING
        if policy is not None:
            terms = _terms(policy, one, row["multiplier"] or Decimal(1), ready)
        found[one.ticket] = Facts(
            category=row["category"] or "new", policy=policy_id, source=source, terms=terms
        )
    return found


async def policies_of(ctx: Context, ids: Iterable[UUID]) -> Mapping[UUID, Policy]:
    """Return policies by id with their targets and present calendar version."""
    wanted = list(ids)
    rows = await ctx.db.fetch(POLICIES, wanted) if wanted else []
    policies = [msgspec.json.decode(row["policy"], type=Policy) for row in rows]
    return {policy.id: policy for policy in policies}


def _terms(policy: Policy, subject: Subject, multiplier: Decimal, ready: Mapping[UUID, Any]) -> Terms:
    promise = promised(policy.targets, subject.priority, subject.ticket_type, multiplier)
    if promise is None:
        return NOTHING
    always = promise.around_the_clock
    return Terms(
        targets={"response": promise.response, "resolution": promise.resolution},
        hours=ALWAYS if always else ready[policy.calendar_version],
        version=None if always else policy.calendar_version,
        effective_at=None if always else policy.effective_at,
        pauses=policy.pauses,
        thresholds=policy.thresholds,
        new_cycle=policy.reopen == "new_cycle",
    )


async def kept_of(ctx: Context, tickets: Sequence[UUID], *, lock: bool = False) -> Mapping[UUID, Kept]:
    """Return what is stored of tickets that have anything."""
    if lock:
        # A statement that waits for a row goes on with the log as it was before: so the lock has one of its own.
        await ctx.db.fetch(LOCK, list(tickets))
    rows = await ctx.db.fetch(CLOCKS, list(tickets))
    logs = {row["ticket"]: msgspec.json.decode(row["entries"], type=list[_LogRow]) for row in rows}
    ready = await calendars.hours_of(
        ctx, {entry[4] for log in logs.values() for entry in log if entry[4] is not None}
    )
    found: dict[UUID, Kept] = {}
    for row in rows:
        told = msgspec.json.decode(row["notices"], type=list[_Told])
        clocks: dict[Kind, Clock] = {}
        for kind in KINDS:
            log = [entry for entry in logs[row["ticket"]] if entry[0] == kind]
            cycle = max((entry[1] for entry in log), default=1)
            clocks[kind] = Clock(
                cycle=cycle,
                log=tuple(
                    Entry(
                        at=at,
                        state=state,
                        version=version,
                        hours=ready[version] if version is not None else ALWAYS,
                        target=None if seconds is None else datetime.timedelta(seconds=seconds),
                        cause=cause,
                    )
                    for _, of, at, state, version, seconds, cause in log
                    if of == cycle
                ),
                breached_at=row[f"sla_{kind}_breached_at"],
                told=frozenset(name for of_kind, of, name in told if (of_kind, of) == (kind, cycle)),
            )
        found[row["ticket"]] = Kept(
            override=row["sla_override"],
            exempt=row["sla_exempt"],
            policy=row["sla_policy"],
            source=row["sla_source"],
            clocks=clocks,
        )
    return found


async def log(ctx: Context, changed: Iterable[tuple[UUID, Kind, Clock, Clock]]) -> None:
    """Append the entries that clocks have more than before: one statement."""
    rows = [
        {
            "ticket": ticket,
            "clock": kind,
            "cycle": after.cycle,
            "number": number,
            "at": entry.at,
            "state": entry.state,
            "calendar_version": entry.version,
            "target_seconds": None if entry.target is None else int(entry.target.total_seconds()),
            "cause": entry.cause,
        }
        for ticket, kind, before, after in changed
        for number, entry in enumerate(after.log, 1)
        if after.cycle != before.cycle or number > len(before.log)
    ]
    if rows:
        await ctx.db.execute(ADD_ENTRIES, msgspec.json.encode(rows).decode())


def columns(
    policy: UUID | None,
    source: Source,
    clocks: Mapping[Kind, Clock],
    thresholds: Sequence[Threshold],
    now: datetime.datetime,
) -> dict[str, Any]:
    """Return the columns of `TicketSla` that follow from clocks."""
    stands: dict[Kind, Stand] = {
        kind: standing.stand(clocks.get(kind, Clock()), thresholds, now) for kind in KINDS
    }
    state, due_at = standing.overall(stands)
    values: dict[str, Any] = {
        "sla_policy": policy,
        "sla_source": source,
        "sla_state": state,
        "sla_due_at": due_at,
        "sla_next_at": min((one.next_at for one in stands.values() if one.next_at is not None), default=None),
    }
    for kind, one in stands.items():
        values[f"sla_{kind}_state"] = one.state
        values[f"sla_{kind}_due_at"] = one.due_at
        values[f"sla_{kind}_breached_at"] = one.breached_at
    return values
