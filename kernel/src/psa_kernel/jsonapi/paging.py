"""Pages: lists and the members of relationships, with their cursors and links."""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from psa_kernel.jsonapi.catalog import catalog_of
from psa_kernel.jsonapi.cursor import open_cursor, seal_cursor
from psa_kernel.jsonapi.documents import filled, included_text, list_bytes
from psa_kernel.jsonapi.includes import MAX_INCLUDED
from psa_kernel.jsonapi.parser import parse_query
from psa_kernel.jsonapi.plan import COUNTED, Direction, Plan, compile_plan, form_of, nodes_of
from psa_kernel.jsonapi.query import Mode, Query
from psa_kernel.jsonapi.scopes import disabled_plugins, require, visible
from psa_kernel.jsonapi.shape import Shape
from psa_sdk.errors import BadRequest, Fault, Forbidden, NotFound

if TYPE_CHECKING:
    from psa_kernel.crypto import KeyRing
    from psa_kernel.unit_of_work import Unit


@functools.lru_cache(maxsize=8)
def _cursor_key(keys: "KeyRing") -> bytes:
    return keys.derive("cursor")


def parsed(unit: "Unit", shape: Shape, mode: Mode, raw: str) -> Query:
    """Parse a query string for a shape; raises `BadRequest` with every fault."""
    return parse_query(catalog_of(unit.kernel.registry), shape, disabled_plugins(unit), mode, raw)


def included_targets(
    unit: "Unit", shape: Shape, query: Query
) -> tuple[tuple[tuple[str, str, int], ...], list[Any]]:
    """Return the conditions on included types; raises `Forbidden` for what the principal can't read."""
    if not query.include:
        return (), []
    faults: list[Fault] = []
    found: list[tuple[str, str, int]] = []
    values: list[Any] = []
    nodes = nodes_of(catalog_of(unit.kernel.registry), shape, disabled_plugins(unit), query.include)
    for name in dict.fromkeys(node.target.name for node in nodes):
        permission = unit.kernel.registry.permission(name, "get")
        try:
            require(unit, name, "get")
        except (Forbidden, NotFound) as refusal:
            faults.append(
                Fault(
                    detail=f"Including {name} is not allowed: {refusal}",
                    code="include_forbidden",
                    parameter="include",
                    meta={"permission": permission},
                )
            )
            continue
        seen = visible(unit, name)
        found.append((name, seen.sql, len(seen.values)))
        values.extend(seen.values)
    if faults:
        raise Forbidden(faults=faults)
    return tuple(found), values


def bounded(columns: list[Any], plan: Plan) -> list[Any]:
    """Return the columns of included objects; raises `BadRequest` when they are too many."""
    if plan.counts_members and columns.pop() > MAX_INCLUDED:
        raise BadRequest(
            f"The include leads to more than {MAX_INCLUDED} records; ask for fewer with page[size], or read"
            " the relationship at its own URL.",
            code="include_too_large",
            parameter="include",
        )
    return columns


class _Ends(msgspec.Struct):
    """Where a page begins and ends, and whether there is more on either side."""

    first: list[Any]
    last: list[Any]
    before: bool
    after: bool


async def page_document(
    unit: "Unit",
    shape: Shape,
    raw: str,
    url: str,
    members: str = "",
    parent: UUID | None = None,
    *,
    related: str = "",
) -> bytes:
    """Return a page of a resource, or of those that `members` ties to `parent`.

    With `related`, the related resource's URL, it is a page of linkage instead (JSON:API 1.1, 6.2.3).
    """
    kind = "linkage" if related else "list"
    query = parsed(unit, shape, kind, raw)
    seen = visible(unit, shape.name)
    targets, target_values = included_targets(unit, shape, query)
    direction: Direction = "after" if query.after else "before" if query.before else "first"
    cursor = _opened(unit, shape, query, url, direction)
    form = form_of(
        kind,
        query,
        direction=direction,
        empty=tuple(value is None for value in cursor),
        fixed=(members,) if members else (),
        visible=(seen.sql, len(seen.values)),
        targets=targets,
    )
    plan = compile_plan(catalog_of(unit.kernel.registry), shape, disabled_plugins(unit), form)
    row = await unit.connection.fetchrow(
        plan.sql,
        *query.values,
        *(value for value in cursor if value is not None),
        *((parent,) if members else ()),
        *seen.values,
        *target_values,
    )
    assert row is not None
    values = iter(row)
    data, count = next(values) or "", next(values)
    total = next(values) if query.total else None
    ends = _ends(values, plan, direction, count, query.size)
    if plan.output.computed:
        data = filled(data, next(values), plan.output)
    included = included_text(bounded(list(values), plan), plan.outputs)
    return list_bytes(
        data,
        _links(unit, shape, query, url, related, ends),
        included=included if query.included else None,
        page=None if total is None else {"total": total, "estimated": total >= COUNTED},
    )


def _opened(unit: "Unit", shape: Shape, query: Query, url: str, direction: Direction) -> list[Any]:
    """Return the sort values of the request's cursor, none without one."""
    if direction == "first":
        return []
    return open_cursor(
        _cursor_key(unit.kernel.keys),
        unit.tenant_id,
        shape.name,
        f"{url}\n{query.binding}",
        [shape.sorts[name].kind for name, _ in query.sort],
        query.after or query.before,
        parameter=f"page[{direction}]",
    )


def _ends(values: Iterator[Any], plan: Plan, direction: Direction, count: int, size: int) -> _Ends:
    first = [next(values) for _ in plan.sort_kinds]
    last = [next(values) for _ in plan.sort_kinds]
    more, some = count > size, count > 0
    if direction == "before":
        return _Ends(first, last, before=more, after=some)
    return _Ends(first, last, before=direction == "after" and some, after=more)


def _links(
    unit: "Unit", shape: Shape, query: Query, url: str, related: str, ends: _Ends
) -> dict[str, str | None]:
    """Return the links of a page (the cursor pagination profile: `prev` and `next` are null at the ends)."""

    def link(direction: str = "", cursor: str = "") -> str:
        parts = [query.carried] if query.carried else []
        if cursor:
            parts.append(f"page%5B{direction}%5D={cursor}")
        return f"{url}?{'&'.join(parts)}" if parts else url

    def sealed(direction: str, values: list[Any]) -> str:
        key = _cursor_key(unit.kernel.keys)
        binding = f"{url}\n{query.binding}"
        return link(direction, seal_cursor(key, unit.tenant_id, shape.name, binding, values))

    here = ("after", query.after) if query.after else ("before", query.before)
    links: dict[str, str | None] = {"self": link(*here)}
    if related:
        links["related"] = related
    links["first"] = link()
    links["prev"] = sealed("before", ends.first) if ends.before else None
    links["next"] = sealed("after", ends.last) if ends.after else None
    return links
