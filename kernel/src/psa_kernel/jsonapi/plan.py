"""Plans: the statement of a read, compiled once per form of request and cached."""

import functools
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from psa_kernel.jsonapi.catalog import Catalog
from psa_kernel.jsonapi.filters import condition
from psa_kernel.jsonapi.includes import SHOWN, Node, build_includes
from psa_kernel.jsonapi.keyset import Ordered, behind, order_by
from psa_kernel.jsonapi.kinds import Kind
from psa_kernel.jsonapi.query import SEARCH, FilterUse, Query, filter_named
from psa_kernel.jsonapi.scopes import shifted
from psa_kernel.jsonapi.shape import Shape, quoted
from psa_kernel.jsonapi.statement import (
    Emitted,
    emitted,
    identifier,
    needed,
    resource_object,
    row_columns,
    select_list,
)

COUNTED = 10_001
"""Totals are counted up to here."""
SEARCHED = 1_000
"""The most matches that a search considers."""
Direction = Literal["first", "after", "before"]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a request that changes its statement; what only changes values is left out."""

    kind: Literal["list", "linkage", "one"]
    fields: tuple[tuple[str, tuple[str, ...]], ...]
    include: tuple[tuple[str, ...], ...]
    sort: tuple[tuple[str, bool], ...]
    filters: tuple[FilterUse, ...]
    archived: str
    size: int
    total: bool
    direction: Direction
    empty: tuple[bool, ...]
    """Which values of the cursor are empty."""
    fixed: tuple[str, ...]
    """Conditions over `{parent}`, one bound uuid each: the record, or whose members are wanted."""
    visible: str
    """The condition on rows that the principal may see, its values numbered from $1."""
    visible_values: int
    targets: tuple[tuple[str, str, int], ...]
    """The same for each included type: name, condition, number of values."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A statement and how to read its only row.

    Values are bound in this order: filters, the cursor's that are not empty, fixed, visible, targets.
    """

    sql: str
    output: Emitted
    outputs: tuple[Emitted, ...]
    sort_kinds: tuple[Kind, ...]


def form_of(
    kind: Literal["list", "linkage", "one"],
    query: Query,
    *,
    direction: Direction = "first",
    empty: tuple[bool, ...] = (),
    fixed: tuple[str, ...] = (),
    visible: tuple[str, int] = ("", 0),
    targets: tuple[tuple[str, str, int], ...] = (),
    archived: str = "",
) -> Form:
    """Return the form of a request."""
    return Form(
        kind=kind,
        fields=query.fields,
        include=query.include,
        sort=query.sort,
        filters=query.filters,
        archived=archived or query.archived,
        size=query.size,
        total=query.total,
        direction=direction,
        empty=empty,
        fixed=fixed,
        visible=visible[0],
        visible_values=visible[1],
        targets=targets,
    )


@functools.lru_cache(maxsize=1024)
def nodes_of(
    catalog: Catalog, shape: Shape, disabled: frozenset[str], include: tuple[tuple[str, ...], ...]
) -> tuple[Node, ...]:
    """Resolve include paths to steps, shorter paths first."""
    found: dict[tuple[str, ...], Node] = {}
    for index, path in enumerate(sorted(include, key=lambda steps: (len(steps), steps))):
        before = found.get(path[:-1])
        parent = shape if before is None else before.target
        relation = parent.relations[path[-1]]
        found[path] = Node(
            path,
            parent,
            relation,
            catalog.shape(relation.target, shape.portal, disabled),
            f"psa_i{index}",
            SHOWN if before is None else before.cte,
        )
    return tuple(found.values())


def conditions(shape: Shape, filters: Sequence[FilterUse], archived: str, start: int = 1) -> list[str]:
    """Return the conditions of filters and of the archive, values bound from `$start` on."""
    found: list[str] = []
    for number, use in enumerate(filters, start):
        if use.name == SEARCH:
            found.append(
                f"{shape.row}.id = ANY(ARRAY(SELECT id FROM psa.search(${number}, '{shape.name}', {SEARCHED})))"
            )
            continue
        wanted = filter_named(shape, use.name)
        if wanted is None:
            raise LookupError(f"{shape.name} has no filter {use.name}")
        found.append(condition(wanted, use.operator, number))
    archive = shape.resource.archive
    if archive is not None and archived != "any":
        test = "IS NULL" if archived == "false" else "IS NOT NULL"
        found.append(f"{shape.row}.{quoted(archive._meta.name)} {test}")
    return found


@functools.lru_cache(maxsize=4096)
def compile_plan(catalog: Catalog, shape: Shape, disabled: frozenset[str], form: Form) -> Plan:
    """Compile the statement of a form."""
    fields = dict(form.fields)
    output = emitted(shape, fields)
    row = shape.row
    where = conditions(shape, form.filters, form.archived)
    number = len(form.filters) + 1
    keys = [
        (shape.sorts[name].value.replace("{row}", row), Ordered(shape.sorts[name], descends))
        for name, descends in form.sort
    ]
    beyond: list[str] = []
    if form.direction != "first":
        beyond = [behind(keys, form.empty, number, backwards=form.direction == "before")]
        number += sum(not empty for empty in form.empty)
    for fixed in form.fixed:
        where.append(fixed.replace("{parent}", f"${number}::uuid"))
        number += 1
    if form.visible:
        where.append(shifted(form.visible, number - 1))
    number += form.visible_values
    visible: dict[str, str] = {}
    for name, text, count in form.targets:
        visible[name] = shifted(text, number - 1) if text else ""
        number += count
    parts = _Parts(shape, form, output, keys, where, beyond)
    sort_kinds: tuple[Kind, ...] = tuple(ordered.key.kind for _, ordered in keys)
    if form.kind == "linkage":
        parts.output = output = msgspec.structs.replace(output, computed=())
        text = identifier(shape.name, f"{row}.id")
        return Plan(sql=parts.direct(text), output=output, outputs=(), sort_kinds=sort_kinds)
    if not form.include and not output.satellites:
        return Plan(
            sql=parts.direct(resource_object(output, row)), output=output, outputs=(), sort_kinds=sort_kinds
        )
    nodes = nodes_of(catalog, shape, disabled, form.include)
    outputs = {node.target.name: emitted(node.target, fields) for node in nodes}
    sql, shown = parts.staged(nodes, outputs, visible)
    return Plan(sql=sql, output=output, outputs=shown, sort_kinds=sort_kinds)


class _Parts:
    """The pieces of one statement."""

    def __init__(
        self,
        shape: Shape,
        form: Form,
        output: Emitted,
        keys: Sequence[tuple[str, Ordered]],
        where: Sequence[str],
        beyond: Sequence[str],
    ) -> None:
        self.shape, self.form, self.output, self.keys = shape, form, output, keys
        self.backwards = form.direction == "before"
        self.filtered = f" WHERE {' AND '.join(where)}" if where else ""
        every = [*where, *beyond]
        self.paged = f" WHERE {' AND '.join(every)}" if every else ""
        self.size = form.size

    def _from(self) -> str:
        return f"FROM {self.shape.source} AS {self.shape.row}"

    def _total(self) -> list[str]:
        if not self.form.total:
            return []
        return [f"(SELECT count(*) FROM (SELECT 1 {self._from()}{self.filtered} LIMIT {COUNTED}) AS psa_c)"]

    def _ends(self, last: str) -> list[str]:
        """Return the first and the last row's sort values."""
        return [f"(array_agg(k{index}))[{end}]" for end in ("1", last) for index in range(len(self.keys))]

    def direct(self, text: str) -> str:
        """Return the statement that reads the page in the order of the index and needs nothing else."""
        row, size = self.shape.row, self.size
        needs = f", {needed(self.output, row)} AS c" if self.output.computed else ""
        filled = ", string_agg(c, ',')" if needs else ""
        if self.form.kind == "one":
            return (
                "SELECT string_agg(j, ','), count(*), max(v)"
                f"{filled} FROM (SELECT {text} AS j, {row}.version AS v{needs} {self._from()}{self.paged}) AS psa_q"
            )
        keys = ", ".join(f"{value} AS k{index}" for index, (value, _) in enumerate(self.keys))
        order = order_by(self.keys, backwards=self.backwards)
        source = (
            f"(SELECT {text} AS j, {keys}{needs} {self._from()}{self.paged}"
            f" ORDER BY {order} LIMIT {size + 1}) AS psa_q"
        )
        if not self.backwards:
            # Cutting the surplus row's text off afterwards is cheaper than aggregating around it.
            surplus = f"(array_agg(length(j)))[{size + 1}]"
            selected = ["string_agg(j, ',')", "count(*)", surplus, *self._total()]
            ends = self._ends(f"least(count(*), {size})")
            return f"SELECT {', '.join((*selected, *ends))}{filled} FROM {source}"
        flipped = [(f"k{index}", ordered) for index, (_, ordered) in enumerate(self.keys)]
        selected = ["string_agg(j, ',')", "(SELECT count(*) FROM psa_page)", "NULL::int", *self._total()]
        return (
            f"WITH psa_page AS MATERIALIZED (SELECT * FROM {source})"
            f" SELECT {', '.join((*selected, *self._ends('count(*)')))}{filled}"
            f" FROM (SELECT * FROM (SELECT * FROM psa_page ORDER BY {order_by(flipped, backwards=True)}"
            f" LIMIT {size}) AS psa_b ORDER BY {order_by(flipped)}) AS psa_q"
        )

    def staged(
        self, nodes: Sequence[Node], outputs: Mapping[str, Emitted], visible: Mapping[str, str]
    ) -> tuple[str, tuple[Emitted, ...]]:
        """Return the statement that fixes the page first and then joins satellites and includes to it."""
        shape, row, size = self.shape, self.shape.row, self.size
        one = self.form.kind == "one"
        included = build_includes(nodes, shape, outputs, visible)
        keys = [(f"psa_k{index}", ordered) for index, (_, ordered) in enumerate(self.keys)]
        columns = row_columns(self.output, row)
        if one:
            columns["psa_v"] = f"{row}.version"
            limit = ""
        else:
            columns |= {f"psa_k{index}": value for index, (value, _) in enumerate(self.keys)}
            limit = f" ORDER BY {order_by(self.keys, backwards=self.backwards)} LIMIT {size + 1}"
        page = f"psa_page AS MATERIALIZED (SELECT {select_list(columns)} {self._from()}{self.paged}{limit})"
        cut = "" if one else f" ORDER BY {order_by(keys, backwards=self.backwards)} LIMIT {size}"
        shown = f"{SHOWN} AS MATERIALIZED (SELECT * FROM psa_page{cut})"
        linkage = {
            name: text.replace("{row}", row) for name, text in included.linkage.get(shape.name, {}).items()
        }
        inner = [f"{resource_object(self.output, row, ready=True, linkage=linkage)} AS j"]
        selected = ["string_agg(j, ',')", "(SELECT count(*) FROM psa_page)"]
        if one:
            inner.append(f"{row}.psa_v AS v")
            selected.append("max(v)")
            order = ""
        else:
            inner.extend(f"{row}.psa_k{index} AS k{index}" for index in range(len(keys)))
            selected.extend(("NULL::int", *self._total(), *self._ends("count(*)")))
            order = " ORDER BY " + order_by([(f"{row}.{name}", ordered) for name, ordered in keys])
        if self.output.computed:
            inner.append(f"{needed(self.output, row)} AS c")
            selected.append("string_agg(c, ',')")
        joins = "".join(shape.satellites[index].joined(row) for index in self.output.satellites)
        ctes = ", ".join((page, shown, *included.ctes))
        sql = (
            f"WITH {ctes} SELECT {', '.join((*selected, *included.columns))}"
            f" FROM (SELECT {', '.join(inner)} FROM {SHOWN} AS {row}{joins}{order}) AS psa_q"
        )
        return sql, included.outputs
