"""The unit of work: one principal, one tenant, one transaction; what plugin code gets as its `Context`."""

import copy
import datetime
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import msgspec

from psa_kernel.principal import SYSTEM, automation
from psa_kernel.sql import TenantSql
from psa_sdk.context import Database, Principal, Records
from psa_sdk.errors import Forbidden, NotFound, Unauthenticated
from psa_sdk.events import Event
from psa_sdk.files import Files
from psa_sdk.settings import Settings
from psa_sdk.tables import Sealed, new_id

if TYPE_CHECKING:
    from psa_kernel.database.pool import Connection
    from psa_kernel.database.session import Session
    from psa_kernel.events.outbox import Cause
    from psa_kernel.jsonapi.scopes import Fragment
    from psa_kernel.kernel import Kernel
    from psa_kernel.tenants import Tenant
    from psa_sdk.actors import Actor

T = TypeVar("T")
S = TypeVar("S", bound=Settings)
ActorFacts = tuple[str, UUID, str, UUID | None, str, str | None, str | None]


class RequestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Where a unit of work comes from: correlation id, client address, user agent, the session of a browser's cookie."""

    request_id: str = msgspec.field(default_factory=lambda: new_id().hex)
    ip: str | None = None
    user_agent: str | None = None
    host: str = ""
    scheme: str = "http"
    session: UUID | None = None


class Unit:
    """Implements `psa_sdk.Context` and hands out the kernel's parts to kernel code.

    `session` owns the transaction; whoever opened the unit settles it.
    """

    def __init__(
        self,
        kernel: "Kernel",
        session: "Session",
        tenant: "Tenant | None",
        principal: Principal,
        *,
        request: RequestFacts,
        event_id: UUID | None = None,
    ) -> None:
        """Bind the parts; `tenant` is None only on public routes before a tenant is known."""
        self.kernel = kernel
        self.session = session
        self.tenant = tenant
        self.principal = principal
        self.on_behalf_of: UUID | None = getattr(principal, "impersonator_id", None)
        self.request = request
        self.event_id = event_id
        self.cause: Cause | None = None
        self.acting = ""
        """The permission under which a declared route acts: its object scope bounds what is written."""
        self.refusal_kept = False
        """Whether the handler chose its answer itself, so that a refusal is committed with what it wrote."""
        self.now = kernel.clock.now()
        self.visible: dict[object, Fragment] = {}
        """What a principal sees of resources, as it was asked for before."""
        self._after_commit: list[Callable[[], None]] = []

    @property
    def connection(self) -> "Connection":
        """The transaction's connection."""
        return self.session.connection

    @property
    def tenant_id(self) -> UUID:
        """The tenant all of this happens in; raises `NotFound` on a public route that doesn't tell."""
        return self.tenant_facts.id

    @property
    def tenant_facts(self) -> "Tenant":
        """The tenant's slug, zone, currency and modules."""
        if self.tenant is None:
            raise NotFound("The request doesn't tell its tenant; send X-Tenant.", code="tenant_unknown")
        return self.tenant

    @property
    def timezone(self) -> datetime.tzinfo:
        """The tenant's zone."""
        return self.tenant_facts.timezone

    @property
    def today(self) -> datetime.date:
        """The tenant's local date."""
        return self.now.astimezone(self.timezone).date()

    @property
    def request_id(self) -> str:
        """Correlates the request, its events, jobs and log lines."""
        return self.request.request_id

    @property
    def root_id(self) -> UUID | None:
        """The outbox row that the chain of causes began with; None where a request begins it."""
        return self.cause.root if self.cause else None

    @property
    def trail(self) -> Sequence[UUID]:
        """The automations whose writes led here, the first one first."""
        return self.cause.trail if self.cause else ()

    @property
    def actor_facts(self) -> ActorFacts:
        """Kind, id, label of the actor, whom it acts for, request id, address, user agent."""
        who, origin = self.principal, self.request
        return (
            who.kind,
            who.id,
            who.label,
            self.on_behalf_of,
            origin.request_id,
            origin.ip,
            origin.user_agent,
        )

    @property
    def records(self) -> Records:
        """Reads and writes of resources."""
        from psa_kernel.jsonapi.records import UnitRecords

        return UnitRecords(self)

    @property
    def db(self) -> Database:
        """SQL inside the unit of work."""
        return TenantSql(self.session, self.tenant_id)

    @property
    def files(self) -> Files:
        """The tenant's files."""
        from psa_kernel.builtin.files.tenant_files import TenantFiles

        return TenantFiles(self)

    def service(self, protocol: type[T]) -> T:
        """Return another plugin's service; raises `LookupError` when nobody enabled provides it."""
        provided = self.kernel.registry.services.get(protocol)
        if provided is None or not self._uses(provided[0]):
            raise LookupError(f"No installed and enabled plugin provides {protocol.__qualname__}.")
        return provided[1].factory(self)

    def provides(self, protocol: type[Any]) -> bool:
        """Tell whether `service` would succeed."""
        provided = self.kernel.registry.services.get(protocol)
        return provided is not None and self._uses(provided[0])

    def _uses(self, plugin: str) -> bool:
        return self.tenant is None or self.kernel.enabled(self.tenant, plugin)

    def ask(self, question: Callable[..., T], /, **arguments: Any) -> list[T]:
        """Return what the enabled plugins answer to a hook."""
        hooks, tenant = self.kernel.registry.hooks, self.tenant_facts
        silent = [
            module for name, module in hooks.list_name_plugin() if not self.kernel.enabled(tenant, name)
        ]
        caller = hooks.subset_hook_caller(question.__name__, silent)
        answer: Any = caller(**arguments)
        if caller.spec is not None and caller.spec.opts["firstresult"]:
            return [] if answer is None else [answer]
        return answer

    def require(self, permission: str) -> None:
        """Raise `Forbidden` unless the principal holds the permission; `Unauthenticated` when nobody does."""
        if not self.principal.allows(permission):
            if self.principal.kind == "anonymous":
                raise Unauthenticated(
                    "Log in, or send an Authorization header.", headers={"WWW-Authenticate": "Bearer"}
                )
            raise Forbidden(f"This needs the permission {permission}.", meta={"permission": permission})
        if not self.kernel.may_refuse:
            return
        for reason in self.kernel.registry.hooks.hook.psa_refuse(
            principal=self.principal, permission=permission
        ):
            raise Forbidden(reason, meta={"permission": permission})

    async def settings(self, section: type[S]) -> S:
        """Return a plugin's settings as they hold for this tenant and user."""
        from psa_kernel.builtin.settings.reader import read

        return await read(self, section)

    async def emit(self, event: Event) -> None:
        """Write a domain event to the outbox."""
        from psa_kernel.events.outbox import emit

        await emit(self, event)

    async def send(
        self, actor: "Actor", *, delay: datetime.timedelta | None = None, **arguments: Any
    ) -> UUID:
        """Enqueue background work with the commit; returns the job's id."""
        from psa_kernel.jobs.enqueue import send

        return await send(self, actor, delay, arguments)

    async def audit(self, action: str, resource: str = "", id: UUID | None = None, **detail: Any) -> None:
        """Write an audit entry for something that is no record change."""
        from psa_kernel.builtin.audit.writer import record

        await record(self, action, resource, id, detail)

    async def redact(
        self, resource: str, ids: Sequence[UUID], attributes: Sequence[str], *, via: str = ""
    ) -> int:
        """Blank what the audit log tells of some attributes of records; returns how many entries changed."""
        changed: int | None = await self.connection.fetchval(
            "SELECT psa.redact_audit($1, $2, $3, $4)", resource, list(ids), list(attributes), via
        )
        return changed or 0

    async def reveal(self, resource: str, id: UUID, column: str, *, shown: bool = True) -> str:
        """Return the plain text of a `Sealed` column, audited if it is shown; raises `NotFound` when it isn't set."""
        table = self.kernel.registry.resources[resource].table
        if not isinstance(table._meta.get_column_by_name(column), Sealed):
            raise LookupError(f"{resource} has no sealed column {column}.")
        await self.records.get(resource, id)
        if shown and self.on_behalf_of is not None and self.principal is not SYSTEM:
            raise Forbidden("Secrets aren't shown to who impersonates somebody.", code="impersonating")
        if shown and self.session.readonly:
            raise Forbidden(
                f"{resource}.{column} is shown only where that can be audited; ask by POST, or by a route with `writes`.",
                code="reveal_unaudited",
            )
        name = f"{table._meta.schema}.{table._meta.tablename}"
        sealed = await self.connection.fetchval(
            f'SELECT "{column}" FROM {name} WHERE tenant_id = $2 AND id = $1', id, self.tenant_id
        )
        if sealed is None:
            raise NotFound(f"{column} is not set.")
        if shown:
            await self.audit("reveal", resource, id, attribute=column)
        return await self.kernel.keys.open_sealed(self.tenant_id, name, column, id, sealed)

    def as_system(self) -> "Unit":
        """Return this unit of work with the system as principal, on behalf of the present one."""
        if self.principal is SYSTEM:
            return self
        unit = copy.copy(self)
        unit.principal = SYSTEM
        unit.on_behalf_of = self.on_behalf_of or self.principal.id
        return unit

    def as_automation(self, id: UUID, label: str) -> "Unit":
        """Return this unit of work with a tenant's automation as principal, its id in the trail of what follows."""
        from psa_kernel.events.outbox import Cause

        unit = copy.copy(self)
        unit.principal = automation(id, label)
        people = self.principal.kind in {"user", "contact", "api_key"}
        unit.on_behalf_of = self.principal.id if people else self.on_behalf_of
        cause = self.cause or Cause(depth=0, on_behalf_of=unit.on_behalf_of)
        unit.cause = msgspec.structs.replace(cause, trail=(*cause.trail, id))
        return unit

    @asynccontextmanager
    async def outside(self) -> AsyncGenerator[None]:
        """Commit, hold no connection inside the block, and go on in a new transaction."""
        async with self.session.outside():
            self.committed()
            yield

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Undo only what happened inside when it raises."""
        return self.session.savepoint()

    def after_commit(self, run: Callable[[], None]) -> None:
        """Call a function once the transaction is committed; it must be quick and not fail."""
        self._after_commit.append(run)

    def committed(self) -> None:
        """Run what waited for the commit; called by whoever settles the session."""
        if not self.session.readonly:
            self.kernel.written.set()
        waiting, self._after_commit[:] = list(self._after_commit), []
        for run in waiting:
            run()
