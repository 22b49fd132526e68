"""What plugin code is handed: the principal, the unit of work and everything reachable from it."""

import datetime
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from psa_sdk.access import Audience, Who
from psa_sdk.files import Files
from psa_sdk.tables import Condition

if TYPE_CHECKING:
    from psa_sdk.actors import Actor
    from psa_sdk.events import Event
    from psa_sdk.settings import Settings

T = TypeVar("T")
S = TypeVar("S", bound="Settings")
PrincipalKind = Literal["user", "contact", "api_key", "job", "automation", "system", "anonymous"]
Row = Mapping[str, Any]


class Extended(msgspec.Struct, frozen=True):
    """What one extension holds of a record, by column: None where it holds nothing and the defaults are in force."""

    held: Row | None
    defaults: Row


class Principal(Protocol):
    """Who acts: a person, an API key, or the system itself."""

    @property
    def id(self) -> UUID:
        """The user's, contact's or key owner's id; a fixed one for the system."""
        ...

    @property
    def kind(self) -> PrincipalKind:
        """What sort of actor this is, as written to the audit log."""
        ...

    @property
    def audience(self) -> Audience:
        """Staff or portal."""
        ...

    @property
    def label(self) -> str:
        """A name for people: the user's name, the key's name."""
        ...

    @property
    def who(self) -> Who:
        """The facts that object scopes use."""
        ...

    def allows(self, permission: str) -> bool:
        """Tell whether a permission is granted, in any object scope."""
        ...

    def allows_all(self, permission: str) -> bool:
        """Tell whether a permission is granted for every record, without an object scope."""
        ...


class Records(Protocol):
    """Reads and writes of resources by plugin code.

    Writes go the API's own way: hooks, interceptors, audit and record events included. Reads see what the
    principal may see. Permissions are the route's business; use `ctx.require` where a service needs more.
    Values are keyed by column; references are ids.
    """

    async def create(self, resource: str, values: Mapping[str, Any], *, id: UUID | None = None) -> UUID:
        """Create a record and return its id."""
        ...

    async def create_many(
        self, resource: str, rows: Sequence[Mapping[str, Any]], *, history: bool = False
    ) -> list[UUID]:
        """Create records in few statements; `before_create` runs for each row.

        `history` is for imports of the past: rows are written as they are, without hooks, interceptors or
        events, and audited.
        """
        ...

    async def update(
        self, resource: str, id: UUID, values: Mapping[str, Any], *, version: int | None = None
    ) -> int:
        """Update columns of a record and return its version; a no-op writes nothing.

        Raises `NotFound`, or `Stale` when `version` is given and no longer current.
        """
        ...

    async def delete(self, resource: str, id: UUID, *, version: int | None = None) -> None:
        """Delete (or archive) a record; raises `Conflict` while others need it."""
        ...

    async def get(self, resource: str, id: UUID, *, lock: bool = False) -> Row:
        """Return a record's columns; `lock` holds the row until the unit of work ends. Raises `NotFound`."""
        ...

    async def find(
        self,
        resource: str,
        where: Condition | None = None,
        *,
        order: str = "",
        limit: int = 1000,
        lock: bool = False,
        archived: bool = False,
    ) -> list[Row]:
        """Return matching records' columns; `order` is `"name"` or `"-created_at"`, `archived` includes those."""
        ...

    async def exists(self, resource: str, id: UUID) -> bool:
        """Tell whether a record exists and the principal sees it."""
        ...

    async def count(self, resource: str, where: Condition | None = None) -> int:
        """Count the matching records that the principal sees."""
        ...

    async def link(self, resource: str, id: UUID, relation: str, targets: Sequence[UUID]) -> None:
        """Add members to a many-to-many relationship; present ones stay."""
        ...

    async def unlink(self, resource: str, id: UUID, relation: str, targets: Sequence[UUID]) -> None:
        """Remove members of a many-to-many relationship; absent ones are fine."""
        ...

    async def repoint(
        self,
        resource: str,
        source: UUID,
        target: UUID,
        *,
        skip: Sequence[str] = (),
        only: Mapping[str, Sequence[UUID | str]] | None = None,
    ) -> Mapping[str, Sequence[UUID]]:
        """Make everything that refers to one record refer to another of the same resource, for merges.

        Covers the to-one, many-to-many and subject references of all plugins, audited. Returns the moved
        records' ids by `resource.column`; giving that back as `only`, with the ids swapped, undoes it.
        `skip` names resources or `resource.column`s to leave. What the target may have once and has already
        stays with the source, and so does history that nothing may change (`append_only`).
        """
        ...

    async def referring(self, resource: str, id: UUID, *, skip: Sequence[str] = ()) -> Mapping[str, int]:
        """Count what refers to a record by `resource.column`: what `repoint` would move at most."""
        ...

    async def extended(self, resource: str, id: UUID) -> Mapping[str, Extended]:
        """Return what extensions hold of a record by `schema.table`, without secrets; `update` takes it back."""
        ...


class Database(Protocol):
    """SQL inside the unit of work, for what resources can't express. Rows are always the tenant's own."""

    async def fetch(self, sql: str, *arguments: object) -> list[Row]:
        """Return all rows."""
        ...

    async def fetch_one(self, sql: str, *arguments: object) -> Row | None:
        """Return the first row."""
        ...

    async def fetch_value(self, sql: str, *arguments: object) -> Any:
        """Return the first column of the first row."""
        ...

    async def execute(self, sql: str, *arguments: object) -> str:
        """Run a statement and return its command tag."""
        ...

    def stream(self, sql: str, *arguments: object, prefetch: int = 500) -> AsyncIterator[Row]:
        """Iterate over rows with a cursor, for exports."""
        ...

    async def lock(self, *key: object) -> None:
        """Take a transaction-long advisory lock; the tenant is part of the key."""
        ...


class Context(Protocol):
    """One unit of work of one principal in one tenant.

    Commits when the handler returns, rolls back when it raises. Handlers, subscribers, actors, seeds and
    commands all get one.
    """

    @property
    def principal(self) -> Principal:
        """Who acts."""
        ...

    @property
    def tenant_id(self) -> UUID:
        """The tenant all of this happens in."""
        ...

    @property
    def now(self) -> datetime.datetime:
        """The instant of this unit of work, aware, in UTC; fixed in tests."""
        ...

    @property
    def today(self) -> datetime.date:
        """The tenant's local date: what invoices, due dates and schedules mean by today."""
        ...

    @property
    def timezone(self) -> datetime.tzinfo:
        """The tenant's zone."""
        ...

    @property
    def request_id(self) -> str:
        """Correlates the request, its events, jobs and log lines."""
        ...

    @property
    def event_id(self) -> UUID | None:
        """In a subscriber, the event's id: the key for effects outside the database."""
        ...

    @property
    def root_id(self) -> UUID | None:
        """In a subscriber or actor, the id of the event or job that the chain of causes began with."""
        ...

    @property
    def trail(self) -> Sequence[UUID]:
        """The automations whose writes led here, the first one first."""
        ...

    @property
    def on_behalf_of(self) -> UUID | None:
        """In a subscriber or actor, the account whose doing caused it; None where the platform did."""
        ...

    @property
    def records(self) -> Records:
        """Reads and writes of resources."""
        ...

    @property
    def db(self) -> Database:
        """SQL inside the unit of work."""
        ...

    @property
    def files(self) -> Files:
        """The tenant's files."""
        ...

    def service(self, protocol: type[T]) -> T:
        """Return another plugin's service by the Protocol of its `api` module.

        Raises `LookupError` when no installed and enabled plugin provides it.
        """
        ...

    def provides(self, protocol: type[Any]) -> bool:
        """Tell whether `service` would succeed."""
        ...

    def ask(self, question: Callable[..., T], /, **arguments: Any) -> list[T]:
        """Put a question of a plugin's own `hookspecs` to all plugins that the tenant uses.

        `ctx.ask(questions.psa_visits_drivers, region="north")` returns the answers that aren't None; the one
        answer, if any, of a `firstresult` question. Like all hooks it is synchronous and does no I/O.
        """
        ...

    def require(self, permission: str) -> None:
        """Raise `Forbidden` unless the principal holds the permission."""
        ...

    async def settings(self, section: type[S]) -> S:
        """Return a plugin's settings as they hold for this tenant and user."""
        ...

    async def emit(self, event: "Event") -> None:
        """Write a domain event to the outbox."""
        ...

    async def send(
        self, actor: "Actor", *, delay: datetime.timedelta | None = None, **arguments: Any
    ) -> UUID:
        """Enqueue background work with the commit; returns the job's id."""
        ...

    async def audit(self, action: str, resource: str = "", id: UUID | None = None, **detail: Any) -> None:
        """Write an audit entry for something that is no record change, such as an export."""
        ...

    async def redact(
        self, resource: str, ids: Sequence[UUID], attributes: Sequence[str], *, via: str = ""
    ) -> int:
        """Blank what the audit log tells of some attributes of records, to erase a person for good.

        `via` also takes records that refer by this column to those named, deleted ones too. The names of accounts
        among `ids` go from what they did. The entries stay, verifiable, and one more tells that they were blanked.
        Returns how many entries changed.
        """
        ...

    async def reveal(self, resource: str, id: UUID, column: str, *, shown: bool = True) -> str:
        """Return the plain text of a `Sealed` column; audited unless it isn't `shown` to anybody, as in a log-in.

        Raises `NotFound` when it isn't set, `Forbidden` in a GET whose route doesn't declare that it `writes`.
        """
        ...

    def as_system(self) -> "Context":
        """Return this unit of work with the system as principal, audited as on behalf of the present one."""
        ...

    def as_automation(self, id: UUID, label: str) -> "Context":
        """Return this unit of work with a tenant's automation as principal, who holds all rights of the tenant.

        What it writes is audited as the automation's, and its id is in the `trail` of all that follows.
        """
        ...

    def outside(self) -> AbstractAsyncContextManager[None]:
        """Commit what was done so far, hold no connection inside the block, and go on in a new transaction after it.

        For waiting on other machines: what was written before is kept whatever happens inside, so write down first
        what is about to be asked of them. Locks are gone, the database is closed to the block, and a block that
        raises leaves the unit of work ended. Not within a `savepoint`.

        Example:
            >>> async def ask(ctx, network, url, order_id):
            ...     await ctx.db.execute("UPDATE shop.orders SET state = 'asked' WHERE id = $1", order_id)
            ...     async with ctx.outside():
            ...         answer = await network.request("POST", url)
            ...     await ctx.db.execute("UPDATE shop.orders SET answer = $2 WHERE id = $1", order_id, answer.status)
        """
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Undo only what happened inside when it raises: for batches where one bad row must not end all."""
        ...


class Platform(Protocol):
    """The running system, for `psa_lifespan` and commands: opens units of work outside requests."""

    def unit(
        self, tenant_id: UUID, *, principal: Principal | None = None
    ) -> AbstractAsyncContextManager[Context]:
        """Open a unit of work in a tenant, as the system unless a principal is given."""
        ...

    async def tenants(self) -> Sequence[UUID]:
        """Return the ids of active tenants."""
        ...
