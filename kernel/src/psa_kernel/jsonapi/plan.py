"""Plans: the statement of a read, compiled once per form of request and cached."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from psa_kernel.database.converge.search import content
from psa_kernel.jsonapi.catalog import Catalog
from psa_kernel.jsonapi.filters import condition
from psa_kernel.jsonapi.includes import SHOWN, Included, Node, build_includes
from psa_kernel.jsonapi.keyset import Ordered, behind, order_by
from psa_kernel.jsonapi.kinds import Kind
from psa_kernel.jsonapi.query import SEARCH, FilterUse, Query, filter_named
from psa_kernel.jsonapi.scopes import shifted
from psa_kernel.jsonapi.shape import Shape, of_tenant, quoted
from psa_kernel.jsonapi.statement import (
    Emitted,
    emitted,
    identifier,
    needed,
    resource_object,
    row_columns,
    select_list,
)
from psa_sdk.tables import Column

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
    source: str = ""
    """What is read instead of the table: rows that a statement around it wrote."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A statement and how to read its only row.

    Values are bound in this order: filters, the cursor's that are not empty, fixed, visible, targets.
    """

    sql: str
    output: Emitted
    outputs: tuple[Emitted, ...]
    sort_kinds: tuple[Kind, ...]
    counts_members: bool = False
    """Whether the last column tells how many members the largest to-many include has."""


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
    source: str = "",
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
        source=source,
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
    """Return the conditions of the tenant, of filters and of the archive, values bound from `$start` on."""
    found = [of_tenant(shape.row)]
    for number, use in enumerate(filters, start):
        if use.name == SEARCH:
            found.append(_search(shape, number))
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


def _search(shape: Shape, number: int) -> str:
    """Return the condition that a row has the words; clients find by what they see only."""
    found = f"{shape.row}.id = ANY(ARRAY(SELECT id FROM psa.search(${number}, '{shape.name}', {SEARCHED})))"
    hidden = shape.resource.portal_hidden if shape.portal else ()
    seen = [part for part in shape.resource.search if not _tells(part, hidden)]
    if len(seen) == len(shape.resource.search):
        return found
    words = f"nullif(plainto_tsquery('pg_catalog.simple', psa.search_words(${number}))::text, '') || ':*'"
    text = content(seen, shape.row) if seen else "''"
    return f"({found} AND to_tsvector('pg_catalog.simple', psa.search_words({text})) @@ ({words})::tsquery)"


def _tells(part: Column | str, hidden: Sequence[str]) -> bool:
    """Tell whether what is searched holds a hidden attribute."""
    if isinstance(part, str):
        return any(re.search(rf"\b{name}\b", part) for name in hidden)
    return part._meta.name in hidden


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
    sort_kinds: tuple[Kind, ...] = tuple(ordered.key.kind for _, ordered in keys)
    if form.kind == "linkage":
        output = msgspec.structs.replace(output, attributes=(), computed=(), relations=(), subject=None)
    parts = _Parts(shape, form, output, keys, where, beyond)
    if form.kind == "one" and not form.include and not output.satellites:
        return Plan(sql=parts.single(), output=output, outputs=(), sort_kinds=())
    nodes = nodes_of(catalog, shape, disabled, form.include)
    outputs = {node.target.name: emitted(node.target, fields) for node in nodes}
    sql, included = parts.staged(nodes, outputs, visible)
    return Plan(
        sql=sql,
        output=output,
        outputs=included.outputs,
        sort_kinds=sort_kinds,
        counts_members=bool(included.members),
    )


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
        self.filtered = f" WHERE {' AND '.join(where)}"
        self.paged = f" WHERE {' AND '.join((*where, *beyond))}"
        self.size = form.size

    def _from(self) -> str:
        return f"FROM {self.form.source or self.shape.source} AS {self.shape.row}"

    def _total(self) -> list[str]:
        if not self.form.total:
            return []
        return [f"(SELECT count(*) FROM (SELECT 1 {self._from()}{self.filtered} LIMIT {COUNTED}) AS psa_c)"]

    def _ends(self, last: str) -> list[str]:
        """Return the first and the last row's sort values."""
        return [f"(array_agg(k{index}))[{end}]" for end in ("1", last) for index in range(len(self.keys))]

    def _needs(self, row: str) -> str:
        return f", {needed(self.output, row)} AS c" if self.output.computed else ""

    def single(self) -> str:
        """Return the statement that reads one record and nothing else."""
        row = self.shape.row
        text = resource_object(self.output, row)
        filled = ", c" if self.output.computed else ""
        return (
            f"SELECT j, 1, v{filled} FROM (SELECT {text} AS j, {row}.version AS v{self._needs(row)}"
            f" {self._from()}{self.paged}) AS psa_q"
        )

    def staged(
        self, nodes: Sequence[Node], outputs: Mapping[str, Emitted], visible: Mapping[str, str]
    ) -> tuple[str, Included]:
        """Return the statement that fixes the page's rows first and then makes text of them.

        One more row than is shown tells whether there is a next page. Satellites and includes join the
        page: a join of several tables under row-level security is planned badly.
        """
        shape, row, size = self.shape, self.shape.row, self.size
        one = self.form.kind == "one"
        included = build_includes(nodes, shape, outputs, visible)
        keys = [(f"psa_k{index}", ordered) for index, (_, ordered) in enumerate(self.keys)]
        columns = row_columns(self.output, row)
        cut = limit = ""
        if one:
            columns["psa_v"] = f"{row}.version"
        else:
            columns |= {f"psa_k{index}": value for index, (value, _) in enumerate(self.keys)}
            limit = f" ORDER BY {order_by(self.keys, backwards=self.backwards)} LIMIT {size + 1}"
            cut = f" ORDER BY {order_by(keys, backwards=self.backwards)} LIMIT {size}"
        page = f"psa_page AS MATERIALIZED (SELECT {select_list(columns)} {self._from()}{self.paged}{limit})"
        shown = f"(SELECT * FROM psa_page{cut})"
        ctes = [page]
        if nodes:
            ctes.extend((f"{SHOWN} AS MATERIALIZED {shown}", *included.ctes))
            shown = SHOWN
        joins = "".join(shape.satellites[index].joined(row) for index in self.output.satellites)
        ends, selected, order = self._rest(keys)
        selected.extend((*included.columns, *([included.members] if included.members else ())))
        sql = (
            f"WITH {', '.join(ctes)} SELECT {', '.join(selected)}"
            f" FROM (SELECT {self._text(included)} AS j, {ends}{self._needs(row)}"
            f" FROM {shown} AS {row}{joins}{order}) AS psa_q"
        )
        return sql, included

    def _text(self, included: Included) -> str:
        row = self.shape.row
        if self.form.kind == "linkage":
            return identifier(self.shape.name, f"{row}.id")
        links = included.linkage.get(self.shape.name, {})
        linkage = {name: text.replace("{row}", row) for name, text in links.items()}
        return resource_object(self.output, row, ready=True, linkage=linkage)

    def _rest(self, keys: Sequence[tuple[str, Ordered]]) -> tuple[str, list[str], str]:
        """Return what rows carry beside their text, what is selected of them, and their order."""
        row = self.shape.row
        selected = ["string_agg(j, ',')", "(SELECT count(*) FROM psa_page)"]
        if self.form.kind == "one":
            ends, order = f"{row}.psa_v AS v", ""
            selected.append("max(v)")
        else:
            ends = ", ".join(f"{row}.{name} AS k{index}" for index, (name, _) in enumerate(keys))
            order = " ORDER BY " + order_by([(f"{row}.{name}", ordered) for name, ordered in keys])
            selected.extend((*self._total(), *self._ends("count(*)")))
        if self.output.computed:
            selected.append("string_agg(c, ',')")
        return ends, selected, order
