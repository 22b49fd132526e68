"""From the groups that somebody is in to the roles that they hold."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from psa_sdk import Context
from psa_sdk.admission import bring_up_to_date, roles_for
from psa_sdk.identity import Directory
from psa_sdk.sign_in import ExternalIdentities

Roles = Mapping[str, Sequence[str]]


def managed(mapping: Roles) -> frozenset[str]:
    """Return the roles about which groups decide."""
    return frozenset(role for roles in mapping.values() for role in roles)


async def settle(
    ctx: Context, mapping: Roles, people: Collection[UUID], *, formerly: Collection[str] = ()
) -> None:
    """Give people the roles of their groups, and take those away that groups gave and give no longer.

    `formerly` are roles about which groups decided until now. Whoever is named to break the glass is left alone, and
    the last administrator stays one. Costs three statements, and some for each account that changes.
    """
    ruled = managed(mapping) | frozenset(formerly)
    if not ruled or not people:
        return
    rows = await ctx.db.fetch(
        "SELECT p.account, array_remove(array_agg(g.display_name), NULL) AS groups FROM scim.person p"
        " LEFT JOIN scim.membership m ON m.tenant_id = p.tenant_id AND m.person = p.id"
        " LEFT JOIN scim.directory_group g ON g.tenant_id = m.tenant_id AND g.id = m.directory_group"
        " WHERE p.id = ANY ($1::uuid[]) GROUP BY p.account",
        list(people),
    )
    directory = ctx.service(Directory)
    held = await directory.roles([row["account"] for row in rows])
    wanted = {row["account"]: roles_for(frozenset(row["groups"]), mapping) or frozenset() for row in rows}
    changing = [one for one, roles in wanted.items() if ruled.intersection(held.get(one, ())) != roles]
    accounts = await directory.users(changing)
    for account in changing:
        if not await ctx.service(ExternalIdentities).reserved(accounts[account].email):
            await bring_up_to_date(ctx, account, wanted[account], sorted(ruled))
