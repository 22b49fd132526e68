"""Extensions: attributes from a satellite table that really points at the resource."""

from collections.abc import Iterator

from psa_kernel.boot.checks.resources import columns, field_names, references
from psa_kernel.registry import Registry
from psa_sdk.resources import Extension
from psa_sdk.tables import TenantTable


def extensions(registry: Registry) -> Iterator[str]:
    """Find extensions that name columns their table doesn't have."""
    for plugin in registry.plugins.values():
        for extension in plugin.manifest.extensions:
            if extension.resource in registry.resources:
                for problem in _problems(extension):
                    yield f"{plugin.name}: its extension of {extension.resource} {problem}"


def _problems(extension: Extension) -> Iterator[str]:
    table = extension.table
    if not issubclass(table, TenantTable):
        yield f"rests on {table.__name__}, which is no TenantTable."
        return
    stored = columns(table)
    for name in field_names(extension.read):
        if name not in stored:
            yield f"reads {name}, which is no column of {table.__name__}."
    for name in field_names(extension.write):
        if name not in stored:
            yield f"writes {name}, which is no column of {table.__name__}."
    yield from references("points at the record", extension.column, extension.resource)
    used = (extension.column, *extension.filters, *extension.sorts)
    for column in (*used, *(relation.column for relation in extension.relations)):
        if column._meta.table is not table:
            yield f"uses {column._meta.table.__name__}.{column._meta.name}, which is no column of {table.__name__}."
    for relation in extension.relations:
        yield from references(f"adds {relation.name}, which", relation.column, relation.target)
