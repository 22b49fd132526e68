"""Errors of the database, told as problems of the request: which attribute, and what to do.

Nothing of the database's own text is passed on: it could name rows of other tenants or columns that a client
doesn't know.
"""

import functools
import hashlib
from collections.abc import Mapping

import asyncpg
import msgspec

from psa_kernel.database.converge.indexes import _declared, _index
from psa_kernel.database.schema import object_name, qualified
from psa_kernel.jsonapi.write_plan import Target
from psa_kernel.registry import Registry
from psa_sdk.errors import Conflict, Fault, Forbidden, Invalid, NotFound, Problem
from psa_sdk.events import Verb
from psa_sdk.resources import ToOne
from psa_sdk.tables import Ref

_TRACES = frozenset(("psa.audit_entry", "psa.outbox"))


class _Names(msgspec.Struct, frozen=True):
    """What the platform's constraints are about, by (`schema.table`, name)."""

    unique: Mapping[tuple[str, str], tuple[str, ...]]
    references: Mapping[tuple[str, str], str]


@functools.lru_cache(8)
def _names(registry: "_Identified") -> _Names:
    unique: dict[tuple[str, str], tuple[str, ...]] = {}
    for table, index in _declared(registry.registry):
        if index.unique:
            unique[qualified(table), _index(table, index).name] = index.expressions
    references = {
        (qualified(table), object_name("fk", table, column._meta.name)): column._meta.name
        for _, table in registry.registry.tables
        for column in table._meta.columns
        if isinstance(column, Ref)
    }
    return _Names(unique, references)


class _Identified:
    """Makes a registry, whose parts don't hash, a key."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def __hash__(self) -> int:
        return id(self.registry)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identified) and other.registry is self.registry


def pointer_to(registry: Registry, resource: str, column: str) -> str:
    """Return where in a document a column is written: an attribute or a relationship."""
    if column == "id":
        return "/data/id"
    declared = registry.resources.get(resource)
    relations = [] if declared is None else [*declared.relations]
    for extension in registry.extensions.get(resource, ()):
        relations += extension.relations
    for relation in relations:
        if isinstance(relation, ToOne) and relation.column._meta.name == column:
            return f"/data/relationships/{relation.name}"
    return f"/data/attributes/{column}"


def problem_of(
    registry: Registry, target: Target, verb: Verb, error: asyncpg.PostgresError
) -> Problem | None:
    """Return the problem that a constraint violation or an unfit value amounts to; None for a bug of ours."""
    names = _names(_Identified(registry))
    said = {
        name: str(getattr(error, name, None) or "") for name in ("schema_name", "table_name", "column_name")
    }
    constraint = str(getattr(error, "constraint_name", None) or "")
    if f"{said['schema_name']}.{said['table_name']}" in _TRACES:
        return None
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        # Row-level security refused the row: a portal principal's write for another company.
        return (
            Forbidden("Your rights don't reach as far as this record.") if "row-level" in str(error) else None
        )
    if isinstance(error, asyncpg.ProgramLimitExceededError):
        return Invalid("A text is too long to be searched and sorted by.", code="too_long", pointer="/data")
    key = (f"{said['schema_name']}.{said['table_name']}", constraint)
    if isinstance(error, asyncpg.UniqueViolationError):
        return _taken(registry, target, names.unique.get(key), constraint)
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        if verb == "delete":
            return _in_use(registry, target, key[0])
        column = names.references.get(key, "")
        pointer = pointer_to(registry, target.resource, column) if column else "/data"
        return NotFound(
            f"What “{column}” refers to does not exist.", code="related_not_found", pointer=pointer
        )
    if isinstance(error, asyncpg.NotNullViolationError):
        column = said["column_name"]
        pointer = pointer_to(registry, target.resource, column)
        return Invalid(f"“{column}” is required.", code="required", pointer=pointer)
    if isinstance(error, asyncpg.CheckViolationError):
        return _refused(registry, target, key)
    return Invalid("A value is out of the range that can be stored.", code="out_of_range", pointer="/data")


def _taken(
    registry: Registry, target: Target, expressions: tuple[str, ...] | None, constraint: str
) -> Problem:
    if expressions is None:
        if constraint.endswith(("_pkey", "_tenant_id_id")):
            return Conflict("This id is already in use.", code="id_taken", pointer="/data/id")
        return Conflict("Another record has these values already.", code="already_taken", pointer="/data")
    columns = [
        name
        for name in target.storage.columns
        if any(name in _words(expression) for expression in expressions)
    ]
    faults = [
        Fault(
            detail=f"Another record already has this {' and '.join(columns).replace('_', ' ')}.",
            code="already_taken",
            pointer=pointer_to(registry, target.resource, column),
        )
        for column in columns
    ]
    return Conflict(code="already_taken", faults=faults or [Fault(detail="Taken.", code="already_taken")])


def _words(expression: str) -> set[str]:
    return set("".join(letter if letter.isalnum() or letter == "_" else " " for letter in expression).split())


def _in_use(registry: Registry, target: Target, table: str) -> Problem:
    user = registry.table_resource.get(table)
    if user is None:
        user = next(
            (
                resource
                for resource, extensions in registry.extensions.items()
                for extension in extensions
                if qualified(extension.table) == table
            ),
            "",
        )
    what = user.replace("-", " ") or "other records"
    return Conflict(
        f"It can't be deleted while {what} refer to it; move or delete those first.",
        code="in_use",
        pointer="/data",
        meta={"resource": user} if user else None,
    )


def _refused(registry: Registry, target: Target, key: tuple[str, str]) -> Problem:
    for column in target.storage.columns:
        if key[1] == f"ck_{target.storage.name.partition('.')[2]}_{column}":
            pointer = pointer_to(registry, target.resource, column)
            return Invalid(f"“{column}” can't have this value.", code="invalid", pointer=pointer)
    table = next((declared for _, declared in registry.tables if qualified(declared) == key[0]), None)
    if table is not None:
        for check in table.checks:
            if object_name("ck", table, _digest(check)) == key[1]:
                columns = [name for name in target.storage.columns if name in _words(check)]
                return _against(registry, target, check, columns)
    return Invalid("The values don't fit together.", code="invalid", pointer="/data")


def _against(registry: Registry, target: Target, check: str, columns: list[str]) -> Problem:
    pointer = pointer_to(registry, target.resource, columns[0]) if len(columns) == 1 else "/data"
    named = " and ".join(f"“{column}”" for column in columns) or "The values"
    return Invalid(f"{named} must satisfy: {check}.", code="invalid", pointer=pointer)


def _digest(check: str) -> str:
    return hashlib.sha256(check.encode()).hexdigest()[:8]
