"""Settings: the sections of all plugins, from their settings' schemas, and the modules that are switched on."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_sdk.ui import Done, SettingsSection
from psa_web.api import Field, entered, field_of, here, shown

SECTIONS = "settings.sections.read"
MODULES = "settings.modules.read"
_TITLES = {
    "organisation": "Organisation",
    "service": "Service desk",
    "finance": "Finance",
    "system": "System",
}
_GROUPS: Mapping[str, Literal["organisation"]] = {"tenancy": "organisation"}
_ICONS: Mapping[str, str] = {
    "tenancy": "building-2",
    "auth": "lock",
    "files": "paperclip",
    "audit": "scroll-text",
}


async def navigation(ctx: Context) -> Mapping[str, Sequence[SettingsSection]]:
    """Return the settings' own navigation by the title of its groups."""
    place = here()
    listed = [*place.site.shown("settings", SettingsSection, place), *await _sections(ctx)]
    groups: dict[str, list[SettingsSection]] = {}
    for section in sorted(listed, key=lambda one: one.order):
        groups.setdefault(section.group, []).append(section)
    return {title: groups[group] for group, title in _TITLES.items() if group in groups}


async def _sections(ctx: Context) -> list[SettingsSection]:
    """Return an entry for each plugin that has settings."""
    if not ctx.principal.allows(SECTIONS):
        return []
    answer = await ctx.service(Documents).call("GET", "/settings")
    plugins = here().site.installation.plugins
    return [
        SettingsSection(
            id=one.id,
            title=one.attributes.title,
            url=f"/settings/{one.id}",
            permission=SECTIONS,
            group=_GROUPS.get(one.id, "system" if plugins[one.id].builtin else "service"),
            icon=_ICONS.get(one.id, "sliders-horizontal"),
            order=1 if one.id in _GROUPS else 200,
        )
        for one in answer.items
        if any(field.control != "json" for field in _fields(one.attributes))
    ]


class Sought(msgspec.Struct, kw_only=True):
    """What somebody looks for among the settings."""

    q: str = ""


async def start(ctx: Context, query: Sought) -> Mapping[str, Any]:
    """Load the first page of the settings: all parts, or those in which something is found by its words."""
    groups, words = await navigation(ctx), query.q.casefold().split()
    if not words:
        return {"groups": groups, "section_id": "", "q": ""}
    matches = await _matches(ctx, words)
    say = here().gettext
    found = {
        title: [
            one
            for one in sections
            if matches.get(one.id) or all(word in say(one.title).casefold() for word in words)
        ]
        for title, sections in groups.items()
    }
    kept = {title: sections for title, sections in found.items() if sections}
    return {"groups": kept, "section_id": "", "q": query.q, "matches": matches}


async def _matches(ctx: Context, words: Sequence[str]) -> dict[str, list[Field]]:
    """Return the settings whose label or help has all the words, in the reader's language, by section."""
    if not ctx.principal.allows(SECTIONS):
        return {}
    say = here().gettext
    found: dict[str, list[Field]] = {}
    for one in (await ctx.service(Documents).call("GET", "/settings")).items:
        for field in _fields(one.attributes):
            said = f"{say(field.label)} {say(field.help) if field.help else ''}".casefold()
            if field.control != "json" and all(word in said for word in words):
                found.setdefault(one.id, []).append(field)
    return found


async def section(ctx: Context, name: str) -> Mapping[str, Any]:
    """Load a plugin's settings."""
    answer = await ctx.service(Documents).call("GET", f"/settings/{name}")
    about = answer.attributes
    return {
        "groups": await navigation(ctx),
        "section_id": name,
        "title": about.title,
        "fields": [(field, shown(field, about.values)) for field in _fields(about)],
        "sources": about.sources,
        "values": about.values,
        "name": name,
        "writable": ctx.principal.allows("settings.sections.update"),
    }


async def save_section(ctx: Context, name: str, form: Mapping[str, Sequence[str]]) -> Done:
    """Choose a plugin's settings; what equals what holds already is not chosen anew."""
    about = (await ctx.service(Documents).call("GET", f"/settings/{name}")).attributes
    faults: list[Fault] = []
    sent = entered(_fields(about), form, faults, whole=False)
    if faults:
        raise Invalid(faults=faults)
    await choose(ctx, name, {key: value for key, value in sent.items() if value != about.values.get(key)})
    return Done(toast="Saved", refresh=("settings",))


async def choose(ctx: Context, name: str, values: Mapping[str, Any]) -> None:
    """Choose values of a section; faults are told at the fields of the same names."""
    try:
        await ctx.service(Documents).call("PATCH", f"/settings/{name}", body={"values": dict(values)})
    except Invalid as problem:
        raise Invalid(faults=[_at_field(fault) for fault in problem.faults]) from problem


def _at_field(fault: Fault) -> Fault:
    pointer = (fault.pointer or "").replace("/data/attributes/values", "")
    return Fault(detail=fault.detail, pointer=pointer)


def _fields(about: Any) -> list[Field]:
    properties: Mapping[str, Any] = about.schema.get("properties", {})
    definitions = about.schema.get("$defs", {})
    return [
        field_of(name, {**schema, "$defs": definitions}, default=schema.get("default"))
        for name, schema in properties.items()
    ]


async def modules(ctx: Context) -> Mapping[str, Any]:
    """Load the installed plugins."""
    answer = await ctx.service(Documents).call("GET", "/modules")
    return {
        "groups": await navigation(ctx),
        "section_id": "modules",
        "title": "Modules",
        "modules": [(one.id, one.attributes) for one in answer.items],
        "writable": ctx.principal.allows("settings.modules.update"),
    }


async def switch_module(ctx: Context, name: str, form: Mapping[str, Sequence[str]]) -> Done:
    """Switch a module on or off."""
    on = form.get("on", [""])[-1] == "1"
    verb = "enable" if on else "disable"
    await ctx.service(Documents).call("POST", f"/modules/{name}/{verb}", body={})
    toast = "The module is switched on." if on else "The module is switched off; its data stays."
    return Done(toast=toast, refresh=("settings",))
