"""What is checked when somebody sets a provider up, and what follows from it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psa_scim import group_roles
from psa_scim.api import key_of
from psa_sdk import Change, Context
from psa_sdk.admission import Admission, check_roles, require_reach
from psa_sdk.context import Row
from psa_sdk.sign_in import ExternalIdentities

Roles = Mapping[str, Sequence[str]]


async def write_provider(ctx: Context, change: Change) -> None:
    """Refuse roles that don't exist or give more than whoever maps them holds."""
    if "email_domains" in change.new:
        change.new["email_domains"] = list(dict.fromkeys(one.lower() for one in change.new["email_domains"]))
    mapped: Roles = change.new.get("group_roles") or {}
    default = change.new.get("default_role")
    if mapped or default is not None:
        await check_roles(ctx, "staff", {role for roles in mapped.values() for role in roles}, default)
    if change.value("links_by_email") and change.changes("links_by_email"):
        await require_reach(ctx, reach(change.id, {**change.old, **change.new}))


def reach(id: UUID, provider: Row) -> Admission:
    """Return the rules that tell for whom a provider can speak."""
    names = ("group_roles", "links_by_email")
    return Admission(key=key_of(id), audience="staff", **{name: provider[name] for name in names})


async def follow_provider(ctx: Context, change: Change) -> None:
    """Give the members of groups whose roles were changed the roles that they have now."""
    if change.verb != "update" or not change.changes("group_roles"):
        return
    before: Roles = change.old["group_roles"]
    after: Roles = change.value("group_roles")
    touched = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    rows = await ctx.db.fetch(
        "SELECT DISTINCT m.person FROM scim.membership m JOIN scim.directory_group g"
        " ON g.tenant_id = m.tenant_id AND g.id = m.directory_group"
        " WHERE g.provider = $1 AND g.display_name = ANY ($2::text[])",
        change.id,
        touched,
    )
    people = [row["person"] for row in rows]
    await group_roles.settle(ctx, after, people, formerly=group_roles.managed(before))


async def delete_provider(ctx: Context, change: Change) -> None:
    """Let go of the people; their accounts and roles stay as they are."""
    await ctx.service(ExternalIdentities).unlink(key_of(change.id))
