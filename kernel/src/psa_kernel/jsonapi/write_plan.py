"""The SQL of a write: one statement changes the row and writes its audit entry and its record event.

`WITH psa_old …, psa_new …, psa_diff …, psa_audited …, psa_told … SELECT`: the traces are made from what the
database held and wrote, so they can't disagree with it. Satellites of extensions are written along and traced
under the resource. Statements are compiled once per resource, verb and set of columns; their first parameters
are always `FACTS`. The row's alias is its table's name, as object scopes expect.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec

from psa_kernel.jsonapi.storage import KERNEL_COLUMNS, Storage, StoredColumn
from psa_kernel.jsonapi.traces import audited, both_sides, diff, shown, tell, whole

FACTS = 9
"""Actor kind, id, label, on behalf of, request id, ip, user agent (`Unit.actor_facts`); now; cause."""
_FREE = FACTS + 1
NEW = "psa_new"
"""The rows that the statement wrote, as its parts read them."""
_CURRENT = "($11::int[] IS NULL OR psa_old.version = ANY ($11::int[]))"


class Satellite(msgspec.Struct, frozen=True, eq=False):
    """An extension's table and its column that refers to the record."""

    storage: Storage
    column: str
    own: Mapping[str, StoredColumn]
    """The columns that hold the extension's attributes."""

    @classmethod
    def of(cls, storage: Storage, column: str) -> Self:
        """Return the satellite that refers to its record by `column`."""
        held = KERNEL_COLUMNS | {column}
        return cls(storage, column, {name: one for name, one in storage.columns.items() if name not in held})


class Target(msgspec.Struct, frozen=True, eq=False):
    """What is written: a resource's table, its satellites, and the columns that leave no trace."""

    resource: str
    storage: Storage
    satellites: tuple[Satellite, ...] = ()
    unaudited: tuple[str, ...] = ()

    @property
    def row(self) -> str:
        """The alias of the resource's row."""
        return '"' + self.storage.name.partition(".")[2] + '"'

    def column(self, name: str) -> StoredColumn:
        """Return a column of the table or of a satellite; raises `LookupError`."""
        found = self.storage.columns.get(name)
        if found is not None:
            return found
        for satellite in self.satellites:
            if name in satellite.own:
                return satellite.own[name]
        raise LookupError(f"{self.resource} has no column {name}.")

    def normalised(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values in their columns' types; raises `LookupError` for a column that does not exist."""
        return {name: self.column(name).normal(value) for name, value in values.items()}

    def split(
        self, names: Iterable[str]
    ) -> tuple[list[StoredColumn], list[tuple[Satellite, list[StoredColumn]]]]:
        """Return the table's own columns among some, and those of each satellite that has any."""
        wanted = list(names)
        own = [self.storage.columns[name] for name in wanted if name in self.storage.columns]
        rest = [name for name in wanted if name not in self.storage.columns]
        parts = [
            (satellite, [satellite.own[name] for name in rest if name in satellite.own])
            for satellite in self.satellites
        ]
        return own, [(satellite, columns) for satellite, columns in parts if columns]

    def traced(self, columns: Iterable[StoredColumn]) -> list[StoredColumn]:
        """Return the columns that audit and events tell of."""
        silent = KERNEL_COLUMNS | set(self.unaudited)
        return [column for column in columns if column.name not in silent]


@functools.lru_cache(4096)
def insert(
    target: Target,
    columns: tuple[str, ...],
    visible: str = "",
    *,
    many: bool = False,
    silent: bool = False,
    events: int = 0,
    reading: str = "",
) -> str:
    """Return the INSERT of one row (a parameter per column) or of many (`$10`, a jsonb array of rows).

    Answers id, version and psa_visible of each row; `columns` has the id. `silent` rows cause no events.
    Of all writes here the parameter `events` (0: none) is what they mean, as `outbox.told` has it. `reading` is a
    SELECT over `NEW`, whose columns are answered too.
    """
    stored = [target.column(name) for name in columns]
    own, parts = target.split(columns)
    if many:
        types = ", ".join(f"{column.sql} {column.sql_type}" for column in stored)
        source = f"SELECT * FROM jsonb_to_recordset(${_FREE}::text::jsonb) AS r({types})"
    else:
        source = "SELECT " + ", ".join(
            f"{column.parameter(_FREE + index)} AS {column.sql}" for index, column in enumerate(stored)
        )
    ctes = [
        f"psa_source AS ({source})",
        (
            f"psa_new AS (INSERT INTO {target.storage.table} AS {target.row} ({_names(own)})"
            f" SELECT {_names(own)} FROM psa_source RETURNING {target.row}.*, {visible or 'true'} AS psa_visible)"
        ),
    ]
    pairs = [shown(column, "psa_new") for column in target.traced(target.storage.columns.values())]
    joins = "psa_new"
    for index, (satellite, theirs) in enumerate(parts):
        ctes.append(
            f'psa_new{index} AS (INSERT INTO {satellite.storage.table} (id, "{satellite.column}", {_names(theirs)})'
            f" SELECT psa.new_id(), psa_source.id, {_names(theirs, 'psa_source')} FROM psa_source RETURNING *)"
        )
        joins += f' JOIN psa_new{index} ON psa_new{index}."{satellite.column}" = psa_new.id'
        pairs += [shown(column, f"psa_new{index}") for column in theirs]
    ctes.append(whole("psa_new", joins, pairs))
    traces = tell(target.resource, "created", events=events)
    if silent:
        # The cause goes with events only, but PostgreSQL wants to know every parameter's type.
        traces = f"{audited(target.resource, 'created')}, psa_cause AS (SELECT $9::text)"
    read = f", psa_read.* FROM {NEW} LEFT JOIN ({reading}) AS psa_read ON true" if reading else f" FROM {NEW}"
    return f"WITH {', '.join(ctes)}, {traces} SELECT {NEW}.id, {NEW}.version, psa_visible{read}"


@functools.lru_cache(4096)
def update(
    target: Target,
    columns: tuple[str, ...],
    visible: str = "",
    *,
    deleted: bool = False,
    events: int = 0,
) -> str:
    """Return the UPDATE of the row `$10` when its version is among `$11` (null: any); then the columns.

    Answers `before` and `after`, the versions; `after` is null when the version was another or nothing
    differs. With `deleted` the update archives, and the traces say so.
    """
    own, parts = target.split(columns)
    number = {name: index for index, name in enumerate(columns, _FREE + 2)}
    value = {name: target.column(name).parameter(number[name]) for name in columns}
    ctes = [_locked(target, visible)]
    differ = [f"psa_old.{column.sql} IS DISTINCT FROM {value[column.name]}" for column in own]
    lines = [both_sides(column, "psa_old", "psa_new") for column in target.traced(own)]
    joins = "psa_new JOIN psa_old ON true"
    for index, (satellite, theirs) in enumerate(parts):
        old, new = f"psa_old{index}", f"psa_new{index}"
        sets = ", ".join(f"{column.sql} = excluded.{column.sql}" for column in theirs)
        ctes += [
            (
                f"{old} AS (SELECT s.* FROM {satellite.storage.table} s, psa_old"
                f' WHERE s.tenant_id = psa_old.tenant_id AND s."{satellite.column}" = psa_old.id)'
            ),
            (
                f'{new} AS (INSERT INTO {satellite.storage.table} AS s (id, "{satellite.column}", {_names(theirs)})'
                f" SELECT psa.new_id(), psa_old.id, {', '.join(value[column.name] for column in theirs)}"
                f' FROM psa_old WHERE {_CURRENT} ON CONFLICT (tenant_id, "{satellite.column}")'
                f" DO UPDATE SET {sets}, version = s.version + 1, updated_at = $8::timestamptz RETURNING s.*)"
            ),
        ]
        differ += [
            f"(SELECT {old}.{column.sql} FROM {old}) IS DISTINCT FROM {value[column.name]}"
            for column in theirs
        ]
        joins += f" JOIN {new} ON true LEFT JOIN {old} ON true"
        lines += [both_sides(column, old, new) for column in theirs]
    sets = "".join(f"{column.sql} = {value[column.name]}, " for column in own)
    ctes += [
        (
            f"psa_new AS (UPDATE {target.storage.table} AS {target.row}"
            f" SET {sets}version = {target.row}.version + 1, updated_at = $8::timestamptz FROM psa_old"
            f" WHERE {_same(target)} AND {_CURRENT} AND ({' OR '.join(differ)}) RETURNING {target.row}.*)"
        ),
        diff("psa_new", joins, lines, "d.changed"),
        tell(target.resource, "deleted" if deleted else "updated", events=events),
    ]
    return (
        f"WITH {', '.join(ctes)}"
        " SELECT psa_old.version AS before, psa_new.version AS after FROM psa_old LEFT JOIN psa_new ON true"
    )


@functools.lru_cache(1024)
def refer(target: Target, column: str) -> str:
    """Return the UPDATE that gives one column of the rows `$10`, an array of ids, the id `$11`.

    Answers the ids of the rows that held another.
    """
    stored = target.storage.columns[column]
    lines = [both_sides(one, "psa_old", "psa_new") for one in target.traced([stored])]
    return (
        f"WITH psa_old AS (SELECT {target.row}.* FROM {target.storage.table} AS {target.row}"
        f" WHERE {target.row}.tenant_id = psa.current_tenant() AND {target.row}.id = ANY ($10::uuid[])"
        f" ORDER BY {target.row}.id FOR NO KEY UPDATE),"
        f" psa_new AS (UPDATE {target.storage.table} AS {target.row} SET {stored.sql} = $11::uuid,"
        f" version = {target.row}.version + 1, updated_at = $8::timestamptz FROM psa_old"
        f" WHERE {target.row}.tenant_id = psa_old.tenant_id AND {target.row}.id = psa_old.id"
        f" AND psa_old.{stored.sql} IS DISTINCT FROM $11::uuid RETURNING {target.row}.*),"
        f" {diff('psa_new', 'psa_new JOIN psa_old USING (id)', lines, 'd.changed')},"
        f" {tell(target.resource, 'updated')} SELECT id FROM psa_new"
    )


@functools.lru_cache(1024)
def delete(target: Target, visible: str = "", *, events: int = 0) -> str:
    """Return the DELETE of the row `$10` when its version is among `$11` (null: any); answers as `update`."""
    pairs = [shown(column, "psa_old") for column in target.traced(target.storage.columns.values())]
    return (
        f"WITH {_locked(target, visible)}, psa_new AS (DELETE FROM {target.storage.table} AS {target.row}"
        f" USING psa_old WHERE {_same(target)} AND {_CURRENT}"
        f" RETURNING {target.row}.id, {target.row}.version + 1 AS version),"
        f" {whole('psa_new', 'psa_new JOIN psa_old ON true', pairs, gone=True)},"
        f" {tell(target.resource, 'deleted', events=events)}"
        " SELECT psa_old.version AS before, psa_new.version AS after FROM psa_old LEFT JOIN psa_new ON true"
    )


def locked(target: Target, visible: str = "") -> str:
    """Return the SELECT that reads and locks the row `$1` for hooks.

    Keys never change, so others may go on referring to the row meanwhile.
    """
    return (
        f"SELECT {target.storage.select(target.row)} FROM {target.storage.table} AS {target.row}"
        f" WHERE {target.row}.tenant_id = psa.current_tenant() AND {target.row}.id = $1::uuid"
        f"{f' AND {visible}' if visible else ''} FOR NO KEY UPDATE"
    )


def _locked(target: Target, visible: str) -> str:
    return (
        f"psa_old AS (SELECT {target.row}.* FROM {target.storage.table} AS {target.row}"
        f" WHERE {target.row}.tenant_id = psa.current_tenant() AND {target.row}.id = $10::uuid"
        f"{f' AND {visible}' if visible else ''} FOR NO KEY UPDATE)"
    )


def _same(target: Target) -> str:
    # The id again, so that no plan ever walks through the tenant's rows to join them with the one.
    return f"{target.row}.tenant_id = psa_old.tenant_id AND {target.row}.id = $10::uuid"


def _names(columns: Iterable[StoredColumn], row: str = "") -> str:
    return ", ".join(f"{row}.{column.sql}" if row else column.sql for column in columns)


def rows_document(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows of values as the jsonb array that `insert(many=True)` takes."""
    return msgspec.json.encode(
        [
            {name: "\\x" + value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
            for row in rows
        ]
    ).decode()
