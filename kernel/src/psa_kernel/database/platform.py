"""What must exist before any migration: roles, schemas, the ledger and the platform's SQL functions."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import asyncpg

from psa_kernel.database.pool import Connection
from psa_kernel.database.schema import literal, quoted

OWNER_ROLE = "psa_owner"
APP_ROLE = "psa_app"
SINGLE_TENANT = UUID("00000000-0000-7000-8000-000000000001")
"""The only tenant of a single-tenant installation; the operator's own one where there are several."""

_OLDEST_SERVER = 15
_LEDGER = """
CREATE TABLE IF NOT EXISTS psa.migration (
    plugin text NOT NULL, id text NOT NULL, checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), seconds real NOT NULL, PRIMARY KEY (plugin, id));
CREATE TABLE IF NOT EXISTS psa.converged (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), hash text NOT NULL,
    converged_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS psa.search_document (
    tenant_id uuid NOT NULL, kind text NOT NULL, id uuid NOT NULL, words tsvector NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant_id, kind, id));
CREATE INDEX IF NOT EXISTS ix_search_document_words ON psa.search_document USING gin (words);
"""
_NEW_ID_BEFORE_18 = """
SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
    substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid
"""


class DatabaseUnfit(RuntimeError):
    """The server, its version or the role isn't what the platform needs; the message says the remedy."""


def functions_sql(server_version: int, *, multi_tenant: bool) -> str:
    """Return the definitions of the platform's functions for a server and a tenancy."""
    bound = "SELECT nullif(current_setting('app.current_tenant', true), '')::uuid"
    source = (Path(__file__).parent / "functions.sql").read_text(encoding="utf-8")
    new_id = "SELECT pg_catalog.uuidv7()" if server_version >= 18 else _NEW_ID_BEFORE_18
    constant = f"SELECT {literal(str(SINGLE_TENANT))}::uuid"
    return source.replace("${new_id}", new_id).replace(
        "${current_tenant}", bound if multi_tenant else constant
    )


async def become_owner(connection: Connection) -> str:
    """Make sure of the two roles, and act as the owner; returns its name.

    A superuser creates what is missing and becomes `psa_owner`; another role is the owner itself.
    Raises `DatabaseUnfit`.
    """
    version = connection.get_server_version().major
    if version < _OLDEST_SERVER:
        raise DatabaseUnfit(f"PostgreSQL {version} is too old; {_OLDEST_SERVER} or newer is needed.")
    me = await connection.fetchrow(
        "SELECT current_user::text AS name, rolsuper, rolcreaterole, current_database()::text AS database, "
        "has_database_privilege(current_database(), 'CREATE') AS creates "
        "FROM pg_roles WHERE rolname = current_user"
    )
    assert me is not None
    database = quoted(me["database"])
    if me["name"] == APP_ROLE:
        raise DatabaseUnfit(
            f"{APP_ROLE} serves and may not migrate; set PSA_OWNER_DATABASE_URL to the owner's."
        )
    if not me["creates"]:
        raise DatabaseUnfit(
            f"The role {me['name']} may not create schemas; as an administrator run: "
            f"GRANT CREATE ON DATABASE {database} TO {quoted(me['name'])}"
        )
    wanted = (OWNER_ROLE, APP_ROLE) if me["rolsuper"] else (APP_ROLE,)
    for role in wanted:
        if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
            continue
        if not (me["rolsuper"] or me["rolcreaterole"]):
            raise DatabaseUnfit(
                f"The role {role} is missing and {me['name']} may not create it; as an administrator run: "
                f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '…'"
            )
        try:
            await connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS")
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            continue  # another database's migration on the same server was faster
    if not me["rolsuper"]:
        return str(me["name"])
    await connection.execute(f"GRANT CREATE ON DATABASE {database} TO {OWNER_ROLE}; SET ROLE {OWNER_ROLE}")
    return OWNER_ROLE


async def prepare(connection: Connection, schemas: Iterable[str], *, multi_tenant: bool) -> None:
    """Create the schemas, the ledger and the platform's functions, in one transaction."""
    names = sorted({"psa", "psa_number", *schemas})
    present = {row["nspname"] for row in await connection.fetch("SELECT nspname FROM pg_namespace")}
    async with connection.transaction():
        for name in names:
            if name not in present:
                await connection.execute(f"CREATE SCHEMA {quoted(name)}")
        await connection.execute(_LEDGER)
        await connection.execute(
            functions_sql(connection.get_server_version().major, multi_tenant=multi_tenant)
        )
