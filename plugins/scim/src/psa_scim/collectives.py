"""What becomes of the groups that a provider sends: members, and through them roles."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from scim2_models import Context as Phase
from scim2_models import InvalidValueException

from psa_scim import group_roles
from psa_scim.api import GROUPS
from psa_scim.bodies import bounded
from psa_scim.models import Group
from psa_sdk import Context
from psa_sdk.context import Row

_OURS: Final = {"id", "meta", "display_name", "external_id", "members"}
_TOLD: Final = 100
"""How many members an audit entry names."""


async def create(ctx: Context, provider: Row, sent: Group) -> UUID:
    """Keep a new group; returns its id."""
    group = await ctx.records.create(GROUPS, {"provider": provider["id"], **_row(sent)})
    await _set_members(ctx, provider, group, set(), await _people(ctx, provider, sent))
    return group


async def write(ctx: Context, provider: Row, group: UUID, before: Group, sent: Group) -> None:
    """Bring a group to what the provider says now; its members' roles follow."""
    present = {UUID(one.value) for one in before.members or () if one.value}
    await ctx.records.update(GROUPS, group, _row(sent))
    await _set_members(ctx, provider, group, present, await _people(ctx, provider, sent))
    if before.display_name != sent.display_name:
        await group_roles.settle(ctx, provider["group_roles"], present)


async def delete(ctx: Context, provider: Row, group: UUID, before: Group) -> None:
    """Forget a group; what it gave is taken away."""
    present = {UUID(one.value) for one in before.members or () if one.value}
    await _set_members(ctx, provider, group, present, set())
    await ctx.records.delete(GROUPS, group)


async def _people(ctx: Context, provider: Row, sent: Group) -> set[UUID]:
    """Return the members; raises `InvalidValueException` for whom the provider didn't send."""
    wanted: set[UUID] = set()
    for one in sent.members or ():
        try:
            wanted.add(UUID(one.value or ""))
        except ValueError as error:
            raise InvalidValueException(detail=f"There is no user {one.value!r}.") from error
    rows = await ctx.db.fetch(
        "SELECT id FROM scim.person WHERE provider = $1 AND deleted_at IS NULL AND id = ANY ($2::uuid[])",
        provider["id"],
        list(wanted),
    )
    if missing := sorted(wanted - {row["id"] for row in rows}):
        raise InvalidValueException(detail=f"There is no user {missing[0]}; only users are members.")
    return wanted


async def _set_members(
    ctx: Context, provider: Row, group: UUID, present: Collection[UUID], wanted: Collection[UUID]
) -> None:
    added, removed = sorted(set(wanted) - set(present)), sorted(set(present) - set(wanted))
    if not added and not removed:
        return
    await ctx.db.execute(
        "DELETE FROM scim.membership WHERE directory_group = $1 AND person = ANY ($2::uuid[])", group, removed
    )
    await ctx.db.execute(
        "INSERT INTO scim.membership (directory_group, person) SELECT $1, p FROM unnest($2::uuid[]) AS p",
        group,
        added,
    )
    touched = [*added, *removed]
    await ctx.db.execute(
        "UPDATE scim.person SET version = version + 1, updated_at = $2 WHERE id = ANY ($1::uuid[])",
        touched,
        ctx.now,
    )
    await ctx.db.execute(
        "UPDATE scim.directory_group SET version = version + 1, updated_at = $2 WHERE id = $1", group, ctx.now
    )
    told = {"added": [str(one) for one in added[:_TOLD]], "removed": [str(one) for one in removed[:_TOLD]]}
    await ctx.audit("members_changed", GROUPS, group, count=len(touched), **told)
    await group_roles.settle(ctx, provider["group_roles"], touched)


def _row(sent: Group) -> dict[str, object]:
    bounded(displayName=sent.display_name, externalId=sent.external_id or None)
    return {
        "display_name": sent.display_name,
        "external_id": sent.external_id or "",
        "document": sent.model_dump(scim_ctx=Phase.DEFAULT, exclude=_OURS),
    }
