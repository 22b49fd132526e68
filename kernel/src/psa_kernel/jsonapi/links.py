"""Many-to-many relationships: rows of link tables, written and traced under the record they belong to."""

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from psa_kernel.database.schema import literal, qualified, quoted
from psa_kernel.jsonapi.traces import tell
from psa_kernel.jsonapi.write_plan import Target
from psa_kernel.registry import Inverse, Registry
from psa_sdk.resources import BeforeMembers, ManyToMany

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


class Link(msgspec.Struct, frozen=True):
    """A link table seen from one of its ends."""

    name: str
    target: str
    table: str
    here: str
    there: str
    before_change: BeforeMembers | None = None
    reverse: bool = False
    """Seen from the far end, so that pairs read the other way round."""


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to the members of a relationship; `whole` removes all that aren't added."""

    add: Sequence[UUID] = ()
    remove: Sequence[UUID] = ()
    whole: bool = False


def link(registry: Registry, resource: str, name: str) -> Link | None:
    """Return the link table behind a relationship, also seen from its far end; None when there is none."""
    relation = registry.relations(resource).get(name)
    if isinstance(relation, Inverse) and isinstance(relation.relation, ManyToMany):
        far = relation.relation
        here, there, target, before, reverse = far.there, far.here, relation.source, far.before_change, True
    elif isinstance(relation, ManyToMany):
        here, there, target = relation.here, relation.there, relation.target
        before, reverse = relation.before_change, False
    else:
        return None
    table = quoted(qualified(here._meta.table))
    return Link(name, target, table, quoted(here._meta.name), quoted(there._meta.name), before, reverse)


async def announce(unit: "Unit", relation: Link, id: UUID, membership: Membership) -> None:
    """Tell the relationship's `before_change` what comes and goes; the caller holds the record's lock."""
    if relation.before_change is None:
        return
    rows = await unit.connection.fetch(
        f"SELECT {relation.there} AS member FROM {relation.table}"
        f" WHERE tenant_id = psa.current_tenant() AND {relation.here} = $1",
        id,
    )
    present = {row["member"] for row in rows}
    wanted = dict.fromkeys(membership.add)
    gone = present - wanted.keys() if membership.whole else present.intersection(membership.remove)
    came = [member for member in wanted if member not in present]

    def pairs(members: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
        return [(member, id) if relation.reverse else (id, member) for member in members]

    if came or gone:
        await relation.before_change(unit, pairs(came), pairs(sorted(gone)))


@functools.lru_cache(1024)
def statement(target: Target, relation: Link, visible: str = "") -> str:
    """Return the statement that changes the members of the record `$10`.

    `$11` are the versions it may have (null: any), `$12` the ids to remove, `$13` those to add, `$14` whether
    all others go. Answers `before` and `after` as an update does.
    """
    row, table = target.row, target.storage.table
    guard = f" AND {visible}" if visible else ""
    return (
        f"WITH psa_old AS (SELECT {row}.* FROM {table} AS {row} WHERE {row}.tenant_id = psa.current_tenant()"
        f" AND {row}.id = $10::uuid{guard} AND ($11::int[] IS NULL OR {row}.version = ANY ($11::int[])) FOR UPDATE),"
        f" psa_gone AS (DELETE FROM {relation.table} l USING psa_old WHERE l.tenant_id = psa_old.tenant_id"
        f" AND l.{relation.here} = $10::uuid AND (l.{relation.there} = ANY ($12::uuid[])"
        f" OR ($14::bool AND l.{relation.there} <> ALL ($13::uuid[]))) RETURNING l.{relation.there} AS member),"
        f" psa_came AS (INSERT INTO {relation.table} (id, {relation.here}, {relation.there})"
        " SELECT psa.new_id(), psa_old.id, m.member FROM psa_old,"
        " (SELECT DISTINCT unnest($13::uuid[]) AS member) m WHERE NOT EXISTS"
        f" (SELECT FROM {relation.table} l WHERE l.tenant_id = psa_old.tenant_id"
        f" AND l.{relation.here} = $10::uuid AND l.{relation.there} = m.member)"
        f" ON CONFLICT DO NOTHING RETURNING {relation.there} AS member),"
        f" psa_new AS (UPDATE {table} AS {row} SET version = {row}.version + 1, updated_at = $8::timestamptz"
        f" FROM psa_old WHERE {row}.tenant_id = psa_old.tenant_id AND {row}.id = $10::uuid"
        f" AND (EXISTS (SELECT FROM psa_gone) OR EXISTS (SELECT FROM psa_came)) RETURNING {row}.id, {row}.version),"
        " psa_sides AS (SELECT"
        " (SELECT jsonb_build_object('removed', jsonb_agg(member ORDER BY member)) FROM psa_gone"
        " HAVING count(*) > 0) AS lost,"
        " (SELECT jsonb_build_object('added', jsonb_agg(member ORDER BY member)) FROM psa_came"
        " HAVING count(*) > 0) AS gained),"
        " psa_diff AS (SELECT psa_new.id, psa_new.version,"
        f" CASE WHEN lost IS NOT NULL THEN jsonb_build_object({literal(relation.name)}, lost) END AS before,"
        f" CASE WHEN gained IS NOT NULL THEN jsonb_build_object({literal(relation.name)}, gained) END AS after,"
        f" jsonb_build_object({literal(relation.name)}, jsonb_build_array(lost, gained)) AS changed"
        " FROM psa_new, psa_sides),"
        f" {tell(target.resource, 'updated')}"
        " SELECT psa_old.version AS before, psa_new.version AS after FROM psa_old LEFT JOIN psa_new ON true"
    )
