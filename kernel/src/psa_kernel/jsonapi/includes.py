"""Compound documents in SQL: one CTE per included relationship, one list of objects per type.

A resource appears once however many paths lead to it, never again when it is primary data, and every
included to-many relationship carries its linkage (JSON:API 1.1, 5.2.5 full linkage).
"""

from collections.abc import Mapping, Sequence

import msgspec

from psa_kernel.jsonapi.shape import Relation, Shape, of_tenant, quoted
from psa_kernel.jsonapi.statement import (
    Emitted,
    identifier,
    literal,
    needed,
    resource_object,
    row_columns,
    select_list,
)

MAX_MEMBERS = 100
"""The most members of a to-many relationship that are included with one parent."""
MAX_INCLUDED = 10_000
"""The most members of to-many relationships that one step of an include path brings, over all parents."""
SHOWN = "psa_shown"
"""The CTE of the primary rows."""


class Node(msgspec.Struct, frozen=True, eq=False):
    """One step of an include path: a relationship of rows that another CTE holds."""

    path: tuple[str, ...]
    parent: Shape
    relation: Relation
    target: Shape
    cte: str
    source: str


class Included(msgspec.Struct, frozen=True, kw_only=True):
    """The SQL of a statement's includes."""

    ctes: tuple[str, ...]
    linkage: Mapping[str, Mapping[str, str]]
    """Type to relationship to the SQL of its linkage text."""
    columns: tuple[str, ...]
    """Select list entries: the objects of each type and, after them, what its computed attributes need."""
    outputs: tuple[Emitted, ...]
    """What each type shows, in the order of the columns."""
    members: str = ""
    """The SQL of the largest number of members that a step brings; empty without to-many steps."""


def build_includes(
    nodes: Sequence[Node], primary: Shape, outputs: Mapping[str, Emitted], visible: Mapping[str, str]
) -> Included:
    """Return the SQL of the includes; `visible` gives the condition on each target type's rows."""
    ctes = [_rows(node, outputs[node.target.name], visible.get(node.target.name, "")) for node in nodes]
    linkage: dict[str, dict[str, str]] = {}
    groups: dict[tuple[str, str], list[Node]] = {}
    for node in nodes:
        if node.relation.many:
            groups.setdefault((node.parent.name, node.relation.name), []).append(node)
    for index, ((parent, relation), members) in enumerate(groups.items()):
        ctes.append(_linked(f"psa_l{index}", members))
        linkage.setdefault(parent, {})[relation] = _linkage(f"psa_l{index}", members)
    columns: list[str] = []
    shown: list[Emitted] = []
    for name in dict.fromkeys(node.target.name for node in nodes):
        of_type = [node for node in nodes if node.target.name == name]
        output = outputs[name]
        columns.extend(_objects(of_type, output, linkage.get(name, {}), primary))
        shown.append(output)
    counts = [f"(SELECT count(*) FROM {node.cte})" for node in nodes if node.relation.many]
    return Included(
        ctes=tuple(ctes),
        linkage=linkage,
        columns=tuple(columns),
        outputs=tuple(shown),
        members=f"greatest({', '.join(counts)})" if counts else "",
    )


def _rows(node: Node, output: Emitted, visible: str) -> str:
    """Return the CTE of the rows that a step leads to."""
    target, relation = node.target, node.relation
    row = target.row
    if not relation.many:
        columns = select_list(row_columns(output, row))
        return (
            f"{node.cte} AS MATERIALIZED (SELECT {columns} FROM {target.source} AS {row}"
            f" WHERE {of_tenant(row)} AND {row}.id = ANY(ARRAY({_referred(node)}))"
            + (f" AND {visible}" if visible else "")
            + ")"
        )
    conditions = [of_tenant(row), relation.members.replace("{parent}", "psa_p.id")]
    if target.resource.archive is not None:
        conditions.append(f"{row}.{quoted(target.resource.archive._meta.name)} IS NULL")
    if visible:
        conditions.append(visible)
    inner = select_list(row_columns(output, row) | {"psa_n": f"row_number() OVER (ORDER BY {row}.id)"})
    return (
        f"{node.cte} AS MATERIALIZED (SELECT psa_m.*, psa_p.id AS psa_of"
        f" FROM (SELECT DISTINCT id FROM {node.source}) AS psa_p CROSS JOIN LATERAL"
        f" (SELECT {inner} FROM {target.source} AS {row} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {row}.id LIMIT {MAX_MEMBERS + 1}) AS psa_m LIMIT {MAX_INCLUDED + 1})"
    )


def _referred(node: Node) -> str:
    """Return the query for the ids that a to-one relationship of the source rows holds."""
    relation = node.relation
    if relation.satellite < 0:
        return f"SELECT {relation.column.replace('{row}', 'psa_s')} FROM {node.source} AS psa_s"
    satellite = node.parent.satellites[relation.satellite]
    return (
        f"SELECT {relation.column} FROM {satellite.source} AS {satellite.alias}"
        f" WHERE {of_tenant(satellite.alias)} AND {satellite.alias}.{satellite.column} = ANY(ARRAY(SELECT id FROM {node.source}))"
    )


def _linked(name: str, nodes: Sequence[Node]) -> str:
    """Return the CTE of the linkage texts of one relationship, by parent."""
    rows = " UNION ALL ".join(f"SELECT id, psa_of, psa_n FROM {node.cte}" for node in nodes)
    text = identifier(nodes[0].target.name, "psa_r.id")
    return (
        f"{name} AS MATERIALIZED (SELECT psa_of,"
        f" string_agg(DISTINCT {text}, ',') FILTER (WHERE psa_n <= {MAX_MEMBERS}) AS ids,"
        f" max(psa_n) > {MAX_MEMBERS} AS more FROM ({rows}) AS psa_r GROUP BY psa_of)"
    )


def _linkage(name: str, nodes: Sequence[Node]) -> str:
    """Return the SQL, over `{row}`, of the text behind a to-many relationship's links."""
    sources = " UNION ALL ".join(dict.fromkeys(f"SELECT id FROM {node.source}" for node in nodes))
    truncated = literal(',"meta":{"truncated":true}')
    return (
        f"CASE WHEN {{row}}.id IN ({sources}) THEN ',\"data\":[' || coalesce((SELECT ids || ']' ||"
        f" CASE WHEN more THEN {truncated} ELSE '' END FROM {name} WHERE psa_of = {{row}}.id), ']') ELSE '' END"
    )


def _objects(nodes: Sequence[Node], output: Emitted, linkage: Mapping[str, str], primary: Shape) -> list[str]:
    """Return the select list entries for all objects of one type."""
    shape = output.shape
    row = shape.row
    rows = " UNION ALL ".join(_members(node, output) for node in nodes)
    alone = len(nodes) == 1 and not nodes[0].relation.many
    source = rows if alone else f"SELECT DISTINCT ON (id) * FROM ({rows}) AS psa_u ORDER BY id"
    joins = "".join(shape.satellites[index].joined(row) for index in output.satellites)
    where = f" WHERE {row}.id NOT IN (SELECT id FROM {SHOWN})" if shape.name == primary.name else ""
    tail = f"FROM ({source}) AS {row}{joins}{where})"
    links = {name: text.replace("{row}", row) for name, text in linkage.items()}
    ordered = f"ORDER BY {row}.id"
    found = [
        f"(SELECT string_agg({resource_object(output, row, ready=True, linkage=links)}, ',' {ordered}) {tail}"
    ]
    if output.computed:
        found.append(f"(SELECT string_agg({needed(output, row)}, ',' {ordered}) {tail}")
    return found


def _members(node: Node, output: Emitted) -> str:
    names = ", ".join(quoted(name) for name in row_columns(output, ""))
    within = f" WHERE psa_n <= {MAX_MEMBERS}" if node.relation.many else ""
    return f"SELECT {names} FROM {node.cte}{within}"
