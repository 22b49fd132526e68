"""Tables keep tenants apart and are what the migrations make (TEN-01, TEN-03, KRN-04)."""

from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import House, report

_TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS policy,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull)
           AS tenant,
       EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
               WHERE i.indrelid = c.oid AND a.attname = 'tenant_id') AS tenant_index,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indnkeyatts = 2
               AND ARRAY['tenant_id', 'id']::name[] = ARRAY(SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY
                   AS k(n, o) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n ORDER BY k.o))
           AS composite_key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1
"""
_SINGLE_REFERENCES = """
SELECT c.relname AS name, k.conname AS constraint
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND k.contype = 'f' AND NOT EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey) AND a.attname = 'tenant_id')
"""
_FUNCTIONS = """
SELECT f.proname AS name FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE n.nspname = $1 AND f.prosecdef
"""


class TableChecks:
    """Checks of the plugin's schema in a multi-tenant database."""

    async def test_every_table_keeps_tenants_apart(self, house: House) -> None:
        """Row-level security is forced, keys are composite, an index begins with the tenant."""
        booted(house)
        schema, faults = house.plugin.split(".")[0], list[str]()
        wanted = (
            ("tenant", "has no required tenant_id"),
            ("secured", "has no row-level security"),
            ("forced", "doesn't force row-level security on its owner"),
            ("policy", "has no policy"),
            ("tenant_index", "has no index that begins with tenant_id"),
            ("composite_key", "has no unique key (tenant_id, id)"),
        )
        for row in await house.installation.rows(_TABLES, schema):
            faults += [f"{schema}.{row['name']} {text}." for fact, text in wanted if not row[fact]]
        for row in await house.installation.rows(_SINGLE_REFERENCES, schema):
            faults.append(f"{schema}.{row['name']}: {row['constraint']} refers without the tenant; use Ref.")
        faults += [
            f"{schema}.{row['name']}() is SECURITY DEFINER and sees every tenant."
            for row in await house.installation.rows(_FUNCTIONS, schema)
        ]
        report(faults + await house.installation.isolation_problems())

    async def test_migrations_make_what_is_declared(self, house: House) -> None:
        """There is no drift between the declared tables and the database."""
        booted(house)
        drift = await house.installation.drift(house.plugin)
        report([f"The migrations lack: {statement}" for statement in drift])
