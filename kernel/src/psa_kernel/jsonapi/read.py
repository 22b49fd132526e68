"""Reads of one record and of its relationships: a query string to the bytes of the answer."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psa_kernel.jsonapi.catalog import Catalog, catalog_of
from psa_kernel.jsonapi.documents import filled, included_text, one_bytes
from psa_kernel.jsonapi.paging import bounded, included_targets, page_document, parsed
from psa_kernel.jsonapi.plan import COUNTED, Plan, compile_plan, conditions, form_of
from psa_kernel.jsonapi.query import Query
from psa_kernel.jsonapi.scopes import disabled_plugins, require, shape_for, shifted, visible
from psa_kernel.jsonapi.shape import Relation, Shape, of_tenant
from psa_kernel.jsonapi.write_plan import NEW
from psa_sdk.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


def not_found(shape: Shape, id: UUID) -> NotFound:
    """Return the answer for a record that doesn't exist or isn't visible: the same."""
    return NotFound(f"There is no {shape.name} record with the id {id}.")


async def list_document(unit: "Unit", name: str, raw: str, *, url: str = "") -> bytes:
    """Return the document of a list; `raw` is the query string."""
    require(unit, name, "list")
    shape = shape_for(unit, name)
    return await page_document(unit, shape, raw, url or shape.url)


async def get_document(
    unit: "Unit", name: str, id: UUID, raw: str = "", *, archived: str = ""
) -> tuple[bytes, int, bool]:
    """Return one record's document, its version, and whether the version alone determines the bytes.

    An archived record is shown when `archived` is "any" or the query asks for it.
    """
    require(unit, name, "get")
    shape = shape_for(unit, name)
    query = parsed(unit, shape, "one", raw)
    fixed = (f"{shape.row}.id = {{parent}}",)
    url = f"{shape.url}/{id}"
    document, version = await _one(unit, shape, query, fixed, id, f"{url}{_suffix(query)}", archived=archived)
    if document is None:
        if shape.resource.archive is not None:
            shelved, _ = await _one(unit, shape, query, fixed, id, url, archived="any")
            if shelved is not None:
                raise NotFound(
                    "This record is archived; add filter[archived]=true to see it.",
                    code="archived",
                    meta={"see": f"{url}?filter[archived]=true"},
                )
        raise not_found(shape, id)
    whole = not query.include and not any(
        item.satellite >= 0 for item in (*shape.attributes.values(), *shape.relations.values())
    )
    return document, version, whole


def new_plan(unit: "Unit", name: str) -> Plan | None:
    """Return how a new record is read where it is written; None where its reader's rights have to be looked at."""
    try:
        require(unit, name, "get")
    except (Forbidden, NotFound):
        return None
    if visible(unit, name).sql:
        return None
    return _new_plan(catalog_of(unit.kernel.registry), shape_for(unit, name), disabled_plugins(unit))


@functools.lru_cache(maxsize=1024)
def _new_plan(catalog: Catalog, shape: Shape, disabled: frozenset[str]) -> Plan:
    return compile_plan(catalog, shape, disabled, form_of("one", Query(), source=NEW))


def new_document(
    unit: "Unit", name: str, id: UUID, row: Sequence[Any], plan: Plan
) -> tuple[bytes | None, int]:
    """Return the document of a record from what `new_plan` read, and its version; None when it isn't shown."""
    return _of_one(row, plan, Query(), f"{shape_for(unit, name).url}/{id}")


async def related_document(unit: "Unit", name: str, id: UUID, relation: str, raw: str) -> bytes:
    """Return the resource or the list of resources that a relationship leads to."""
    shape, found = relation_of(unit, name, relation)
    require(unit, found.target, "list" if found.many else "get")
    target = shape_for(unit, found.target)
    url = f"{shape.url}/{id}/{relation}"
    if found.many:
        await require_visible(unit, shape, id)
        return await page_document(unit, target, raw, url, found.members, id)
    query = parsed(unit, target, "one", raw)
    held = await _held(unit, shape, id, found)
    if held is None:
        return one_bytes("null", {"self": url}, included="" if query.included else None)
    fixed = (f"{target.row}.id = {{parent}}",)
    document, _ = await _one(unit, target, query, fixed, held, f"{url}{_suffix(query)}", archived="any")
    return document or one_bytes("null", {"self": url}, included="" if query.included else None)


async def linkage_document(unit: "Unit", name: str, id: UUID, relation: str, raw: str) -> bytes:
    """Return a relationship: its linkage and links (JSON:API 1.1, 6.2.3)."""
    shape, found = relation_of(unit, name, relation)
    url, related = f"{shape.url}/{id}/relationships/{relation}", f"{shape.url}/{id}/{relation}"
    if found.many:
        require(unit, found.target, "list")
        target = shape_for(unit, found.target)
        await require_visible(unit, shape, id)
        return await page_document(unit, target, raw, url, found.members, id, related=related)
    if raw:
        parsed(unit, shape, "none", raw)
    held = await _held(unit, shape, id, found)
    data = "null" if held is None else f'{{"type":"{found.target}","id":"{held}"}}'
    return one_bytes(data, {"self": url, "related": related})


async def count_records(unit: "Unit", name: str, raw: str = "", *, most: int = COUNTED) -> int:
    """Count the records that the principal sees and a filter selects, up to `most`."""
    require(unit, name, "list")
    shape = shape_for(unit, name)
    query = parsed(unit, shape, "count", raw)
    where = conditions(shape, query.filters, query.archived)
    seen = visible(unit, name)
    if seen.sql:
        where.append(shifted(seen.sql, len(query.values)))
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {shape.source} AS {shape.row} WHERE {' AND '.join(where)} LIMIT {most}) AS psa_c"
    counted: int | None = await unit.connection.fetchval(sql, *query.values, *seen.values)
    return counted or 0


def relation_of(unit: "Unit", name: str, relation: str) -> tuple[Shape, Relation]:
    """Return a resource's shape and one of its relationships; raises `NotFound` when hidden or absent."""
    require(unit, name, "get")
    shape = shape_for(unit, name)
    found = shape.relations.get(relation)
    if found is None:
        raise NotFound(f"{name} have no relationship {relation!r}.")
    return shape, found


async def require_visible(unit: "Unit", shape: Shape, id: UUID) -> None:
    """Raise `NotFound` unless the principal sees a record; archived ones count as seen."""
    seen = visible(unit, shape.name)
    where = f" AND {shifted(seen.sql, 1)}" if seen.sql else ""
    sql = f"SELECT true FROM {shape.source} AS {shape.row} WHERE {of_tenant(shape.row)} AND {shape.row}.id = $1{where}"
    if not await unit.connection.fetchval(sql, id, *seen.values):
        raise not_found(shape, id)


async def _held(unit: "Unit", shape: Shape, id: UUID, relation: Relation) -> UUID | None:
    """Return the id that a to-one relationship of a visible record holds."""
    seen = visible(unit, shape.name)
    where = f" AND {shifted(seen.sql, 1)}" if seen.sql else ""
    row = shape.row
    join = "" if relation.satellite < 0 else shape.satellites[relation.satellite].joined(row)
    column = relation.column.replace("{row}", row)
    sql = f"SELECT {column} AS held FROM {shape.source} AS {row}{join} WHERE {of_tenant(row)} AND {row}.id = $1{where}"
    found = await unit.connection.fetchrow(sql, id, *seen.values)
    if found is None:
        raise not_found(shape, id)
    return found["held"]


def _suffix(query: Query) -> str:
    return f"?{query.carried}" if query.carried else ""


async def _one(
    unit: "Unit",
    shape: Shape,
    query: Query,
    fixed: tuple[str, ...],
    id: UUID,
    url: str,
    *,
    archived: str = "",
) -> tuple[bytes | None, int]:
    seen = visible(unit, shape.name)
    targets, target_values = included_targets(unit, shape, query)
    form = form_of(
        "one",
        query,
        fixed=fixed,
        visible=(seen.sql, len(seen.values)),
        targets=targets,
        archived=archived or ("any" if query.archived == "true" else query.archived),
    )
    plan = compile_plan(catalog_of(unit.kernel.registry), shape, disabled_plugins(unit), form)
    row = await unit.connection.fetchrow(plan.sql, id, *seen.values, *target_values)
    return _of_one(row, plan, query, url)


def _of_one(row: Sequence[Any] | None, plan: Plan, query: Query, url: str) -> tuple[bytes | None, int]:
    """Return the document of a plan's row and the record's version; None when there is no record."""
    if not row or not row[1]:
        return None, 0
    rest = bounded(list(row[3:]), plan)
    needs = rest[0] if plan.output.computed else None
    data = filled(row[0], needs, plan.output)
    included = included_text(rest[1:] if plan.output.computed else rest, plan.outputs)
    document = one_bytes(data, {"self": url}, included=included if query.included else None)
    return document, row[2]
