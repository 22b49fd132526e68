"""Resources: one declaration that becomes API, permissions, audit, events, search and pages.

See `docs/extending/resources.md`. The kernel compiles each resource to SQL once, at start.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk.access import Scope
from psa_sdk.context import Context
from psa_sdk.events import Event, Verb
from psa_sdk.tables import Column, TenantTable

ApiVerb = Literal["list", "get", "create", "update", "delete"]
ALL_VERBS: frozenset[ApiVerb] = frozenset(("list", "get", "create", "update", "delete"))


class Change(Protocol):
    """What is about to be written; hooks and interceptors read it and may adjust `new`."""

    @property
    def resource(self) -> str:
        """The resource's name."""
        ...

    @property
    def verb(self) -> Verb:
        """Whether the record is being created, updated or deleted."""
        ...

    @property
    def id(self) -> UUID:
        """The record's id."""
        ...

    @property
    def old(self) -> Mapping[str, Any]:
        """The row's columns before; empty on create."""
        ...

    @property
    def new(self) -> dict[str, Any]:
        """Column values to write: all given ones on create, the changed ones on update. Mutable."""
        ...

    @property
    def answer(self) -> Any:
        """What the resource's `question` found, as its answer's type, on create; else None."""
        ...

    def value(self, column: str) -> Any:
        """Return a column's value as it will be after the write."""
        ...

    def changes(self, column: str) -> bool:
        """Tell whether the write gives a column another value than it has."""
        ...


BeforeWrite = Callable[[Context, Change], Awaitable[None]]
Tells = Callable[[Context, Change], Awaitable[Sequence[Event]]]
Pairs = Sequence[tuple[UUID, UUID]]
"""Rows of a link table as (here, there)."""
BeforeMembers = Callable[[Context, Pairs, Pairs], Awaitable[None]]
"""Called with the pairs that are added and the pairs that are removed."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What `before_create` needs of the database, asked in the statement that checks the references.

    `sql` selects one row; `arguments` returns the values of its `$1`, `$2` … from the columns that were given.
    `before_create` finds the row as `change.answer`, converted from JSON to the type `answer`. A document may turn
    out to be refused afterwards, so the statement must not write; numbers may have gaps.

    Example:
        >>> class Facts(msgspec.Struct):
        ...     taken: bool
        >>> question = Question(
        ...     sql="SELECT EXISTS (SELECT FROM demo.device WHERE serial = $1::text) AS taken",
        ...     arguments=lambda ctx, values: [values.get("serial")],
        ...     answer=Facts,
        ... )
        >>> question.arguments(None, {"serial": "S-1"})
        ['S-1']
    """

    sql: str
    arguments: Callable[[Context, Mapping[str, Any]], Sequence[object]]
    answer: type[msgspec.Struct]


class ToOne(msgspec.Struct, frozen=True):
    """A relationship held by a `Ref` column.

    `inverse` names the to-many relationship that the target resource gains by it
    (`/companies/{id}/tickets`). `writable=False` leaves the column to the plugin's own code.
    """

    name: str
    target: str
    column: Column
    required: bool = False
    inverse: str = ""
    writable: bool = True
    portal_writable: bool = False


class ToMany(msgspec.Struct, frozen=True):
    """A relationship held by a column of the target's table, or by its `subject` when none is given.

    `create=True` adds `POST /<resource>/{id}/<name>`, which makes a target belonging to this record.
    """

    name: str
    target: str
    column: Column | None = None
    create: bool = False


class ManyToMany(msgspec.Struct, frozen=True):
    """A relationship held by rows of a link table with two `Ref` columns.

    Written whole through the resource's `relationships`, or piecewise at the relationship's URL.
    `before_change` is told what comes and goes, from either end, and may refuse by raising.
    """

    name: str
    target: str
    here: Column
    there: Column
    inverse: str = ""
    before_change: "BeforeMembers | None" = None


class Derived(msgspec.Struct, frozen=True):
    """A read-only attribute computed by PostgreSQL.

    `sql` is an expression over the row, whose columns are written `{row}.name`:
    `Derived("ticket_number", "'T' || lpad({row}.number::text, 6, '0')")`. Declare it in the read struct.
    """

    name: str
    sql: str


class Computed(msgspec.Struct, frozen=True):
    """A read-only attribute computed in Python from columns of the same row.

    Makes the whole resource use the Python plan, at about 0.8 of the speed.
    """

    name: str
    needs: tuple[Column, ...]
    compute: Callable[[Mapping[str, Any]], Any]


class Subject(msgspec.Struct, frozen=True):
    """Makes a resource hang on records of any other resource (a comment on a ticket).

    `kind` holds the JSON:API type, `id` the record's id. A row is visible only to those who see its
    subject, and only resources with a `ToMany` to this one can be subjects.
    """

    kind: Column
    id: Column


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A table seen through the API.

    `read` lists the attributes of answers, `write` those a client may send: a field without default is
    required on create and PUT. Field names equal column names, `Derived` or `Computed` names.
    `portal` says which rows clients see; without it portal principals get 404. `portal_write` lists what
    they may send, `portal_verbs` what they may do, `portal_hidden` the attributes and relationships that
    they never see; `activity` among them hides the record's history, where former values would tell too much.
    """

    name: str
    table: type[TenantTable]
    read: type[msgspec.Struct]
    write: type[msgspec.Struct] | None = None
    path: str = ""
    title: str = ""
    description: str = ""
    verbs: frozenset[ApiVerb] = ALL_VERBS
    relations: tuple[ToOne | ToMany | ManyToMany, ...] = ()
    derived: tuple[Derived, ...] = ()
    computed: tuple[Computed, ...] = ()
    filters: tuple[Column | str, ...] = ()
    """Columns, derived names, or paths such as `"status.category"` through a to-one relationship."""
    sorts: tuple[Column, ...] = ()
    default_sort: str = "-created_at"
    search: tuple[Column | str, ...] = ()
    """Columns, or SQL over the row such as `"psa.number_endings({row}.phone)"`."""
    label: Column | None = None
    """What a person calls the record: shown in audit, pickers and search."""
    custom_fields: bool = False
    """Needs a `Json` column named `custom_fields`."""
    subject: Subject | None = None
    scopes: Mapping[str, Scope] = {}
    """Object scopes that grants may name: `{"own": lambda who: Ticket.assigned_to == who.id}`."""
    portal: Scope | None = None
    portal_verbs: frozenset[ApiVerb] = frozenset(("list", "get"))
    portal_write: type[msgspec.Struct] | None = None
    portal_hidden: tuple[str, ...] = ()
    archive: Column | None = None
    """An `Instant` column: DELETE stamps it and hides the row (`filter[archived]=true` shows it)."""
    question: Question | None = None
    """What `before_create` reads, asked together with the check of references."""
    before_create: BeforeWrite | None = None
    before_update: BeforeWrite | None = None
    before_delete: BeforeWrite | None = None
    tells: Tells | None = None
    """The domain events that a write means, asked after all hooks and written in the record's own statement: what
    changes nothing tells nothing."""
    after_write: BeforeWrite | None = None
    """Runs inside the transaction after the row is written, with the final values."""
    unaudited: tuple[str, ...] = ()
    """Columns that are not worth an audit row, such as `last_seen_at`."""
    import_keys: tuple[Column, ...] = ()
    """Columns by which `POST /<collection>/import/csv` recognises records that it then updates, best first.
    Compared without case."""

    @property
    def url(self) -> str:
        """The collection's path under `/api/v1`."""
        return self.path or f"/{self.name}"


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes that a plugin adds to another plugin's resource, from a satellite table.

    `column` is the satellite's `Ref` to the resource, unique per record. Attributes, filters and sorts
    appear with the plugin and vanish with it. With `write`, they can be sent on the base resource.
    """

    resource: str
    table: type[TenantTable]
    column: Column
    read: type[msgspec.Struct]
    write: type[msgspec.Struct] | None = None
    relations: tuple[ToOne, ...] = ()
    filters: tuple[Column, ...] = ()
    sorts: tuple[Column, ...] = ()
    portal: bool = False


def names(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the columns' names."""
    return tuple(column._meta.name for column in columns)
