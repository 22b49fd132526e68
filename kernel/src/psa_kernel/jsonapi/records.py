"""Reads and writes of resources by plugin code and by the API: `ctx.records`."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from psa_kernel.database.converge.isolation import company_key
from psa_kernel.events.live import tell_changed
from psa_kernel.events.outbox import cause_of, told, written
from psa_kernel.jsonapi import links, references, write_plan
from psa_kernel.jsonapi.changes import PendingChange, hooks
from psa_kernel.jsonapi.checks import answer_of
from psa_kernel.jsonapi.constraints import problem_of
from psa_kernel.jsonapi.links import Membership
from psa_kernel.jsonapi.record_reads import RecordReads, beyond
from psa_kernel.jsonapi.storage import KERNEL_COLUMNS
from psa_kernel.jsonapi.write_plan import Target
from psa_sdk.events import Verb
from psa_sdk.resources import Resource
from psa_sdk.tables import new_id

BATCH = 1000
"""Rows per statement of `create_many` and `refer`."""
_FIXED = KERNEL_COLUMNS - {"created_at", "updated_at"}


class Created(msgspec.Struct, frozen=True):
    """A new record."""

    id: UUID
    shown: Sequence[Any]
    """The columns of what was read of it where it was written."""
    asked: int
    """The session's count then: what was read holds for as long as nothing more is asked of the database."""


class UnitRecords(RecordReads):
    """Implements `psa_sdk.Records` in a unit of work.

    `verb` is the right whose object scope bounds what is reached: `get` for plugin code, the request's verb for
    the API.
    """

    async def create(self, resource: str, values: Mapping[str, Any], *, id: UUID | None = None) -> UUID:
        """Create a record and return its id."""
        return (await self.create_answered(resource, values, None, id=id)).id

    async def create_answered(
        self,
        resource: str,
        values: Mapping[str, Any],
        answer: Any,
        *,
        id: UUID | None = None,
        reading: str = "",
    ) -> Created:
        """Create a record when the resource's question is answered already; None asks it.

        `reading` is a SELECT over `write_plan.NEW`; left out where an extension's row is written along, which
        the statement doesn't see yet.
        """
        declared, target = self._declared(resource)
        change = await self._prepared(declared, target, values, id or new_id(), answer)
        row = await self._row_of(declared, target, change)
        arguments: list[Any] = [*self._facts(), *(target.column(name).bound(row[name]) for name in row)]
        events = await self._told(declared, [change], arguments)
        seen = self._visible(declared, arguments) if self._verb == "create" else ""
        if not row.keys() <= target.storage.columns.keys():
            reading = ""
        statement = write_plan.insert(target, tuple(row), seen, events=events, reading=reading)
        rows = await self._write(target, "create", statement, arguments)
        if not rows[0]["psa_visible"]:
            raise beyond(declared)
        asked = self._unit.session.asked
        tell_changed(self._unit, resource, change.id)
        await self._after(declared, change)
        return Created(change.id, tuple(rows[0])[3:], asked)

    async def create_many(
        self, resource: str, rows: Sequence[Mapping[str, Any]], *, history: bool = False
    ) -> list[UUID]:
        """Create records in few statements; rows may bring their `id`. Hooks run for each row, unless `history`."""
        declared, target = self._declared(resource)
        ids: list[UUID] = []
        for start in range(0, len(rows), BATCH):
            changes: list[PendingChange] = []
            batches: dict[tuple[str, ...], list[tuple[PendingChange, dict[str, Any]]]] = {}
            for given in rows[start : start + BATCH]:
                values = {name: value for name, value in given.items() if name != "id"}
                record_id = given.get("id") or new_id()
                change = (
                    PendingChange(target, "create", record_id, new=dict(values))
                    if history
                    else await self._prepared(declared, target, values, record_id)
                )
                changes.append(change)
                row = await self._row_of(declared, target, change)
                batches.setdefault(tuple(row), []).append((change, row))
            for columns, batch in batches.items():
                arguments: list[Any] = [*self._facts(), write_plan.rows_document(row for _, row in batch)]
                meant = () if history else [change for change, _ in batch]
                events = await self._told(declared, meant, arguments)
                seen = self._visible(declared, arguments) if self._verb == "create" else ""
                statement = write_plan.insert(target, columns, seen, many=True, silent=history, events=events)
                written_rows = await self._write(target, "create", statement, arguments)
                if not all(row["psa_visible"] for row in written_rows):
                    raise beyond(declared)
            ids += [change.id for change in changes]
            tell_changed(self._unit, resource, *(change.id for change in changes))
            if declared.after_write is not None and not history:
                for change in changes:
                    await self._after(declared, change)
        return ids

    async def update(
        self, resource: str, id: UUID, values: Mapping[str, Any], *, version: int | None = None
    ) -> int:
        """Update columns of a record and return its version; a no-op writes nothing."""
        return await self.update_at(resource, id, values, None if version is None else (version,))

    async def update_at(
        self, resource: str, id: UUID, values: Mapping[str, Any], versions: Sequence[int] | None
    ) -> int:
        """Update a record that has one of the given versions (None: any) and return the new version."""
        declared, target = self._declared(resource)
        new = _writable(target, values)
        before = hooks(self._unit, declared, "update")
        if not new and not before:
            return (await self._versions(declared, target, id, versions))[0]
        change = PendingChange(target, "update", id, new=new)
        if before or declared.after_write is not None or declared.tells is not None:
            change.old = await self._locked(declared, target, id, versions)
            for run in before:
                await run(self._unit, change)
        return await self._change(declared, target, change, versions)

    async def delete(self, resource: str, id: UUID, *, version: int | None = None) -> None:
        """Delete (or archive) a record; raises `Conflict` while others need it."""
        await self.delete_at(resource, id, None if version is None else (version,))

    async def delete_at(self, resource: str, id: UUID, versions: Sequence[int] | None) -> None:
        """Delete a record that has one of the given versions (None: any)."""
        declared, target = self._declared(resource)
        change = PendingChange(target, "delete", id, new={})
        archive = declared.archive
        if archive is not None:
            change.new[archive._meta.name] = self._unit.now
        before = hooks(self._unit, declared, "delete")
        followed = declared.after_write is not None or declared.tells is not None
        if before or followed or archive is not None:
            change.old = await self._locked(declared, target, id, versions)
            if archive is not None and change.old[archive._meta.name] is not None:
                return
            for run in before:
                await run(self._unit, change)
        if archive is not None:
            await self._change(declared, target, change, versions, deleted=True)
            return
        arguments: list[Any] = [*self._facts(), id, versions]
        events = await self._told(declared, [change], arguments)
        seen = self._reachable(declared, arguments)
        rows = await self._write(target, "delete", write_plan.delete(target, seen, events=events), arguments)
        self._version(declared, id, rows, versions)
        tell_changed(self._unit, resource, id)
        await self._after(declared, change)

    async def link(self, resource: str, id: UUID, relation: str, targets: Sequence[UUID]) -> None:
        """Add members to a many-to-many relationship; present ones stay."""
        await self.members(resource, id, relation, Membership(add=targets))

    async def unlink(self, resource: str, id: UUID, relation: str, targets: Sequence[UUID]) -> None:
        """Remove members of a many-to-many relationship; absent ones are fine."""
        await self.members(resource, id, relation, Membership(remove=targets))

    async def repoint(
        self,
        resource: str,
        source: UUID,
        target: UUID,
        *,
        skip: Sequence[str] = (),
        only: Mapping[str, Sequence[UUID | str]] | None = None,
    ) -> Mapping[str, Sequence[UUID]]:
        """Make everything that refers to one record refer to another of the same resource."""
        return await references.repoint(
            self._unit, UnitRecords(self._unit.as_system()), resource, source, target, skip=skip, only=only
        )

    async def referring(self, resource: str, id: UUID, *, skip: Sequence[str] = ()) -> Mapping[str, int]:
        """Count what refers to a record by `resource.column`: what `repoint` would move at most."""
        return await references.referring(self._unit, resource, id, skip=skip)

    async def members(
        self,
        resource: str,
        id: UUID,
        relation: str,
        membership: Membership,
        versions: Sequence[int] | None = None,
    ) -> int:
        """Change the members of a many-to-many relationship and return the record's version."""
        declared, target = self._declared(resource)
        link = links.link(self._unit.kernel.registry, resource, relation)
        if link is None:
            raise LookupError(f"{resource}.{relation} is no many-to-many relationship.")
        if link.before_change is not None:
            await self._locked(declared, target, id, versions)
            await links.announce(self._unit, link, id, membership)
        arguments: list[Any] = [
            *self._facts(),
            id,
            versions,
            list(membership.remove),
            list(membership.add),
            membership.whole,
        ]
        seen = self._reachable(declared, arguments)
        rows = await self._write(target, "update", links.statement(target, link, seen), arguments)
        if not rows:
            # Absent, or of another version: the plain read tells which.
            return (await self._versions(declared, target, id, versions))[0]
        tell_changed(self._unit, resource, id)
        return rows[0]["after"] or rows[0]["before"]

    async def refer(self, resource: str, ids: Sequence[UUID], column: str, value: UUID) -> None:
        """Set one column of records without hooks: they stay what they are, what they refer to has another id."""
        _, target = self._declared(resource)
        for start in range(0, len(ids), BATCH):
            arguments = (*self._facts(), ids[start : start + BATCH], value)
            rows = await self._write(target, "update", write_plan.refer(target, column), arguments)
            tell_changed(self._unit, resource, *(row["id"] for row in rows))

    # How a write runs

    def _facts(self) -> tuple[Any, ...]:
        return (*self._unit.actor_facts, self._unit.now, cause_of(self._unit))

    async def _prepared(
        self, declared: Resource, target: Target, values: Mapping[str, Any], id: UUID, answer: Any = None
    ) -> PendingChange:
        change = PendingChange(target, "create", id, new=_writable(target, values), answer=answer)
        if answer is None:
            change.answer = await answer_of(self._unit, declared, change.new)
        for run in hooks(self._unit, declared, "create"):
            await run(self._unit, change)
        return change

    async def _row_of(self, declared: Resource, target: Target, change: PendingChange) -> dict[str, Any]:
        """Return all columns of a new row, ready to be bound; a portal principal's belong to its company."""
        now = self._unit.now
        change.new = _writable(target, change.new)
        if self._unit.principal.audience == "portal":
            company = company_key(self._unit.kernel.registry, declared.table)
            own = self._unit.principal.who.company_id
            if company not in ("", "id") and change.new.setdefault(company, own) != own:
                raise beyond(declared)
        values = {"id": change.id, "created_at": now, "updated_at": now, **change.new}
        return await self._sealed(target, change.id, values)

    async def _sealed(self, target: Target, id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values in a stable order, secrets sealed for their place."""
        ready: dict[str, Any] = {}
        for name in sorted(values):
            value = values[name]
            if target.column(name).is_sealed and isinstance(value, str):
                value = await self._unit.kernel.keys.seal(
                    self._unit.tenant_id, target.storage.name, name, id, value
                )
            ready[name] = value
        return ready

    async def _change(
        self,
        declared: Resource,
        target: Target,
        change: PendingChange,
        versions: Sequence[int] | None,
        *,
        deleted: bool = False,
    ) -> int:
        change.new = _writable(target, change.new)
        if not change.new:
            return (await self._versions(declared, target, change.id, versions))[0]
        values = await self._sealed(target, change.id, change.new)
        arguments: list[Any] = [*self._facts(), change.id, versions]
        arguments += [target.column(name).bound(value) for name, value in values.items()]
        events = await self._told(declared, [change], arguments)
        seen = self._reachable(declared, arguments)
        statement = write_plan.update(target, tuple(values), seen, deleted=deleted, events=events)
        rows = await self._write(target, "update", statement, arguments)
        version = self._version(declared, change.id, rows, versions)
        tell_changed(self._unit, declared.name, change.id)
        if rows[0]["after"] is not None:
            await self._after(declared, change)
        return version

    async def _told(self, declared: Resource, changes: Sequence[PendingChange], arguments: list[Any]) -> int:
        """Append the domain events that writes mean to a statement's values; returns their number, 0 for none."""
        if declared.tells is None:
            return 0
        events = [event for change in changes for event in await declared.tells(self._unit, change)]
        if events:
            arguments.append(told(self._unit, events))
        return len(arguments) if events else 0

    async def _after(self, declared: Resource, change: PendingChange) -> None:
        if declared.after_write is not None:
            await declared.after_write(self._unit, change)

    async def _write(self, target: Target, verb: Verb, statement: str, arguments: Sequence[Any]) -> list[Any]:
        try:
            rows = await self._unit.connection.fetch(statement, *arguments)
        except (
            asyncpg.IntegrityConstraintViolationError,
            asyncpg.DataError,
            asyncpg.ProgramLimitExceededError,
            asyncpg.InsufficientPrivilegeError,
        ) as error:
            problem = problem_of(self._unit.kernel.registry, target, verb, error)
            if problem is None:
                raise
            raise problem from error
        written(self._unit)
        return rows


def _writable(target: Target, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values in their columns' types; raises `LookupError` for what is no column to write."""
    for name in values:
        if name in _FIXED:
            raise LookupError(f"{target.resource}.{name} is the kernel's to write.")
    return target.normalised(values)
