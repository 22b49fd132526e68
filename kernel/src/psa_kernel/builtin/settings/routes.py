"""The routes of settings and modules."""

from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_kernel.builtin.settings import modules
from psa_kernel.builtin.settings.configuration import (
    Configuration,
    Difference,
    export_configuration,
    import_configuration,
)
from psa_kernel.builtin.settings.reader import effective
from psa_kernel.builtin.settings.sections import Section, all_sections, section_named
from psa_kernel.builtin.settings.writer import change
from psa_kernel.unit_of_work import Unit
from psa_sdk import AUTHENTICATED, Answer, AnswerList, Context, get, patch, post

READ = "settings.sections.read"
UPDATE = "settings.sections.update"
EXPORT = "settings.configuration.export"
IMPORT = "settings.configuration.import"
READ_MODULES = "settings.modules.read"
UPDATE_MODULES = "settings.modules.update"


class SectionDocument(msgspec.Struct, kw_only=True):
    """A section: its values as they hold, where each comes from, and the JSON Schema they obey.

    A secret is shown as `{"set": true}` or `{"set": false}`.
    """

    title: str
    values: dict[str, Any]
    sources: dict[str, str]
    schema: dict[str, Any]


class SectionPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Values to choose, and keys to return to what holds without a choice."""

    values: dict[str, Any] = {}
    reset: tuple[Annotated[str, Meta(max_length=100)], ...] = ()


class ModuleDocument(msgspec.Struct, kw_only=True):
    """An installed plugin and whether this tenant uses it."""

    title: str
    description: str
    version: str
    enabled: bool
    required_by: list[str]


class ModuleChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`cascade` also switches what depends on the module (off), or what it needs (on)."""

    cascade: bool = False


class ConfigurationImport(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A configuration to import; a dry run changes nothing."""

    configuration: Configuration
    dry_run: bool = False


class ConfigurationChanges(msgspec.Struct, kw_only=True):
    """What an import changes, or would change."""

    applied: bool
    changes: list[Difference]


async def _answer(unit: Unit, section: Section, account: UUID | None = None) -> Answer:
    values, sources = await effective(unit, section, account)
    shown = {
        name: {"set": bool(value)} if section.fields[name].secret else value for name, value in values.items()
    }
    if account is not None:
        shown = {name: value for name, value in shown.items() if section.fields[name].by_user}
    document = SectionDocument(
        title=section.title,
        values=shown,
        sources={name: sources[name] for name in shown},
        schema=section.schema,
    )
    return Answer(type="settings", id=section.plugin, attributes=document)


@get("/settings", permission=READ, returns=SectionDocument, answer_type="settings")
async def list_sections(ctx: Context) -> AnswerList:
    """List the sections of all enabled plugins."""
    unit = cast(Unit, ctx)
    sections = all_sections(unit.kernel.registry)
    enabled = [name for name in sections if unit.kernel.enabled(unit.tenant_facts, name)]
    return AnswerList(items=[await _answer(unit, sections[name]) for name in enabled])


@get("/settings/{section:str}", permission=READ, returns=SectionDocument, answer_type="settings")
async def get_section(ctx: Context, section: str) -> Answer:
    """Show one plugin's settings."""
    unit = cast(Unit, ctx)
    return await _answer(unit, section_named(unit.kernel.registry, section))


@patch("/settings/{section:str}", permission=UPDATE, returns=SectionDocument, answer_type="settings")
async def update_section(ctx: Context, section: str, body: SectionPatch) -> Answer:
    """Choose values for the tenant, or reset them to their defaults."""
    unit = cast(Unit, ctx)
    described = section_named(unit.kernel.registry, section)
    await change(unit, described, body.values, reset=body.reset)
    return await _answer(unit, described)


@get(
    "/settings/{section:str}/mine",
    permission=AUTHENTICATED,
    audience="both",
    returns=SectionDocument,
    answer_type="settings",
)
async def get_own_section(ctx: Context, section: str) -> Answer:
    """Show the settings that the caller may override, as they hold for the caller."""
    unit = cast(Unit, ctx)
    return await _answer(unit, section_named(unit.kernel.registry, section), unit.principal.id)


@patch(
    "/settings/{section:str}/mine",
    permission=AUTHENTICATED,
    audience="both",
    returns=SectionDocument,
    answer_type="settings",
)
async def update_own_section(ctx: Context, section: str, body: SectionPatch) -> Answer:
    """Override settings for the caller alone."""
    unit = cast(Unit, ctx)
    described = section_named(unit.kernel.registry, section)
    await change(unit, described, body.values, reset=body.reset, account=unit.principal.id)
    return await _answer(unit, described, unit.principal.id)


def _module(unit: Unit, name: str, disabled: frozenset[str]) -> Answer:
    plugin = unit.kernel.registry.plugins[name]
    return Answer(
        type="modules",
        id=name,
        attributes=ModuleDocument(
            title=plugin.manifest.title,
            description=plugin.manifest.description,
            version=plugin.version,
            enabled=disabled.isdisjoint(modules.needed(unit.kernel.registry, name)),
            required_by=sorted(modules.dependents(unit.kernel.registry, name)),
        ),
    )


@get("/modules", permission=READ_MODULES, returns=ModuleDocument, answer_type="modules")
async def list_modules(ctx: Context) -> AnswerList:
    """List the installed plugins that a tenant can do without."""
    unit = cast(Unit, ctx)
    disabled = await modules.disabled(unit)
    names = [name for name, plugin in unit.kernel.registry.plugins.items() if not plugin.builtin]
    return AnswerList(items=[_module(unit, name, disabled) for name in sorted(names)])


@post("/modules/{name:str}/enable", permission=UPDATE_MODULES, returns=ModuleDocument, answer_type="modules")
async def enable_module(ctx: Context, name: str, body: ModuleChange) -> Answer:
    """Use a module again; its data is where it was."""
    unit = cast(Unit, ctx)
    return _module(unit, name, await modules.enable(unit, name, cascade=body.cascade))


@post("/modules/{name:str}/disable", permission=UPDATE_MODULES, returns=ModuleDocument, answer_type="modules")
async def disable_module(ctx: Context, name: str, body: ModuleChange) -> Answer:
    """Switch a module off for the tenant: routes 404, jobs and events stop, data stays."""
    unit = cast(Unit, ctx)
    return _module(unit, name, await modules.disable(unit, name, cascade=body.cascade))


@get("/configuration", permission=EXPORT, returns=Configuration, answer_type="configurations")
async def get_configuration(ctx: Context) -> Answer:
    """Export what the tenant chose as one document, without secrets and ids."""
    unit = cast(Unit, ctx)
    return Answer(type="configurations", id="current", attributes=await export_configuration(unit))


@post("/configuration", permission=IMPORT, returns=ConfigurationChanges, answer_type="configuration-changes")
async def change_configuration(ctx: Context, body: ConfigurationImport) -> Answer:
    """Import a configuration, or show what that would change."""
    found = await import_configuration(cast(Unit, ctx), body.configuration, dry_run=body.dry_run)
    return Answer(
        type="configuration-changes",
        id="current",
        attributes=ConfigurationChanges(applied=not body.dry_run, changes=found),
    )


ALL = (
    get_configuration,
    change_configuration,
    list_sections,
    get_section,
    update_section,
    get_own_section,
    update_own_section,
    list_modules,
    enable_module,
    disable_module,
)
