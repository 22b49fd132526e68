"""Reads of records by plugin code, and what reads and writes share: what is there and what is seen of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psa_kernel.jsonapi import write_plan
from psa_kernel.jsonapi.conditions import condition_sql, mentions
from psa_kernel.jsonapi.scopes import Fragment, reachable, shifted, visible
from psa_kernel.jsonapi.shape import of_tenant
from psa_kernel.jsonapi.targets import target_of
from psa_kernel.jsonapi.write_plan import Target
from psa_sdk.context import Extended, Row
from psa_sdk.errors import Forbidden, NotFound, Stale
from psa_sdk.resources import ApiVerb, Resource
from psa_sdk.tables import Condition

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


class RecordReads:
    """The reading half of `psa_sdk.Records` in a unit of work.

    `verb` is the right whose object scope bounds what is reached: `get` for plugin code, the request's verb for
    the API.
    """

    def __init__(self, unit: "Unit", verb: ApiVerb = "get") -> None:
        """Bind to a unit of work."""
        self._unit = unit
        self._verb: ApiVerb = verb

    async def get(self, resource: str, id: UUID, *, lock: bool = False) -> Row:
        """Return a record's columns, archived or not; raises `NotFound`."""
        declared, target = self._declared(resource)
        if lock:
            return await self._locked(declared, target, id, None)
        arguments: list[Any] = [id]
        seen = self._visible(declared, arguments)
        row = await self._unit.connection.fetchrow(
            f"SELECT {target.storage.select(target.row)} FROM {target.storage.table} AS {target.row}"
            f" WHERE {of_tenant(target.row)} AND {target.row}.id = $1{_also(seen)}",
            *arguments,
        )
        if row is None:
            raise absent(declared, id)
        return target.storage.loaded(row)

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
        """Return matching records' columns; archived ones when asked or when the condition speaks of archiving."""
        declared, target = self._declared(resource)
        source, arguments = self._matching(declared, target, where, archived=archived)
        keys = [part.strip() for part in order.split(",") if part.strip()]
        sorts = [
            f"{target.row}.{target.storage.columns[key.removeprefix('-')].sql}{' DESC' if key[0] == '-' else ''}"
            for key in keys
        ]
        rows = await self._unit.connection.fetch(
            f"SELECT {target.storage.select(target.row)} {source}"
            f" ORDER BY {', '.join([*sorts, f'{target.row}.id'])} LIMIT {int(limit)}{' FOR UPDATE' if lock else ''}",
            *arguments,
        )
        return [target.storage.loaded(row) for row in rows]

    async def exists(self, resource: str, id: UUID) -> bool:
        """Tell whether a record exists, archived or not, and the principal sees it."""
        declared, target = self._declared(resource)
        arguments: list[Any] = [id]
        seen = self._visible(declared, arguments)
        found = await self._unit.connection.fetchval(
            f"SELECT true FROM {target.storage.table} AS {target.row} WHERE {of_tenant(target.row)} AND {target.row}.id = $1{_also(seen)}",
            *arguments,
        )
        return found is not None

    async def count(self, resource: str, where: Condition | None = None) -> int:
        """Count the matching records that the principal sees, as `find` selects them."""
        declared, target = self._declared(resource)
        source, arguments = self._matching(declared, target, where)
        return await self._unit.connection.fetchval(f"SELECT count(*) {source}", *arguments) or 0

    async def extended(self, resource: str, id: UUID) -> Mapping[str, Extended]:
        """Return what extensions hold of a record by `schema.table`, without secrets."""
        _, target = self._declared(resource)
        found: dict[str, Extended] = {}
        for satellite in target.satellites:
            own = {name: column for name, column in satellite.own.items() if not column.is_sealed}
            columns = ", ".join(column.selected("s") for column in own.values())
            row = await self._unit.connection.fetchrow(
                f'SELECT {columns} FROM {satellite.storage.table} s WHERE {of_tenant("s")} AND s."{satellite.column}" = $1',
                id,
            )
            held = None if row is None else satellite.storage.loaded(row)
            defaults = {name: column.default for name, column in own.items()}
            found[satellite.storage.name] = Extended(held=held, defaults=defaults)
        return found

    def _declared(self, resource: str) -> tuple[Resource, Target]:
        declared = self._unit.kernel.registry.resources.get(resource)
        if declared is None:
            raise LookupError(f"There is no resource {resource}; is its plugin installed?")
        return declared, target_of(self._unit, declared)

    def _visible(self, declared: Resource, arguments: list[Any]) -> str:
        """Return the condition on what the principal reaches, empty for every row; values are appended."""
        return _bound(visible(self._unit, declared.name, self._verb), arguments)

    def _reachable(self, declared: Resource, arguments: list[Any]) -> str:
        """Return the condition on what the principal may write or lock; values are appended."""
        return _bound(reachable(self._unit, declared.name, self._verb), arguments)

    async def _locked(
        self, declared: Resource, target: Target, id: UUID, versions: Sequence[int] | None
    ) -> dict[str, Any]:
        arguments: list[Any] = [id]
        seen = self._reachable(declared, arguments)
        row = await self._unit.connection.fetchrow(write_plan.locked(target, seen), *arguments)
        if row is None:
            raise absent(declared, id)
        if versions is not None and row["version"] not in versions:
            raise stale(declared, row["version"])
        return target.storage.loaded(row)

    async def _versions(
        self, declared: Resource, target: Target, id: UUID, versions: Sequence[int] | None
    ) -> tuple[int]:
        """Return a record's version; raises `NotFound` or `Stale` as a write would."""
        arguments: list[Any] = [id]
        seen = self._reachable(declared, arguments)
        rows = await self._unit.connection.fetch(
            f"SELECT {target.row}.version AS before, NULL::int AS after FROM {target.storage.table} AS {target.row}"
            f" WHERE {of_tenant(target.row)} AND {target.row}.id = $1{_also(seen)}",
            *arguments,
        )
        return (self._version(declared, id, rows, versions),)

    def _version(
        self, declared: Resource, id: UUID, rows: Sequence[Any], versions: Sequence[int] | None
    ) -> int:
        if not rows:
            raise absent(declared, id)
        if versions is not None and rows[0]["before"] not in versions:
            raise stale(declared, rows[0]["before"])
        return rows[0]["after"] or rows[0]["before"]

    def _matching(
        self, declared: Resource, target: Target, where: Condition | None, *, archived: bool = False
    ) -> tuple[str, list[Any]]:
        arguments: list[Any] = []
        conditions = [of_tenant(target.row), self._visible(declared, arguments)]
        if where is not None:
            conditions.append(f"({condition_sql(where, arguments)})")
        archive = None if archived else declared.archive
        if archive is not None and (where is None or not mentions(where, archive._meta.name)):
            conditions.append(f'{target.row}."{archive._meta.name}" IS NULL')
        present = " AND ".join(condition for condition in conditions if condition)
        return f"FROM {target.storage.table} AS {target.row} WHERE {present}", arguments


def _bound(fragment: Fragment, arguments: list[Any]) -> str:
    condition = shifted(fragment.sql, len(arguments))
    arguments += fragment.values
    return f"({condition})" if condition else ""


def _also(condition: str) -> str:
    return f" AND {condition}" if condition else ""


def noun(declared: Resource) -> str:
    """Return what one record is called in sentences."""
    return declared.name.replace("-", " ").removesuffix("s")


def beyond(declared: Resource) -> Forbidden:
    """Return the refusal of a record that the principal may not make."""
    return Forbidden(f"Your rights don't reach as far as this {noun(declared)}.")


def absent(declared: Resource, id: UUID) -> NotFound:
    """Return the answer for a record that doesn't exist or isn't seen: the same."""
    return NotFound(f"There is no {noun(declared)} {id}.")


def stale(declared: Resource, version: int) -> Stale:
    """Return the refusal of a write over another version."""
    return Stale(
        f"The {noun(declared)} was changed by somebody else meanwhile; read it again and repeat the change.",
        header="If-Match",
        headers={"ETag": f'W/"{version}"'},
        meta={"version": version},
    )
