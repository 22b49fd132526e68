"""The proof of isolation: what must hold before several tenants may share a database."""

from psa_kernel.database.platform import APP_ROLE
from psa_kernel.database.pool import Connection
from psa_kernel.database.schema import is_tenant_table, qualified
from psa_kernel.registry import Registry

# `isolation.OWN_TENANT` as PostgreSQL renders it.
_OWN_TENANT = "(tenant_id = ( SELECT psa.current_tenant() AS current_tenant))"
_ROLE = """
SELECT rolname::text AS name, rolsuper AS superuser, rolbypassrls AS bypasses,
       pg_has_role(current_user, $1, 'MEMBER') AS serves
FROM pg_roles WHERE rolname = current_user
"""
# Every table with a tenant that this role can touch, whoever made it.
_TABLES = """
SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
       pg_has_role(current_user, c.relowner, 'MEMBER') AS owned,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant' AND p.polpermissive
               AND p.polcmd = '*' AND pg_get_expr(p.polqual, c.oid) = $1
               AND pg_get_expr(p.polwithcheck, c.oid) = $1) AS tenant_policy,
       ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive
             AND p.polname <> 'tenant' AND (p.polroles = '{0}' OR EXISTS (
                 SELECT FROM unnest(p.polroles) AS role WHERE pg_has_role(current_user, role, 'MEMBER'))))
           AS other_policies,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL
               AND i.indkey::int2[] @> ARRAY[t.attnum, d.attnum] AND i.indnkeyatts = 2) AS composite_key,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indkey[0] = t.attnum)
           AS tenant_index
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped
LEFT JOIN pg_attribute d ON d.attrelid = c.oid AND d.attname = 'id' AND NOT d.attisdropped
WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
ORDER BY 1
"""
_VIEWS = """
SELECT n.nspname || '.' || c.relname AS name, c.relkind = 'm' AS materialized
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND has_table_privilege(c.oid, 'SELECT')
  AND (c.relkind = 'm' OR NOT coalesce(c.reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on'])
ORDER BY 1
"""
# The owner's functions see every tenant: a caller-controlled search_path would run the caller's code in them,
# and only the platform's own, which are few and reviewed, may look beyond the current tenant.
_FUNCTIONS = """
SELECT n.nspname || '.' || f.proname AS name,
       EXISTS (SELECT FROM unnest(f.proconfig) AS setting WHERE setting LIKE 'search_path=%') AS own_path,
       n.nspname = 'psa' OR f.prorettype = 'trigger'::regtype
           OR pg_get_functiondef(f.oid) LIKE '%psa.current_tenant()%' AS stays
FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE f.prosecdef AND has_function_privilege(f.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND f.prokind IN ('f', 'p')
ORDER BY 1
"""


async def isolation_problems(connection: Connection, registry: Registry) -> list[str]:
    """Return why tenants aren't provably apart for the connection's role; empty when they are.

    Looks at what is in the database, not at what was meant to be: the role, every table with a
    `tenant_id` that it can reach, views and SECURITY DEFINER functions.
    """
    role = await connection.fetchrow(_ROLE, APP_ROLE)
    assert role is not None
    problems: list[str] = []
    name = role["name"]
    if role["superuser"] or role["bypasses"]:
        problems.append(f"The role {name} ignores row-level security; serve as {APP_ROLE}.")
    elif not role["serves"]:
        problems.append(f"The role {name} isn't a member of {APP_ROLE}; GRANT {APP_ROLE} TO {name}.")
    problems += await _table_problems(connection, registry, name)
    for view in await connection.fetch(_VIEWS):
        remedy = "use a table" if view["materialized"] else "create it WITH (security_invoker = true)"
        problems.append(f"The view {view['name']} shows every tenant's rows; {remedy}.")
    for function in await connection.fetch(_FUNCTIONS):
        what = f"The SECURITY DEFINER function {function['name']}"
        if not function["own_path"]:
            problems.append(f"{what} has no search_path of its own; SET search_path = pg_catalog, pg_temp.")
        if not function["stays"]:
            problems.append(f"{what} sees every tenant; compare with psa.current_tenant() in it.")
    return problems


async def _table_problems(connection: Connection, registry: Registry, role: str) -> list[str]:
    found = {row["name"]: row for row in await connection.fetch(_TABLES, _OWN_TENANT)}
    declared = sorted({qualified(table) for _, table in registry.tables if is_tenant_table(table)})
    problems = [
        f"{name} is missing or not granted; run psa migrate --repair."
        for name in declared
        if name not in found
    ]
    for name, row in found.items():
        problems += [
            f"{name}: {problem}"
            for problem, holds in (
                (f"{role} owns it and could switch row-level security off", not row["owned"]),
                ("row-level security is off; run psa migrate --repair", row["secured"]),
                ("row-level security isn't forced; run psa migrate --repair", row["forced"]),
                ("the tenant policy is missing or changed; run psa migrate --repair", row["tenant_policy"]),
                (f"more policies widen it: {', '.join(row['other_policies'])}", not row["other_policies"]),
                ("it has no unique key (tenant_id, id)", row["composite_key"]),
                ("no index starts with tenant_id", row["tenant_index"]),
            )
            if not holds
        ]
    return problems
