"""Matching: the records that the rows of a CSV file are about, and those that its relationships name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from psa_kernel.jsonapi.csv_text import Line
from psa_kernel.jsonapi.drafts import Draft, uuid_of
from psa_kernel.jsonapi.scopes import shifted, visible
from psa_kernel.jsonapi.writable import Writable
from psa_kernel.jsonapi.write_plan import Target
from psa_sdk.resources import Resource

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_EXTERNAL = "external_id"


class Existing(msgspec.Struct):
    """A record as a row found it."""

    id: UUID
    version: int
    custom_fields: dict[str, Any]


class Row(msgspec.Struct, kw_only=True):
    """A row of the file: what it says, the record it is about, and the document it amounts to."""

    line: Line
    attributes: dict[str, Any]
    relations: dict[str, str]
    keys: list[tuple[str, str]]
    id: str
    existing: "Existing | None" = None
    draft: Draft | None = None


def import_keys(resource: Resource) -> tuple[str, ...]:
    """Return the columns that recognise a record: the declared ones, else `external_id` where there is one."""
    if resource.import_keys:
        return tuple(column._meta.name for column in resource.import_keys)
    present = {column._meta.name for column in resource.table._meta.columns}
    return (_EXTERNAL,) if _EXTERNAL in present else ()


class Matching:
    """Looks records up for whole batches of rows, as the principal sees them."""

    def __init__(self, unit: "Unit", sends: Writable, target: Target) -> None:
        """Look up for imports into one resource."""
        self.unit = unit
        self.sends = sends
        self.name = sends.resource.name
        self.target = target
        self.keys = import_keys(sends.resource)

    async def recognise(self, rows: Sequence[Row]) -> None:
        """Find the records that rows are about: by id, then by each key."""
        ids = [found for row in rows if (found := uuid_of(row.id)) is not None]
        if ids:
            found = await self._existing("id", ids)
            for row in rows:
                row.existing = found.get(row.id.lower())
        for key in self.keys:
            wanted = [
                value for row in rows for name, value in row.keys if name == key and row.existing is None
            ]
            if not wanted:
                continue
            found = await self._existing(key, wanted)
            for row in rows:
                value = dict(row.keys).get(key)
                if row.existing is None and not row.id and value is not None:
                    row.existing = found.get(value)

    async def _existing(self, key: str, values: Sequence[Any]) -> dict[str, Existing]:
        row = self.target.row
        column = f"{row}.id" if key == "id" else f"lower({row}.{self.target.storage.columns[key].sql}::text)"
        condition = f"{column} = ANY ($1)"
        archive = self.sends.resource.archive
        if archive is not None and key != "id":
            condition += f' AND {row}."{archive._meta.name}" IS NULL'
        fields = f"{row}.custom_fields::text" if self.sends.resource.custom_fields else "NULL"
        rows = await self._select(
            self.name,
            f"{column}::text AS found, {row}.id, {row}.version, {fields} AS fields",
            condition,
            values,
        )
        return {
            row["found"]: Existing(row["id"], row["version"], msgspec.json.decode(row["fields"] or b"{}"))
            for row in rows
        }

    async def _select(self, name: str, columns: str, condition: str, *values: Any) -> list[Any]:
        """Select what the principal sees of a resource."""
        meta = self.unit.kernel.registry.resources[name].table._meta
        row = f'"{meta.tablename}"'
        seen = visible(self.unit, name)
        also = f" AND ({shifted(seen.sql, len(values))})" if seen.sql else ""
        sql = (
            f'SELECT {columns} FROM "{meta.schema}".{row} AS {row}'
            f" WHERE {row}.tenant_id = psa.current_tenant() AND {condition}{also} ORDER BY {row}.id DESC"
        )
        return await self.unit.connection.fetch(sql, *values, *seen.values)

    async def related(self, rows: Sequence[Row]) -> dict[tuple[str, str], list[UUID]]:
        """Return the records that relationship cells name: by id, by label, by external id."""
        found: dict[tuple[str, str], list[UUID]] = {}
        for relation in {name for row in rows for name in row.relations}:
            cells = {row.relations[relation].lower() for row in rows if relation in row.relations}
            name = self.sends.to_one[relation].target
            resource = self.unit.kernel.registry.resources[name]
            alias = f'"{resource.table._meta.tablename}"'
            present = {column._meta.name for column in resource.table._meta.columns}
            naming = [resource.label._meta.name] if resource.label is not None else []
            naming += [_EXTERNAL] if _EXTERNAL in present else []
            forms = [f"{alias}.id::text", *(f'lower({alias}."{column}"::text)' for column in naming)]
            condition = " OR ".join(f"{form} = ANY ($1)" for form in forms)
            if resource.archive is not None:
                condition = f'({condition}) AND {alias}."{resource.archive._meta.name}" IS NULL'
            selected = ", ".join([f"{alias}.id", *(f"{form} AS form{n}" for n, form in enumerate(forms))])
            for row in await self._select(name, selected, f"({condition})", list(cells)):
                for form in {row[f"form{n}"] for n in range(len(forms))}:
                    found.setdefault((relation, form), []).append(row["id"])
        return found
