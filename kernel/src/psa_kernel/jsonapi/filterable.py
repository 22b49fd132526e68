"""What a resource's lists can be filtered by, resolved to SQL: columns, derived values, satellites, paths."""

from collections.abc import Callable, Mapping, Sequence

from psa_kernel.jsonapi.kinds import kind_of_column
from psa_kernel.jsonapi.shape import (
    Attribute,
    Filter,
    Relation,
    choices_of,
    column_sql,
    of_tenant,
    quoted,
    source_of,
)
from psa_sdk.resources import Extension, Resource, ToOne
from psa_sdk.tables import Column

RelatedResource = Callable[[str, str], Resource | None]
"""Given a resource and an attribute of it: the resource, None when either is not shown."""


def filters_of(
    resource: Resource,
    extensions: Sequence[Extension],
    columns: Mapping[str, Column],
    attributes: Mapping[str, Attribute],
    relations: Mapping[str, Relation],
    related: RelatedResource,
) -> dict[str, Filter]:
    """Return the filters of a resource by the name that clients write: the relationship's for references."""
    row = quoted(resource.table._meta.tablename)
    found = {"id": Filter(name="id", kind="uuid", value=f"{row}.id")}
    references = {
        declared.column._meta.name: declared.name
        for declared in resource.relations
        if isinstance(declared, ToOne)
    }
    for declared in resource.filters:
        name = declared if isinstance(declared, str) else declared._meta.name
        shown = references.get(name, name)
        if "." in name:
            path = _path(resource, name, relations, related)
            if path is not None:
                found[name] = path
        elif name in references:
            if shown in relations:
                found[shown] = _column(shown, columns[name], row)
        elif name in columns:
            # Columns that no audience reads can be filtered by; hidden ones are no attributes either.
            if name in attributes or name not in resource.portal_hidden:
                found[name] = _column(name, columns[name], row)
        elif name in attributes:
            value = attributes[name].value.replace("{row}", row)
            found[name] = Filter(name=name, kind=attributes[name].kind, value=value)
    for extension in extensions:
        found.update(_of_extension(extension, row))
    return found


def _column(name: str, column: Column, row: str) -> Filter:
    return Filter(
        name=name, kind=kind_of_column(column), value=column_sql(column, row), choices=choices_of(column)
    )


def _of_extension(extension: Extension, row: str) -> dict[str, Filter]:
    held = column_sql(extension.column, "psa_x")
    source, mine = f"{source_of(extension.table)} AS psa_x", of_tenant("psa_x")
    named = {relation.column._meta.name: relation.name for relation in extension.relations}
    found: dict[str, Filter] = {}
    for column in extension.filters:
        name = named.get(column._meta.name, column._meta.name)
        value = column_sql(column, "psa_x")
        found[name] = Filter(
            name=name,
            kind=kind_of_column(column),
            value=value,
            choices=choices_of(column),
            around=f"{row}.id = ANY(ARRAY(SELECT {held} FROM {source} WHERE {mine} AND {{condition}}))",
            scalar=f"(SELECT {value} FROM {source} WHERE {mine} AND {held} = {row}.id)",
        )
    return found


def _path(
    resource: Resource, path: str, relations: Mapping[str, Relation], related: RelatedResource
) -> Filter | None:
    """Resolve `status.category`; None when something on the way is not shown."""
    around = "{condition}"
    alias = quoted(resource.table._meta.tablename)
    *steps, last = path.split(".")
    if steps[0] not in relations:
        return None
    for depth, step in enumerate(steps, 1):
        relation = next(item for item in resource.relations if isinstance(item, ToOne) and item.name == step)
        target = related(relation.target, steps[depth] if depth < len(steps) else last)
        if target is None:
            return None
        held, alias, resource = column_sql(relation.column, alias), f"psa_p{depth}", target
        rows = f"SELECT {alias}.id FROM {source_of(target.table)} AS {alias} WHERE {of_tenant(alias)} AND {{condition}}"
        around = around.replace("{condition}", f"{held} = ANY(ARRAY({rows}))")
    column = next(item for item in resource.table._meta.columns if item._meta.name == last)
    return Filter(
        name=path,
        kind=kind_of_column(column),
        value=column_sql(column, alias),
        choices=choices_of(column),
        around=around,
    )
