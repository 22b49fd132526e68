"""Tables: in the plugin's own schema, of the right base, with references that make sense."""

from collections.abc import Iterator

from psa_kernel.registry import Registry
from psa_sdk.resources import ManyToMany
from psa_sdk.tables import PlatformTable, Ref, TenantTable


def tables(registry: Registry) -> Iterator[str]:
    """Find tables in a foreign schema, without a tenant, and tables in use that nobody declares."""
    declared = {table for _, table in registry.tables}
    for name, table in registry.tables:
        plugin = registry.plugins[name]
        label = f"{table._meta.schema or 'public'}.{table._meta.tablename}"
        expected = "psa" if plugin.builtin else name.split(".")[0]
        if table._meta.schema != expected:
            yield f"{name}: the table {label} must be in the plugin's own schema {expected}."
        if not issubclass(table, TenantTable) and not (plugin.builtin and issubclass(table, PlatformTable)):
            yield f"{name}: the table {label} has no tenant; derive it from TenantTable."
        for column in table._meta.columns:
            if isinstance(column, Ref) and column.deletion == "set_null" and not column._meta.null:
                yield f"{name}: {label}.{column._meta.name} is set_null on delete and not null; say null=True."
    for name, plugin in registry.plugins.items():
        used = [resource.table for resource in plugin.manifest.resources]
        used += [extension.table for extension in plugin.manifest.extensions]
        used += [
            relation.here._meta.table
            for resource in plugin.manifest.resources
            for relation in resource.relations
            if isinstance(relation, ManyToMany)
        ]
        for table in dict.fromkeys(used):
            if table not in declared:
                yield f"{name}: uses the table {table.__name__}, which no manifest lists under tables."
