"""The tenant's configuration as one document: exported, compared and imported by keys, never by ids (SET-05)."""

from typing import TYPE_CHECKING, Any

import msgspec

from psa_kernel.builtin.settings import modules
from psa_kernel.builtin.settings.custom_fields import CustomFieldWrite
from psa_kernel.builtin.settings.reader import effective
from psa_kernel.builtin.settings.sections import all_sections, section_named
from psa_kernel.builtin.settings.writer import change
from psa_sdk.errors import Fault, Invalid, Problem

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_POINTER = "/data/attributes/configuration"
_FIELDS = CustomFieldWrite.__struct_fields__


class Configuration(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a tenant chose: settings by plugin (no secrets), modules switched off, custom fields."""

    settings: dict[str, dict[str, Any]] = {}
    disabled_modules: list[str] | None = None
    custom_fields: list[CustomFieldWrite] = []


class Difference(msgspec.Struct, frozen=True):
    """One thing that an import changes: where, and its value before and after (None: not there)."""

    path: str
    before: Any
    after: Any


class _Undone(Exception):
    """Ends a dry run."""


async def export_configuration(unit: "Unit") -> Configuration:
    """Return what the tenant chose; what holds by default is left out."""
    settings: dict[str, dict[str, Any]] = {}
    for name, section in all_sections(unit.kernel.registry).items():
        values, sources = await effective(unit, section)
        chosen = {
            key: values[key]
            for key, field in section.fields.items()
            if sources[key] != "default" and not field.secret
        }
        if chosen:
            settings[name] = chosen
    rows = await unit.db.fetch(
        "SELECT resource, key, label, kind, options::text, required, required_on, is_unique, help, position,"
        " portal_visible FROM psa.custom_field WHERE tenant_id = $1 AND archived_at IS NULL ORDER BY resource, key",
        unit.tenant_id,
    )
    fields = [
        dict(row) | {"options": msgspec.json.decode(row["options"]) if row["options"] else None}
        for row in rows
    ]
    return Configuration(
        settings=settings,
        disabled_modules=sorted(await modules.disabled(unit)),
        custom_fields=msgspec.convert(fields, list[CustomFieldWrite]),
    )


async def import_configuration(unit: "Unit", wanted: Configuration, *, dry_run: bool) -> list[Difference]:
    """Make the tenant's configuration hold what is wanted, and return what that changes.

    A dry run is the same run, undone at the end. What isn't mentioned stays. Raises `Invalid` naming
    everything that doesn't fit.
    """
    found: list[Difference] = []
    try:
        async with unit.savepoint():
            before = _flat(await export_configuration(unit))
            await _apply(unit, wanted)
            after = _flat(await export_configuration(unit))
            found += [
                Difference(path, before.get(path), after.get(path))
                for path in sorted({*before, *after})
                if before.get(path) != after.get(path)
            ]
            if dry_run:
                raise _Undone
    except _Undone:
        return found
    await unit.audit("configuration_imported", "settings", changes=len(found))
    return found


def _flat(configuration: Configuration) -> dict[str, Any]:
    found: dict[str, Any] = {"disabled_modules": configuration.disabled_modules}
    for plugin, values in configuration.settings.items():
        found |= {f"settings/{plugin}/{key}": value for key, value in values.items()}
    for field in configuration.custom_fields:
        values = msgspec.to_builtins(field)
        found |= {f"custom_fields/{field.resource}/{field.key}/{name}": values[name] for name in _FIELDS[2:]}
    return found


async def _apply(unit: "Unit", wanted: Configuration) -> None:
    faults: list[Fault] = []
    for plugin, values in wanted.settings.items():
        pointer = f"{_POINTER}/settings/{plugin}"
        try:
            await change(unit, section_named(unit.kernel.registry, plugin), values, pointer=pointer)
        except Problem as problem:
            faults += _at(problem, pointer)
    for place, field in enumerate(wanted.custom_fields):
        try:
            await _define(unit, field)
        except Problem as problem:
            faults += _at(problem, f"{_POINTER}/custom_fields/{place}")
    if wanted.disabled_modules is not None:
        try:
            await _switch(unit, wanted.disabled_modules)
        except Problem as problem:
            faults += _at(problem, f"{_POINTER}/disabled_modules")
    if faults:
        raise Invalid(faults=faults)


def _at(problem: Problem, pointer: str) -> list[Fault]:
    return [
        fault
        if fault.pointer and fault.pointer.startswith(pointer)
        else msgspec.structs.replace(
            fault, pointer=pointer + (fault.pointer or "").removeprefix("/data/attributes")
        )
        for fault in problem.faults
    ]


async def _define(unit: "Unit", field: CustomFieldWrite) -> None:
    values: dict[str, Any] = msgspec.to_builtins(field)
    present = await unit.db.fetch_value(
        "SELECT id FROM psa.custom_field WHERE tenant_id = $1 AND resource = $2 AND key = $3 AND archived_at IS NULL",
        unit.tenant_id,
        field.resource,
        field.key,
    )
    if present is None:
        await unit.records.create("custom-fields", values)
    else:
        await unit.records.update("custom-fields", present, values)


async def _switch(unit: "Unit", wanted: list[str]) -> None:
    present = await modules.disabled(unit)
    for name in sorted(set(wanted) - present):
        await modules.disable(unit, name, cascade=True)
    for name in sorted(present - set(wanted)):
        await modules.enable(unit, name, cascade=True)
