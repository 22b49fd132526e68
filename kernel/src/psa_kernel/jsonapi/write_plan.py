"""The SQL of a write: one statement changes the row and writes its audit entry and its record event.

`WITH psa_old …, psa_new …, psa_diff …, psa_audited …, psa_told … SELECT`: the traces are made from what the
database held and wrote, so they can't disagree with it. Satellites of extensions are written along and traced
under the resource. Statements are compiled once per resource, verb and set of columns; their first parameters
are always `FACTS`. The row's alias is its table's name, as object scopes expect.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import msgspec

from psa_kernel.database.schema import literal
from psa_kernel.jsonapi.storage import KERNEL_COLUMNS, Storage, StoredColumn

FACTS = 9
"""Actor kind, id, label, on behalf of, request id, ip, user agent (`Unit.actor_facts`); now; cause."""
_ACTOR = "$1::text, $2::uuid, $3::text, $4::uuid, $5::text, $6::text, $7::text"
_FREE = FACTS + 1
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
    target: Target, columns: tuple[str, ...], visible: str = "", *, many: bool = False, silent: bool = False
) -> str:
    """Return the INSERT of one row (a parameter per column) or of many (`$10`, a jsonb array of rows).

    Answers id, version and psa_visible of each row; `columns` has the id. `silent` rows cause no events.
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
    shown = [_shown(column, "psa_new") for column in target.traced(target.storage.columns.values())]
    joins = "psa_new"
    for index, (satellite, theirs) in enumerate(parts):
        ctes.append(
            f'psa_new{index} AS (INSERT INTO {satellite.storage.table} (id, "{satellite.column}", {_names(theirs)})'
            f" SELECT psa.new_id(), psa_source.id, {_names(theirs, 'psa_source')} FROM psa_source RETURNING *)"
        )
        joins += f' JOIN psa_new{index} ON psa_new{index}."{satellite.column}" = psa_new.id'
        shown += [_shown(column, f"psa_new{index}") for column in theirs]
    ctes.append(_whole("psa_new", joins, shown))
    traces = tell(target.resource, "created")
    if silent:
        # The cause goes with events only, but PostgreSQL wants to know every parameter's type.
        traces = f"{audited(target.resource, 'created')}, psa_cause AS (SELECT $9::text)"
    return f"WITH {', '.join(ctes)}, {traces} SELECT id, version, psa_visible FROM psa_new"


@functools.lru_cache(4096)
def update(target: Target, columns: tuple[str, ...], visible: str = "", *, deleted: bool = False) -> str:
    """Return the UPDATE of the row `$10` when its version is among `$11` (null: any); then the columns.

    Answers `before` and `after`, the versions; `after` is null when the version was another or nothing
    differs. With `deleted` the update archives, and the traces say so.
    """
    own, parts = target.split(columns)
    number = {name: index for index, name in enumerate(columns, _FREE + 2)}
    value = {name: target.column(name).parameter(number[name]) for name in columns}
    ctes = [_locked(target, visible)]
    differ = [f"psa_old.{column.sql} IS DISTINCT FROM {value[column.name]}" for column in own]
    lines = [_both_sides(column, "psa_old", "psa_new") for column in target.traced(own)]
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
        lines += [_both_sides(column, old, new) for column in theirs]
    sets = "".join(f"{column.sql} = {value[column.name]}, " for column in own)
    ctes += [
        (
            f"psa_new AS (UPDATE {target.storage.table} AS {target.row}"
            f" SET {sets}version = {target.row}.version + 1, updated_at = $8::timestamptz FROM psa_old"
            f" WHERE {_same(target)} AND {_CURRENT} AND ({' OR '.join(differ)}) RETURNING {target.row}.*)"
        ),
        _diff("psa_new", joins, lines, "d.changed"),
        tell(target.resource, "deleted" if deleted else "updated"),
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
    lines = [_both_sides(one, "psa_old", "psa_new") for one in target.traced([stored])]
    return (
        f"WITH psa_old AS (SELECT {target.row}.* FROM {target.storage.table} AS {target.row}"
        f" WHERE {target.row}.tenant_id = psa.current_tenant() AND {target.row}.id = ANY ($10::uuid[])"
        f" ORDER BY {target.row}.id FOR NO KEY UPDATE),"
        f" psa_new AS (UPDATE {target.storage.table} AS {target.row} SET {stored.sql} = $11::uuid,"
        f" version = {target.row}.version + 1, updated_at = $8::timestamptz FROM psa_old"
        f" WHERE {target.row}.tenant_id = psa_old.tenant_id AND {target.row}.id = psa_old.id"
        f" AND psa_old.{stored.sql} IS DISTINCT FROM $11::uuid RETURNING {target.row}.*),"
        f" {_diff('psa_new', 'psa_new JOIN psa_old USING (id)', lines, 'd.changed')},"
        f" {tell(target.resource, 'updated')} SELECT id FROM psa_new"
    )


@functools.lru_cache(1024)
def delete(target: Target, visible: str = "") -> str:
    """Return the DELETE of the row `$10` when its version is among `$11` (null: any); answers as `update`."""
    shown = [_shown(column, "psa_old") for column in target.traced(target.storage.columns.values())]
    return (
        f"WITH {_locked(target, visible)}, psa_new AS (DELETE FROM {target.storage.table} AS {target.row}"
        f" USING psa_old WHERE {_same(target)} AND {_CURRENT}"
        f" RETURNING {target.row}.id, {target.row}.version + 1 AS version),"
        f" {_whole('psa_new', 'psa_new JOIN psa_old ON true', shown, gone=True)},"
        f" {tell(target.resource, 'deleted')}"
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


def _diff(key: str, source: str, lines: Sequence[str], changed: str) -> str:
    """Return the CTE with one row per written record: id, version, and what went, came and changed."""
    values = ", ".join(lines) or "(''::text, false, NULL::jsonb, NULL::jsonb, NULL::jsonb, NULL::jsonb)"
    return (
        f"psa_diff AS (SELECT {key}.id, {key}.version, d.before, d.after, {changed} AS changed FROM {source}"
        " CROSS JOIN LATERAL (SELECT jsonb_object_agg(c.name, c.lost) FILTER (WHERE c.lost IS NOT NULL) AS before,"
        " jsonb_object_agg(c.name, c.gained) FILTER (WHERE c.gained IS NOT NULL) AS after,"
        " jsonb_object_agg(c.name, jsonb_build_array(c.old, c.new)) AS changed"
        f" FROM (VALUES {values}) AS c(name, differs, old, new, lost, gained) WHERE c.differs) d)"
    )


def _whole(key: str, source: str, shown: Sequence[str], *, gone: bool = False) -> str:
    """Return `psa_diff` of records that came or went: all that they hold is new, or old."""
    pairs = [", ".join(shown[start : start + _PAIRS]) for start in range(0, len(shown), _PAIRS)]
    objects = " || ".join(f"jsonb_build_object({some})" for some in pairs) or "'{}'::jsonb"
    sides = "d.held AS before, NULL::jsonb AS after" if gone else "NULL::jsonb AS before, d.held AS after"
    change = "jsonb_build_array(c.value, NULL)" if gone else "jsonb_build_array(NULL, c.value)"
    return (
        f"psa_diff AS (SELECT {key}.id, {key}.version, {sides}, coalesce(d.changed, '{{}}') AS changed FROM {source}"
        " CROSS JOIN LATERAL (SELECT jsonb_object_agg(c.key, c.value) AS held,"
        f" jsonb_object_agg(c.key, {change}) AS changed"
        f" FROM jsonb_each({objects}) AS c WHERE c.value <> 'null') d)"
    )


_PAIRS = 50
"""Columns in one `jsonb_build_object`: PostgreSQL functions take a hundred arguments."""


def audited(resource: str, action: str, source: str = "psa_diff") -> str:
    """Return the CTE that writes audit entries from the rows of `source`: id, before, after and changed."""
    return (
        "psa_audited AS (INSERT INTO psa.audit_entry (id, tenant_id, occurred_at, actor_kind, actor_id,"
        " actor_label, on_behalf_of, request_id, ip, user_agent, action, resource, record_id, old, new)"
        f" SELECT psa.new_id(), psa.current_tenant(), $8::timestamptz, {_ACTOR}, {literal(action)},"
        f" {literal(resource)}, s.id, s.before, s.after FROM {source} s WHERE s.changed IS NOT NULL)"
    )


def tell(resource: str, action: str, source: str = "psa_diff") -> str:
    """Return the CTEs that write audit entries and record events from the rows of `source`.

    `source` has id, version, before, after and changed; rows without `changed` leave no trace.
    """
    return (
        f"{audited(resource, action, source)},"
        " psa_told AS (INSERT INTO psa.outbox (id, tenant_id, kind, name, payload, subject_id, sequence,"
        " actor_kind, actor_id, request_id, cause)"
        f" SELECT psa.new_id(), psa.current_tenant(), 'record', {literal(f'{resource}.{action}')},"
        f" jsonb_build_object('resource', {literal(resource)}, 'action', {literal(action)}, 'id', s.id,"
        " 'sequence', s.version, 'changed', s.changed), s.id, s.version, $1::text, $2::uuid, $5::text,"
        f" $9::text::jsonb FROM {source} s WHERE s.changed IS NOT NULL)"
    )


def _shown(column: StoredColumn, row: str) -> str:
    """Return a pair of `jsonb_build_object`: a column's name and its value as the audit log shows it."""
    return f"{literal(column.name)}, {column.shown(row)}"


def _both_sides(column: StoredColumn, old: str, new: str) -> str:
    """Return a diff line: name, whether it differs, both values, and both as the audit log shows them."""
    before, after = column.shown(old), column.shown(new)
    lost, gained = f"coalesce({before}, 'null')", f"coalesce({after}, 'null')"
    if column.sql_type == "text[]":
        lost = _members("removed", f"{old}.{column.sql}", f"{new}.{column.sql}")
        gained = _members("added", f"{new}.{column.sql}", f"{old}.{column.sql}")
    differs = f"{old}.{column.sql} IS DISTINCT FROM {new}.{column.sql}"
    return f"({literal(column.name)}, {differs}, {before}, {after}, {lost}, {gained})"


def _members(word: str, these: str, those: str) -> str:
    return (
        f"(SELECT jsonb_build_object('{word}', jsonb_agg(m ORDER BY m)) FROM unnest({these}) m"
        f" WHERE m <> ALL (coalesce({those}, '{{}}')) HAVING count(*) > 0)"
    )


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
