"""Constraints that follow from columns: references to other resources, closed sets of values, checks."""

import hashlib
from collections.abc import Iterator

from psa_kernel.database.converge.managed import Managed
from psa_kernel.database.schema import AnyTable, literal, object_name, qualified, quoted
from psa_kernel.registry import Registry
from psa_sdk.tables import Choice, Ref

_ON_DELETE = {"restrict": "NO ACTION", "cascade": "CASCADE", "set_null": "SET NULL ({})"}


def constraints(registry: Registry) -> Iterator[Managed]:
    """Yield foreign keys, CHECKs of choices and declared checks of every table.

    Foreign keys include the tenant: PostgreSQL checks them without row-level security, so a plain one
    would accept another tenant's id. They can be deferred, for the erasure and the import of a tenant.
    """
    for _, table in registry.tables:
        for column in table._meta.columns:
            if isinstance(column, Ref) and column.target in registry.resources:
                yield _reference(table, column, qualified(registry.resources[column.target].table))
            if isinstance(column, Choice):
                allowed = ", ".join(literal(value) for value in column.allowed)
                name = column._meta.name
                yield _check(table, object_name("ck", table, name), f"{quoted(name)} IN ({allowed})")
        for expression in table.checks:
            digest = hashlib.sha256(expression.encode()).hexdigest()[:8]
            yield _check(table, object_name("ck", table, digest), expression)


def _reference(table: AnyTable, column: Ref, target: str) -> Managed:
    name = column._meta.name
    deletion = _ON_DELETE[column.deletion].format(quoted(name))
    return Managed(
        kind="constraint",
        table=qualified(table),
        name=object_name("fk", table, name),
        create=(
            f"FOREIGN KEY (tenant_id, {quoted(name)}) REFERENCES {quoted(target)} (tenant_id, id) "
            f"ON DELETE {deletion} DEFERRABLE INITIALLY IMMEDIATE"
        ),
        validate=True,
    )


def _check(table: AnyTable, name: str, expression: str) -> Managed:
    return Managed(
        kind="constraint", table=qualified(table), name=name, create=f"CHECK ({expression})", validate=True
    )
