"""Giving work to people of a team: who may, who is there, whose turn it is. Teams' assignments wait for each other."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import time
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psa_automation.business_hours import days_of
from psa_automation.choosing import Candidate, Habits, is_there, least_loaded, next_in_turn
from psa_automation.notices import tell_people
from psa_automation.settings import AutomationSettings
from psa_sdk import Context
from psa_sdk.identity import Account, Directory

Strategy = Literal["round_robin", "least_loaded"]
Load = Callable[[Context, Collection[UUID]], Awaitable[Mapping[UUID, int]]]
"""Given accounts, how much open work each has."""
PEOPLE = "SELECT * FROM automation.assignee WHERE account = ANY($1::uuid[])"
TURNS = "SELECT account, last_at, place FROM automation.turn WHERE team = $1"
TAKEN = """
INSERT INTO automation.turn (team, account, last_at, place) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, team, account) DO UPDATE SET last_at = excluded.last_at, place = excluded.place"""
VACANT = "INSERT INTO automation.vacancy (team, since) VALUES ($1, $2) ON CONFLICT (tenant_id, team) DO NOTHING RETURNING id"


async def choose(
    ctx: Context,
    team_id: UUID,
    *,
    strategy: Strategy,
    permission: str,
    load: Load,
    skills: Sequence[str] = (),
    respect_hours: bool = False,
    on_call: UUID | None = None,
) -> UUID | None:
    """Return who of a team gets a piece of work, and note that they did.

    Only people who hold the permission and have all the skills (TIC-52). When none of them is there it is the one
    on call; when nobody is, None, and the team's manager is told once until somebody is again.
    """
    await ctx.db.lock("automation.team", team_id)
    directory = ctx.as_system().service(Directory)
    accounts = await directory.holders(permission, team_id=team_id)
    known = {row["account"]: row for row in await ctx.db.fetch(PEOPLE, [account.id for account in accounts])}
    wanted = {skill.casefold() for skill in skills}
    able = [account for account in accounts if wanted <= _skills(known.get(account.id))]
    turns = {row["account"]: row for row in await ctx.db.fetch(TURNS, team_id)}
    loads = await load(ctx, [account.id for account in able]) if able else {}
    common = (await ctx.settings(AutomationSettings)).hours(ctx)
    order = [_candidate(account, known.get(account.id), turns.get(account.id), loads) for account in able]
    present = [
        candidate
        for account, candidate in zip(able, order, strict=True)
        if is_there(
            _habits(known.get(account.id)), common, _zone(account, ctx), ctx.now, respect_hours=respect_hours
        )
    ]
    chosen = next_in_turn(order, present) if strategy == "round_robin" else least_loaded(present)
    if chosen is None:
        return on_call if on_call is not None else await _nobody(ctx, team_id)
    highest = max((row["place"] for row in turns.values()), default=0)
    await ctx.db.execute(TAKEN, team_id, chosen.id, ctx.now, highest + 1)
    await ctx.db.execute("DELETE FROM automation.vacancy WHERE team = $1", team_id)
    return chosen.id


async def _nobody(ctx: Context, team_id: UUID) -> None:
    if await ctx.db.fetch_value(VACANT, team_id, ctx.now) is None:
        return
    team = (await ctx.as_system().service(Directory).teams([team_id])).get(team_id)
    if team is not None and team.manager_id is not None:
        await tell_people(
            ctx,
            [team.manager_id],
            f"Nobody of {team.name} is there to take work.",
            record=("groups", team_id),
        )


def _skills(row: Mapping[str, Any] | None) -> set[str]:
    return {skill.casefold() for skill in row["skills"]} if row else set()


def _zone(account: Account, ctx: Context) -> Any:
    try:
        return ZoneInfo(account.timezone) if account.timezone else ctx.timezone
    except (ZoneInfoNotFoundError, ValueError):
        return ctx.timezone


def _candidate(
    account: Account, row: Mapping[str, Any] | None, turn: Mapping[str, Any] | None, loads: Mapping[UUID, int]
) -> Candidate:
    return Candidate(
        id=account.id,
        open=loads.get(account.id, 0),
        place=turn["place"] if turn else 0,
        last_at=turn["last_at"] if turn else None,
        most_open=row["most_open"] if row else None,
    )


def _habits(row: Mapping[str, Any] | None) -> Habits:
    if row is None:
        return Habits()
    return Habits(
        takes_work=row["takes_work"],
        works_from=time.fromisoformat(row["works_from"]) if row["works_from"] else None,
        works_until=time.fromisoformat(row["works_until"]) if row["works_until"] else None,
        weekdays=days_of(row["works_on"]),
        away_from=row["away_from"],
        away_until=row["away_until"],
    )
