"""Sections: what each plugin lets a tenant choose, and what is true of each field."""

import functools
from typing import Any
from uuid import UUID

import msgspec

from psa_kernel.registry import Registry
from psa_sdk.errors import Fault, Invalid, NotFound
from psa_sdk.mismatches import mismatch
from psa_sdk.settings import Settings


class Field(msgspec.Struct, frozen=True):
    """A setting: its type, its default, whether it is sealed and whether users may override it."""

    name: str
    kind: Any
    default: Any
    secret: bool
    by_user: bool


class Section(msgspec.Struct, frozen=True):
    """The settings of one plugin."""

    plugin: str
    title: str
    kind: type[Settings]
    fields: dict[str, Field]
    schema: dict[str, Any]


def _marked(schema: Any, mark: str) -> bool:
    if isinstance(schema, dict):
        return bool(schema.get(mark)) or any(_marked(part, mark) for part in schema.values())
    return isinstance(schema, list) and any(_marked(part, mark) for part in schema)


def jsonable(value: Any) -> Any:
    """Return a value as the JSON types it is stored as."""
    return msgspec.json.decode(msgspec.json.encode(value))


@functools.cache
def describe(plugin: str, title: str, kind: type[Settings]) -> Section:
    """Look at a settings class once."""
    defaults = kind()
    fields = {
        field.name: Field(
            name=field.name,
            kind=field.type,
            default=jsonable(getattr(defaults, field.name)),
            secret=_marked(msgspec.json.schema(field.type), "x-secret"),
            by_user=_marked(msgspec.json.schema(field.type), "x-user"),
        )
        for field in msgspec.structs.fields(kind)
    }
    return Section(plugin, title, kind, fields, _inline(msgspec.json.schema(kind)))


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose root is the object itself rather than a reference to it."""
    definitions: dict[str, Any] = schema.get("$defs", {})
    if "$ref" not in schema:
        return schema
    root = definitions.pop(schema["$ref"].rsplit("/", 1)[-1])
    return {**root, "$defs": definitions} if definitions else root


def all_sections(registry: Registry) -> dict[str, Section]:
    """Return every plugin's section by plugin name."""
    return {
        name: describe(name, plugin.manifest.title, plugin.manifest.settings)
        for name, plugin in registry.plugins.items()
        if plugin.manifest.settings is not None
    }


def section_named(registry: Registry, name: str) -> Section:
    """Return a plugin's section; raises `NotFound`."""
    plugin = registry.plugins.get(name)
    if plugin is None or plugin.manifest.settings is None:
        known = ", ".join(sorted(all_sections(registry)))
        raise NotFound(f"There is no settings section {name}; there are: {known}.")
    return describe(name, plugin.manifest.title, plugin.manifest.settings)


def section_of(registry: Registry, kind: type[Settings]) -> Section:
    """Return the section that a settings class declares; raises `LookupError`."""
    for section in all_sections(registry).values():
        if section.kind is kind:
            return section
    raise LookupError(f"No plugin declares the settings {kind.__name__}; name it in a manifest.")


def checked(section: Section, values: dict[str, Any], *, user: bool, pointer: str) -> dict[str, Any]:
    """Return the values as JSON types; raises `Invalid` with a fault per wrong or unknown key."""
    faults: list[Fault] = []
    good: dict[str, Any] = {}
    for name, value in values.items():
        place = f"{pointer}/{name}"
        field = section.fields.get(name)
        if field is None:
            known = ", ".join(section.fields)
            faults.append(
                Fault(detail=f"{section.plugin} has no setting {name}; it has: {known}.", pointer=place)
            )
        elif user and not field.by_user:
            faults.append(
                Fault(detail=f"{name} is the tenant's choice; users can't override it.", pointer=place)
            )
        else:
            try:
                good[name] = jsonable(msgspec.convert(value, field.kind, dec_hook=_never))
            except msgspec.ValidationError as error:
                found = mismatch(error, field.kind)
                detail = f"{name}: {found.detail}"
                faults.append(Fault(detail=detail, pointer=place + found.pointer))
    if faults:
        raise Invalid(faults=faults)
    return good


def _never(kind: type, value: Any) -> Any:
    raise msgspec.ValidationError(f"{value!r} is no {kind.__name__}")


def build(section: Section, values: dict[str, Any]) -> Settings:
    """Make the settings object; raises `msgspec.ValidationError`."""
    return msgspec.convert(values, section.kind)


AccountKey = UUID | None
