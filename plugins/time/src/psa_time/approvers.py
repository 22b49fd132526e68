"""Who decides on whose time: approvers, team leads, and their delegates; never oneself (TIME-30)."""

from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import Forbidden
from psa_sdk.identity import Directory

APPROVE_ALL = "time.timesheets.approve"
APPROVE_TEAM = "time.timesheets.approve_team"
SHARE_A_TEAM = """
SELECT EXISTS (SELECT FROM psa.team_member a JOIN psa.team_member b
    ON b.tenant_id = a.tenant_id AND b.team = a.team
    WHERE a.tenant_id = psa.current_tenant() AND a.account = $1 AND b.account = $2)"""
DELEGATED_BY = """
SELECT approver FROM time.approval_delegation WHERE delegate = $1 AND $2 BETWEEN starts_on AND ends_on"""


async def require_decision(ctx: Context, account_id: UUID) -> None:
    """Refuse unless the principal decides on a user's time."""
    if account_id == ctx.principal.id:
        raise Forbidden("Nobody decides on their own time; ask another approver.", code="own_time")
    if not await decides(ctx, account_id):
        raise Forbidden(
            "This user's time is not yours to decide on; ask for a delegation or the permission to approve.",
            code="not_approver",
        )


async def decides(ctx: Context, account_id: UUID) -> bool:
    """Tell whether the principal decides on a user's time, by themselves or in somebody's place."""
    me = ctx.principal.id
    if account_id == me:
        return False
    if ctx.principal.allows(APPROVE_ALL):
        return True
    if ctx.principal.allows(APPROVE_TEAM) and await _share_a_team(ctx, me, account_id):
        return True
    delegators = {row["approver"] for row in await ctx.db.fetch(DELEGATED_BY, me, ctx.today)} - {account_id}
    return bool(delegators) and await _any_decides(ctx, delegators, account_id)


async def _any_decides(ctx: Context, delegators: set[UUID], account_id: UUID) -> bool:
    directory = ctx.service(Directory)
    if delegators & {account.id for account in await directory.holders(APPROVE_ALL)}:
        return True
    leads = delegators & {account.id for account in await directory.holders(APPROVE_TEAM)}
    for lead in sorted(leads):
        if await _share_a_team(ctx, lead, account_id):
            return True
    return False


async def _share_a_team(ctx: Context, one: UUID, other: UUID) -> bool:
    return bool(await ctx.db.fetch_value(SHARE_A_TEAM, one, other))
