"""Synchronising: asked for or by the clock, one job each; a dry run tells, too many leavers stop it (AUTH-42)."""

import datetime
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_directory_ldap.api import DIRECTORIES, SYNCS, SyncFinished, SyncState, key_of
from psa_directory_ldap.applying import apply
from psa_directory_ldap.directories import Registration, everybody, opened, registration_of
from psa_directory_ldap.groups import groups_of_all
from psa_directory_ldap.people import Found
from psa_directory_ldap.planning import plan
from psa_directory_ldap.wire import DirectoryTrouble
from psa_sdk import Context, actor, every
from psa_sdk.errors import Conflict
from psa_sdk.identity import Account, Directory
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities

SYNC_SECONDS: Final = 240.0
KEPT: Final = datetime.timedelta(days=30)
_DUE: Final = """
SELECT d.id FROM directory_ldap.directory d WHERE d.is_active AND d.sync_hours > 0 AND NOT EXISTS (
    SELECT FROM directory_ldap.sync s WHERE s.tenant_id = d.tenant_id AND s.directory = d.id AND NOT s.is_dry
    AND s.created_at > $1::timestamptz - make_interval(mins => d.sync_hours * 60 - 5))"""
_OLD: Final = "SELECT id FROM directory_ldap.sync WHERE created_at < $1 ORDER BY id LIMIT 500"
_COUNTED: Final = ("created", "linked", "changed", "deactivated", "reactivated", "left_out")


async def ask_for_sync(ctx: Context, directory_id: UUID, *, dry: bool, may_leave: int = 0) -> UUID:
    """Let a synchronisation run in the background and return its id; `may_leave` leavers don't stop it.

    Raises `Conflict` while the directory is switched off.
    """
    directory = await ctx.records.get(DIRECTORIES, directory_id)
    if not directory["is_active"]:
        raise Conflict("The directory is switched off; switch it on first.", code="directory_inactive")
    values = {"directory": directory_id, "is_dry": dry, "may_leave": may_leave}
    sync_id = await ctx.as_system().records.create(SYNCS, values)
    await ctx.audit("sync_asked", DIRECTORIES, directory_id, sync=sync_id, dry=dry, may_leave=may_leave)
    await ctx.send(synchronise, sync_id=sync_id)
    return sync_id


@actor(queue="bulk", max_attempts=3, time_limit=600)
async def synchronise(ctx: Context, *, sync_id: UUID) -> None:
    """Read a directory, and bring accounts up to date with it or tell what that would do."""
    sync = await ctx.records.get(SYNCS, sync_id)
    if sync["state"] != "queued":
        return
    row = await ctx.records.get(DIRECTORIES, sync["directory"])
    registration, network, now = await registration_of(ctx, row), ctx.service(Network), ctx.now
    people, trouble = list[Found](), ""
    async with ctx.outside():
        try:
            people = await _read(network, registration, now)
        except DirectoryTrouble as failed:
            trouble = failed.detail
    # Two at once would tell the same thing twice.
    await ctx.db.lock("directory_ldap", row["id"])
    if trouble:
        await _finish(ctx, sync, {"state": "failed", "detail": trouble[:1000]})
        return
    todo = plan(people, await _linked(ctx, row["id"]))
    deactivates = row["deactivates_leavers"]
    stops = deactivates and todo.stops(row["leavers_percent"], sync["may_leave"])
    dry = sync["is_dry"] or stops
    report = await apply(ctx, row["id"], registration.rules, todo, dry=dry, deactivates=deactivates)
    values: dict[str, Any] = {name: report.counts[name] for name in _COUNTED}
    if stops:
        values["detail"] = f"{len(todo.leavers)} of {todo.accounts} accounts would be deactivated."
        values["may_leave"] = len(todo.leavers)
    values |= {
        "state": "stopped" if stops and not sync["is_dry"] else "finished",
        "found": len(people),
        "lines": msgspec.to_builtins(report.lines),
    }
    await _finish(ctx, sync, values)


@actor(queue="bulk")
async def look_round(ctx: Context) -> None:
    """Begin the synchronisations that are due, and forget old ones."""
    for row in await ctx.db.fetch(_DUE, ctx.now):
        await ask_for_sync(ctx, row["id"], dry=False)
    for row in await ctx.db.fetch(_OLD, ctx.now - KEPT):
        await ctx.records.delete(SYNCS, row["id"])


async def _read(network: Network, registration: Registration, now: datetime.datetime) -> list[Found]:
    async with opened(network, registration, seconds=SYNC_SECONDS) as talk:
        people = await everybody(talk, registration.mapped, now)
        return await groups_of_all(talk, registration.mapped, people)


async def _linked(ctx: Context, directory: UUID) -> Mapping[str, Account]:
    subjects = await ctx.service(ExternalIdentities).subjects(key_of(directory))
    accounts = await ctx.service(Directory).users(list(subjects.values()))
    return {subject: accounts[one] for subject, one in subjects.items() if one in accounts}


async def _finish(ctx: Context, sync: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    await ctx.records.update(SYNCS, sync["id"], {**values, "finished_at": ctx.now})
    state: SyncState = values["state"]
    await ctx.emit(
        SyncFinished(
            sync_id=sync["id"],
            directory_id=sync["directory"],
            state=state,
            is_dry=sync["is_dry"],
            deactivated=values.get("deactivated", 0),
        )
    )


ACTORS = (synchronise, look_round)
SCHEDULES = (every("*/15 * * * *", look_round),)
