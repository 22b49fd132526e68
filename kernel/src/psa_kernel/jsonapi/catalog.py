"""The catalog: resolves what plugins declare to shapes, once for each audience."""

from collections.abc import Mapping
from typing import Any

import msgspec

from psa_kernel.jsonapi.filterable import filters_of
from psa_kernel.jsonapi.kinds import kind_of_annotation, kind_of_column
from psa_kernel.jsonapi.shape import (
    SUBJECT,
    Attribute,
    Relation,
    Satellite,
    Shape,
    SortKey,
    choices_of,
    column_sql,
    of_tenant,
    quoted,
    source_of,
    table_of,
)
from psa_kernel.registry import Inverse, Registry
from psa_sdk.resources import Extension, ManyToMany, Resource, ToMany, ToOne
from psa_sdk.tables import Column, TenantTable

CUSTOM_FIELD = "psa.custom_field"
"""The table of custom fields' definitions."""


class Catalog:
    """All shapes of a registry, built on demand: one per resource, audience and set of disabled plugins."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._shapes: dict[tuple[str, bool, frozenset[str]], Shape] = {}

    def shows(self, name: str, portal: bool, disabled: frozenset[str]) -> bool:
        """Tell whether a resource exists for an audience."""
        resource = self.registry.resources.get(name)
        if resource is None or self.registry.resource_owner[name] in disabled:
            return False
        return not portal or resource.portal is not None

    def shape(self, name: str, portal: bool = False, disabled: frozenset[str] = frozenset()) -> Shape:
        """Return the shape of a resource; raises `KeyError` for a resource that isn't installed."""
        key = (name, portal, disabled)
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = ShapeBuilder(self, name, portal, disabled).build()
        return found


_catalogs: dict[int, Catalog] = {}


def catalog_of(registry: Registry) -> Catalog:
    """Return the one catalog of a registry."""
    found = _catalogs.get(id(registry))
    if found is None:
        found = _catalogs[id(registry)] = Catalog(registry)
    return found


class ShapeBuilder:
    """Resolves one resource for one audience and set of disabled plugins."""

    def __init__(self, catalog: Catalog, name: str, portal: bool, disabled: frozenset[str]) -> None:
        """Select what of the registry takes part."""
        self.catalog = catalog
        self.registry = registry = catalog.registry
        self.resource = registry.resources[name]
        self.portal = portal
        self.disabled = disabled
        self.hidden = frozenset(self.resource.portal_hidden) if portal else frozenset[str]()
        self.columns = {column._meta.name: column for column in self.resource.table._meta.columns}
        self.extensions: tuple[Extension, ...] = tuple(
            extension
            for extension in registry.extensions.get(name, ())
            if (extension.portal or not portal) and self._owner(extension.table) not in disabled
        )

    def _owner(self, table: type[TenantTable]) -> str:
        return next((plugin for plugin, declared in self.registry.tables if declared is table), "")

    def build(self) -> Shape:
        """Return the shape."""
        resource = self.resource
        attributes = self._attributes()
        relations = self._relations()
        return Shape(
            name=resource.name,
            resource=resource,
            url=f"/api/v1{resource.url}",
            source=source_of(resource.table),
            row=quoted(resource.table._meta.tablename),
            attributes=attributes,
            relations=relations,
            satellites=tuple(
                Satellite(f"psa_x{index}", source_of(extension.table), quoted(extension.column._meta.name))
                for index, extension in enumerate(self.extensions)
            ),
            filters=filters_of(
                resource, self.extensions, self.columns, attributes, relations, self.related_resource
            ),
            sorts=self._sorts(attributes),
            portal=self.portal,
            subject=None if SUBJECT in self.hidden else resource.subject,
        )

    def _attributes(self) -> dict[str, Attribute]:
        resource = self.resource
        derived = {item.name: item for item in resource.derived}
        computed = {item.name: item for item in resource.computed}
        found: dict[str, Attribute] = {}
        fields = [(field.name, field.type) for field in msgspec.structs.fields(resource.read)]
        if resource.custom_fields and all(name != "custom_fields" for name, _ in fields):
            fields.append(("custom_fields", dict[str, Any]))
        for name, annotation in fields:
            if name in self.hidden:
                continue
            if name in derived:
                found[name] = Attribute(
                    name=name,
                    kind=kind_of_annotation(annotation),
                    annotation=annotation,
                    value=f"({derived[name].sql})",
                    nullable=True,
                    derived=True,
                )
            elif name == "custom_fields" and resource.custom_fields:
                value = self._portal_fields() if self.portal else self._staff_fields()
                found[name] = Attribute(
                    name=name, kind="json", annotation=annotation, value=value, derived=True
                )
            elif name in computed:
                found[name] = Attribute(
                    name=name, kind="json", annotation=annotation, value="", computed=computed[name]
                )
            else:
                found[name] = _column_attribute(self.columns[name], annotation)
        for index, extension in enumerate(self.extensions):
            columns = {column._meta.name: column for column in extension.table._meta.columns}
            for field in msgspec.structs.fields(extension.read):
                if field.name not in self.hidden:
                    found[field.name] = _column_attribute(columns[field.name], field.type, index)
        return found

    def shows_target(self, name: str) -> bool:
        """Tell whether relationships to a resource are shown at all."""
        return self.catalog.shows(name, self.portal, self.disabled)

    def _knows_fields(self) -> bool:
        """Tell whether there are definitions of custom fields at all."""
        return any(
            f"{table._meta.schema}.{table._meta.tablename}" == CUSTOM_FIELD
            for _, table in self.registry.tables
        )

    def _staff_fields(self) -> str:
        """Return the custom fields without those whose definitions were removed (CRM-11)."""
        if not self._knows_fields():
            return "{row}.custom_fields"
        return (
            "({row}.custom_fields - ARRAY(SELECT psa_d.key"
            f" FROM {CUSTOM_FIELD} AS psa_d WHERE psa_d.tenant_id = psa.current_tenant()"
            f" AND psa_d.resource = '{self.resource.name}' GROUP BY psa_d.key"
            " HAVING bool_and(psa_d.archived_at IS NOT NULL)))"
        )

    def _portal_fields(self) -> str:
        """Return the custom fields whose definitions let clients see them."""
        if not self._knows_fields():
            return "'{}'::jsonb"
        return (
            "(SELECT coalesce(jsonb_object_agg(psa_f.key, psa_f.value), '{}')"
            " FROM jsonb_each({row}.custom_fields) AS psa_f WHERE psa_f.key = ANY(ARRAY(SELECT psa_d.key"
            f" FROM {CUSTOM_FIELD} AS psa_d WHERE psa_d.tenant_id = psa.current_tenant()"
            f" AND psa_d.resource = '{self.resource.name}'"
            " AND psa_d.portal_visible AND psa_d.archived_at IS NULL)))"
        )

    def related_resource(self, name: str, hidden: str) -> Resource | None:
        """Return a related resource, None when it or one of its attributes is not shown."""
        if not self.shows_target(name):
            return None
        target = self.registry.resources[name]
        return None if self.portal and hidden in target.portal_hidden else target

    def _relations(self) -> dict[str, Relation]:
        found: dict[str, Relation] = {}
        satellites = {
            relation.name: index
            for index, extension in enumerate(self.extensions)
            for relation in extension.relations
        }
        absent = {
            relation.name
            for extension in self.registry.extensions.get(self.resource.name, ())
            if not any(extension is present for present in self.extensions)
            for relation in extension.relations
        }
        for name, declared in self.registry.relations(self.resource.name).items():
            target = declared.source if isinstance(declared, Inverse) else declared.target
            if name in self.hidden or name in absent or not self.shows_target(target):
                continue
            if isinstance(declared, ToOne):
                satellite = satellites.get(name, -1)
                found[name] = Relation(
                    name=name,
                    target=target,
                    many=False,
                    declared=declared,
                    column=column_sql(declared.column, "{row}" if satellite < 0 else f"psa_x{satellite}"),
                    satellite=satellite,
                )
            else:
                found[name] = Relation(
                    name=name,
                    target=target,
                    many=True,
                    declared=declared,
                    members=self._members(declared, self.registry.resources[target]),
                    creates=isinstance(declared, ToMany) and declared.create,
                )
        return found

    def _members(self, declared: ToMany | ManyToMany | Inverse, target: Resource) -> str:
        row = quoted(target.table._meta.tablename)
        if isinstance(declared, ToMany):
            if declared.column is not None:
                return _held_by(declared.column, target, self._extension_of(target, declared.column))
            if target.subject is None:
                raise TypeError(
                    f"{self.resource.name}.{declared.name} needs a column, because {target.name} has no subject"
                )
            return (
                f"({column_sql(target.subject.id, row)} = {{parent}}"
                f" AND {column_sql(target.subject.kind, row)} = '{self.resource.name}')"
            )
        if isinstance(declared, ManyToMany):
            return _linked(declared.here, declared.there, row)
        if isinstance(declared.relation, ManyToMany):
            return _linked(declared.relation.there, declared.relation.here, row)
        column = declared.relation.column
        return _held_by(column, target, self._extension_of(target, column))

    def _extension_of(self, target: Resource, column: Column) -> Extension | None:
        """Return the target's extension that holds a column, None when its own table does."""
        found = self.registry.extensions.get(target.name, ())
        return next((item for item in found if item.table is table_of(column)), None)

    def _default_key(self, name: str, attributes: Mapping[str, Attribute]) -> SortKey:
        column = self.columns.get(name)
        if column is None:
            attribute = attributes[name]
            return SortKey(name, attribute.kind, attribute.value, nullable=True)
        return SortKey(name, kind_of_column(column), column_sql(column), bool(column._meta.null))

    def _sorts(self, attributes: Mapping[str, Attribute]) -> dict[str, SortKey]:
        row = quoted(self.resource.table._meta.tablename)
        always = [self.columns[name] for name in ("created_at", "id")]
        found = {
            column._meta.name: SortKey(
                column._meta.name, kind_of_column(column), column_sql(column), bool(column._meta.null)
            )
            for column in (*self.resource.sorts, *always)
            if column._meta.name not in self.hidden
        }
        for name in (part.lstrip("-") for part in self.resource.default_sort.split(",")):
            if name not in found:
                found[name] = self._default_key(name, attributes)
        for extension in self.extensions:
            for column in extension.sorts:
                name = column._meta.name
                value = (
                    f"(SELECT psa_x.{quoted(name)} FROM {source_of(extension.table)} AS psa_x"
                    f" WHERE {of_tenant('psa_x')} AND {column_sql(extension.column, 'psa_x')} = {row}.id)"
                )
                found[name] = SortKey(name, kind_of_column(column), value, nullable=True)
        return found


def _column_attribute(column: Column, annotation: Any, satellite: int = -1) -> Attribute:
    return Attribute(
        name=column._meta.name,
        kind=kind_of_column(column),
        annotation=annotation,
        value=column_sql(column, "{row}" if satellite < 0 else f"psa_x{satellite}"),
        nullable=bool(column._meta.null) or satellite >= 0,
        choices=choices_of(column),
        satellite=satellite,
    )


def _held_by(column: Column, target: Resource, extension: Extension | None = None) -> str:
    """Return the condition that a column of the target's row, or of its satellite, is the parent."""
    row = quoted(target.table._meta.tablename)
    if extension is None:
        return f"{column_sql(column, row)} = {{parent}}"
    held = quoted(extension.column._meta.name)
    return (
        f"{row}.id = ANY(ARRAY(SELECT psa_x.{held} FROM {source_of(extension.table)} AS psa_x"
        f" WHERE {of_tenant('psa_x')} AND {column_sql(column, 'psa_x')} = {{parent}}))"
    )


def _linked(here: Column, there: Column, row: str) -> str:
    """Return the condition that a link row ties the target's row to the parent."""
    return (
        f"{row}.id = ANY(ARRAY(SELECT psa_l.{quoted(there._meta.name)} FROM {source_of(table_of(here))} AS psa_l"
        f" WHERE {of_tenant('psa_l')} AND {column_sql(here, 'psa_l')} = {{parent}}))"
    )
