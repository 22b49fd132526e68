"""Row-level security: who sees which rows, and what the application may do to a table."""

from collections.abc import Iterator, Mapping

from psa_kernel.database.converge.managed import Managed
from psa_kernel.database.platform import APP_ROLE
from psa_kernel.database.pool import Connection
from psa_kernel.database.schema import AnyTable, is_tenant_table, qualified, quoted
from psa_kernel.registry import Registry
from psa_sdk.tables import Ref, TenantTable

# A sub-select is evaluated once per statement; a bare call once per row.
OWN_TENANT = "tenant_id = (SELECT psa.current_tenant())"
# With OR the planner takes the rows to be few, whoever asks, and sorts a tenant's rows instead of reading an index in
# order; of a CASE it believes that half of them pass.
_OWN_COMPANY = (
    "CASE WHEN (SELECT psa.current_company()) IS NULL THEN true ELSE {} = (SELECT psa.current_company()) END"
)


def policies(registry: Registry, owner: str) -> Iterator[Managed]:
    """Yield the policies of tenant tables: the tenant's rows, the portal's company, the owner's all.

    They name the application's role, so that any other role sees nothing, and the platform's SECURITY
    DEFINER functions, which run as the owner, see everything.
    """
    for _, table in registry.tables:
        if not issubclass(table, TenantTable):
            continue
        yield _policy(table, "tenant", f"TO {APP_ROLE}", OWN_TENANT)
        yield _policy(table, "owner", f"TO {quoted(owner)}", "true")
        company = company_key(registry, table)
        if company:
            own = _OWN_COMPANY.format(quoted(company))
            yield _policy(table, "company", f"AS RESTRICTIVE TO {APP_ROLE}", own)


def _policy(table: AnyTable, name: str, clause: str, rows: str) -> Managed:
    on = quoted(qualified(table))
    create = f"CREATE POLICY {name} ON {on} {clause} USING ({rows}) WITH CHECK ({rows})"
    return Managed(kind="policy", table=qualified(table), name=name, create=create)


def company_key(registry: Registry, table: type[TenantTable]) -> str:
    """Return the column that holds a row's company, or "" when rows belong to none."""
    if table.company_key is not None:
        return table.company_key
    companies = registry.resources.get("companies")
    if companies is not None and companies.table is table:
        return "id"
    for column in table._meta.columns:
        if isinstance(column, Ref) and column.target == "companies" and column._meta.name == "company":
            return "company"
    return ""


def append_only(registry: Registry) -> Iterator[Managed]:
    """Yield the triggers that refuse changes of append-only tables, whoever tries."""
    for _, table in registry.tables:
        if not table.append_only:
            continue
        on = quoted(qualified(table))
        for name, event in (
            ("append_only_rows", "UPDATE OR DELETE ON {} FOR EACH ROW"),
            ("append_only_table", "TRUNCATE ON {} FOR EACH STATEMENT"),
        ):
            create = f"CREATE TRIGGER {name} BEFORE {event.format(on)} EXECUTE FUNCTION psa.refuse_change()"
            yield Managed(kind="trigger", table=qualified(table), name=name, create=create)


def grants(registry: Registry) -> dict[str, frozenset[str]]:
    """Return what the application may do to each declared table."""
    return {qualified(table): _granted(table) for _, table in registry.tables}


def _granted(table: AnyTable) -> frozenset[str]:
    if not is_tenant_table(table):
        allowed = str(getattr(table, "grants", "SELECT"))
        return frozenset(word.strip().upper() for word in allowed.split(",") if word.strip())
    return frozenset(("SELECT", "INSERT") if table.append_only else ("SELECT", "INSERT", "UPDATE", "DELETE"))


async def enable(connection: Connection, registry: Registry, *, multi_tenant: bool) -> None:
    """Switch row-level security on, also for the owner, or off in single-tenant mode."""
    rows = await connection.fetch(
        "SELECT relrowsecurity AND relforcerowsecurity AS secured, relrowsecurity OR relforcerowsecurity AS any, "
        "n.nspname || '.' || relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE relkind IN ('r', 'p')"
    )
    state = {row["name"]: (row["secured"], row["any"]) for row in rows}
    for _, table in registry.tables:
        if not is_tenant_table(table):
            continue
        secured, partly = state[qualified(table)]
        on = quoted(qualified(table))
        if multi_tenant and not secured:
            await connection.execute(f"ALTER TABLE {on} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        if not multi_tenant and partly:
            await connection.execute(
                f"ALTER TABLE {on} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"
            )


async def grant(connection: Connection, wanted: Mapping[str, frozenset[str]]) -> None:
    """Make the application's rights exactly the wanted ones; tables that nobody declares lose theirs."""
    rows = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name, array_agg(acl.privilege_type) AS rights "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) acl "
        "WHERE acl.grantee = $1::text::regrole AND c.relkind IN ('r', 'p') "
        "AND c.relowner = current_user::regrole GROUP BY 1",
        APP_ROLE,
    )
    present = {row["name"]: frozenset(row["rights"]) for row in rows}
    schemas = {"psa", *(table.split(".")[0] for table in wanted)}
    statements = [f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {APP_ROLE}" for schema in sorted(schemas)]
    for table in sorted({*wanted, *present}):
        rights = wanted.get(table, frozenset())
        if rights != present.get(table, frozenset()):
            statements.append(f"REVOKE ALL ON {quoted(table)} FROM {APP_ROLE}")
            if rights:
                statements.append(f"GRANT {', '.join(sorted(rights))} ON {quoted(table)} TO {APP_ROLE}")
    async with connection.transaction():
        await connection.execute(";\n".join(statements))
