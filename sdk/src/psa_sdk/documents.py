"""The API from inside: the same compiled reads and writes, scopes and errors, as Python values.

`ctx.service(Documents)` is for pages and reports that show resources of plugins they don't know. Rules between
plugins go through services and `ctx.records`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Protocol
from uuid import UUID

import msgspec
from litestar import Request

from psa_sdk.resources import ApiVerb

TALLIED: Final = 1000
"""As far as pages count for a number beside a name; what is more is shown as "999+" by the filter `tally`."""
ValueKind = Literal[
    "text",
    "choice",
    "integer",
    "bigint",
    "boolean",
    "decimal",
    "instant",
    "date",
    "uuid",
    "json",
    "tags",
    "sealed",
]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A resource object; instants are text, references in `one` are (type, id)."""

    type: str
    id: UUID
    attributes: Mapping[str, Any]
    one: Mapping[str, tuple[str, UUID] | None] = {}
    many: Mapping[str, Sequence[UUID]] = {}
    """Only what was included."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A page of items, what they include, and the query parameters of the pages beside it."""

    items: Sequence[Item]
    included: Mapping[tuple[str, UUID], Item] = {}
    next: str = ""
    """The cursor for `page[after]`, empty at the end."""
    previous: str = ""
    total: int | None = None
    estimated: bool = False
    version: int = 0
    """Of a single item."""


class AttributeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute as the principal sees it; `schema` is JSON Schema where it may be sent, else empty."""

    name: str
    kind: ValueKind
    choices: tuple[str, ...] = ()
    nullable: bool = False
    writable: bool = False
    required: bool = False
    default: Any = None
    schema: Mapping[str, Any] = {}


class RelationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship as the principal sees it."""

    name: str
    target: str
    many: bool
    writable: bool = False
    required: bool = False
    creates: bool = False
    """Members can be made at the relationship's own URL."""
    backed_by: str = ""
    """The target's to-one relationship that holds it, if one does."""


class FilterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A filter of a resource's lists; `target` is the resource that a reference leads to."""

    name: str
    kind: ValueKind
    choices: tuple[str, ...] = ()
    target: str = ""


class CustomFieldFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A field that the tenant added."""

    key: str
    label: str
    kind: str
    options: Sequence[Mapping[str, str]] = ()
    required: bool = False
    help: str = ""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as the principal sees it."""

    name: str
    title: str
    owner: str
    label: str
    """The attribute that names a record; empty when there is none."""
    verbs: frozenset[ApiVerb]
    """What the principal may do."""
    attributes: Mapping[str, AttributeFacts]
    relations: Mapping[str, RelationFacts]
    filters: Mapping[str, FilterFacts]
    sorts: tuple[str, ...]
    default_sort: str
    searchable: bool
    archivable: bool
    custom_fields: bool
    subject: bool
    importable: bool


Query = Mapping[str, str]
"""Parameters of the API: `{"filter[status]": "…", "sort": "-created_at", "include": "company"}`."""


class Documents(Protocol):
    """Reads and writes of any resource as its API gives them, permissions included."""

    def resources(self) -> Sequence[str]:
        """Return the names of the resources that the principal may list."""
        ...

    def describe(self, resource: str) -> Description:
        """Describe a resource; raises `NotFound` where there is none for the principal."""
        ...

    async def custom_fields(self, resource: str) -> Sequence[CustomFieldFacts]:
        """Return the fields that the tenant added, in the form's order."""
        ...

    async def find(self, resource: str, query: Query | None = None) -> Found:
        """Return a page of a list."""
        ...

    async def one(self, resource: str, id: UUID, *, include: str = "") -> Found:
        """Return one record as the first item; raises `NotFound`."""
        ...

    async def related(self, resource: str, id: UUID, relation: str, query: Query | None = None) -> Found:
        """Return the records that a relationship leads to."""
        ...

    async def count(self, resource: str, query: Query | None = None, *, most: int = 10_000) -> int:
        """Count what a filter selects, up to `most`: a count costs what it counts."""
        ...

    async def names(self, resource: str, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Return what people call records, of those that the principal sees."""
        ...

    async def create(
        self,
        resource: str,
        attributes: Mapping[str, Any],
        *,
        one: Mapping[str, tuple[str, UUID] | None] | None = None,
        many: Mapping[str, Sequence[UUID]] | None = None,
        parent: tuple[str, UUID, str] | None = None,
    ) -> UUID:
        """Create a record; `parent` is (resource, id, relationship). Raises `Invalid` with all faults."""
        ...

    async def update(
        self,
        resource: str,
        id: UUID,
        attributes: Mapping[str, Any],
        *,
        one: Mapping[str, tuple[str, UUID] | None] | None = None,
        many: Mapping[str, Sequence[UUID]] | None = None,
        version: int | None = None,
    ) -> int:
        """Change what is named and return the version; raises `Invalid`, or `Stale` for another version."""
        ...

    async def delete(self, resource: str, id: UUID, *, version: int | None = None) -> None:
        """Delete or archive a record."""
        ...

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        request: Request[Any, Any, Any] | None = None,
    ) -> Any:
        """Ask a declared route below `/api/v1`, permission first, in this unit of work.

        Returns what the route's function returns: an `Answer`, an `AnswerList`, a `Record` or None; a download
        or upload, which reads the `request` itself, its `Response`.
        """
        ...
