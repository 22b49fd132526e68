"""Full-text search: triggers keep `psa.search_document` equal to what resources declare as searchable.

The application has no right to that table: tsvector matching isn't leakproof, so row-level security would
read all of a tenant's rows. `psa.search` finds within the current tenant only.
"""

from collections.abc import Iterator, Sequence

from psa_kernel.database.converge.managed import Managed
from psa_kernel.database.schema import literal, qualified, quoted
from psa_kernel.registry import Registry
from psa_sdk.resources import Resource
from psa_sdk.tables import Column, Tags


def search_triggers(registry: Registry) -> Iterator[Managed]:
    """Yield a function and a trigger for each resource with searchable columns."""
    for resource in registry.resources.values():
        if resource.search:
            yield _function(resource)
            yield _trigger(resource)


def _content(resource: Resource, row: str) -> str:
    return content(resource.search, row)


def content(parts: Sequence[Column | str], row: str) -> str:
    """Return the SQL of the text in which a row's words are found."""
    return f"concat_ws(' ', {', '.join(_part(part, row) for part in parts)})"


def _part(part: Column | str, row: str) -> str:
    if isinstance(part, str):
        return part.replace("{row}", row)
    name = f"{row}.{quoted(part._meta.name)}"
    return f"array_to_string({name}, ' ')" if isinstance(part, Tags) else name


def _same(resource: Resource) -> str:
    archive = (resource.archive,) if resource.archive is not None else ()
    return " AND ".join(
        f"{_part(part, 'NEW')} IS NOT DISTINCT FROM {_part(part, 'OLD')}"
        for part in (*resource.search, *archive)
    )


def _upsert(resource: Resource, source: str) -> str:
    return f"""
        INSERT INTO psa.search_document (tenant_id, kind, id, words)
        {source}
        ON CONFLICT (tenant_id, kind, id) DO UPDATE SET words = excluded.words, changed_at = now()"""


def _function(resource: Resource) -> Managed:
    kind = literal(resource.name)
    name = "index_" + qualified(resource.table).replace(".", "_")
    forget = f"DELETE FROM psa.search_document WHERE tenant_id = {{0}}.tenant_id AND kind = {kind} AND id = {{0}}.id"
    hidden = f"NEW.{quoted(resource.archive._meta.name)} IS NOT NULL" if resource.archive else "false"
    content = _content(resource, "NEW")
    vector = f"psa.search_vector(NEW.tenant_id, {kind}, {content})"
    create = f"""
CREATE OR REPLACE FUNCTION psa.{quoted(name)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        {forget.format("OLD")};
    ELSIF TG_OP = 'UPDATE' AND {_same(resource)} THEN
        NULL;
    ELSIF {hidden} THEN
        {forget.format("NEW")};
    ELSE {_upsert(resource, f"VALUES (NEW.tenant_id, {kind}, NEW.id, {vector})")};
    END IF;
    RETURN NULL;
END $$"""
    return Managed(kind="function", table=qualified(resource.table), name=name, create=create)


def _trigger(resource: Resource) -> Managed:
    table = quoted(qualified(resource.table))
    kind = literal(resource.name)
    function = quoted("index_" + qualified(resource.table).replace(".", "_"))
    # No list of columns: PostgreSQL would refuse migrations that drop or change one of them.
    create = (
        f"CREATE TRIGGER search AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION psa.{function}()"
    )
    shown = f"WHERE row.{quoted(resource.archive._meta.name)} IS NULL" if resource.archive else ""
    vector = f"psa.search_vector(row.tenant_id, {kind}, {_content(resource, 'row')})"
    source = f"SELECT row.tenant_id, {kind}, row.id, {vector} FROM {table} AS row {shown}"
    # The documents of rows that were there before; also when what is searchable has changed.
    fill = f"DELETE FROM psa.search_document WHERE kind = {kind};{_upsert(resource, source)}"
    return Managed(kind="trigger", table=qualified(resource.table), name="search", create=create, fill=fill)
