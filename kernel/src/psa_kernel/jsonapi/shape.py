"""Shapes: a resource with its extensions and inverse relationships, as one audience sees it.

Everything is resolved to SQL fragments once; `{row}` stands for the alias of the resource's row and
`{parent}` for the id of the record that a to-many relationship starts from.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from psa_kernel.jsonapi.kinds import Kind
from psa_kernel.registry import Inverse
from psa_sdk.resources import Computed, ManyToMany, Resource, Subject, ToMany, ToOne
from psa_sdk.tables import Choice, Column, TenantTable

SUBJECT = "subject"
"""The relationship of a subject resource to the record it hangs on, whatever its type."""


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of the documents."""

    name: str
    kind: Kind
    annotation: Any
    value: str
    """The SQL value, over `{row}`."""
    nullable: bool = False
    choices: tuple[str, ...] = ()
    satellite: int = -1
    """Which of the shape's satellites holds the column; -1 is the resource's own row."""
    derived: bool = False
    computed: Computed | None = None

    def as_json(self, value: str) -> str:
        """Return the SQL that gives a value of this attribute as JSON wants it."""
        if self.kind == "decimal":
            return f"({value})::text"
        if self.kind == "sealed":
            return f"({value} IS NOT NULL)"
        return value


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """One relationship of the documents."""

    name: str
    target: str
    many: bool
    declared: ToOne | ToMany | ManyToMany | Inverse
    column: str = ""
    """To-one: the column's SQL, over `{row}`."""
    satellite: int = -1
    members: str = ""
    """To-many: the condition on the target's row, over `{parent}`."""
    creates: bool = False


class Satellite(msgspec.Struct, frozen=True):
    """An extension's table, joined to the resource's rows."""

    alias: str
    source: str
    column: str

    def joined(self, row: str) -> str:
        """Return the join to a row's alias."""
        return (
            f" LEFT JOIN {self.source} AS {self.alias}"
            f" ON {self.alias}.{self.column} = {row}.id AND {of_tenant(self.alias)}"
        )


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Something that lists can be filtered by; `around` wraps the condition on a satellite or related row."""

    name: str
    kind: Kind
    value: str
    choices: tuple[str, ...] = ()
    around: str = "{condition}"
    scalar: str = ""
    """The value as one expression over the resource's row, where `around` can't say "is null"."""


class SortKey(msgspec.Struct, frozen=True):
    """Something that lists can be sorted by."""

    name: str
    kind: Kind
    value: str
    nullable: bool


class Shape(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A resource as one audience sees it."""

    name: str
    resource: Resource
    url: str
    source: str
    row: str
    """The alias of its row, which object scopes compile against: the table's name, quoted."""
    attributes: Mapping[str, Attribute]
    relations: Mapping[str, Relation]
    satellites: tuple[Satellite, ...]
    filters: Mapping[str, Filter]
    sorts: Mapping[str, SortKey]
    portal: bool
    subject: Subject | None = None
    """What its rows hang on, shown as the relationship `subject`."""


def quoted(name: str) -> str:
    """Quote a declared identifier."""
    return f'"{name}"'


def of_tenant(row: str) -> str:
    """Return the condition that a row is the tenant's.

    Row-level security says so too, but there is none with a single tenant, and indexes begin with the tenant.
    """
    return f"{row}.tenant_id = (SELECT psa.current_tenant())"


def source_of(table: type[TenantTable]) -> str:
    """Return a table's qualified, quoted name."""
    meta = table._meta
    return f"{quoted(meta.schema)}.{quoted(meta.tablename)}" if meta.schema else quoted(meta.tablename)


def table_of(column: Column) -> type[TenantTable]:
    """Return the table that declares a column."""
    return cast("type[TenantTable]", column._meta.table)


def column_sql(column: Column, row: str = "{row}") -> str:
    """Return a column's SQL under an alias."""
    return f"{row}.{quoted(column._meta.name)}"


def choices_of(column: Column | None) -> tuple[str, ...]:
    """Return the allowed values of a choice, none of anything else."""
    return column.allowed if isinstance(column, Choice) else ()
