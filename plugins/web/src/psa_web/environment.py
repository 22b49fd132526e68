"""The environment of templates: whose words they speak, and what they may call."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import jinja2
from jinja2 import BaseLoader, Environment, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from psa_sdk.documents import Documents, Found, Item
from psa_sdk.routes import PUBLIC
from psa_web.actors import actors
from psa_web.assets import bundles, icon
from psa_web.catalogues import Catalogues
from psa_web.fields import shown
from psa_web.formatting import FILTERS, humanise
from psa_web.here import here, speaker
from psa_web.refusals import told

if TYPE_CHECKING:
    from psa_web.site import Site

_GENERAL: Final = frozenset(("", "web"))
"""Whose templates show other plugins' records."""


class Templates(PrefixLoader):
    """Templates by plugin, which keep their whole name: it says whose words they speak."""

    load = BaseLoader.load


def environment(site: Site, loader: BaseLoader, language: str) -> Environment:
    """Return the environment in which all plugins' templates are rendered in one language."""
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        cache_size=-1,
        auto_reload=False,  # templates are part of what is installed; asking the disk for each cell costs
    )
    made.install_gettext_callables(*_sayings(site.catalogues, language), newstyle=False)  # pyright: ignore[reportAttributeAccessIssue]
    made.filters.update(FILTERS)
    names: dict[str, Any] = {
        "icon": icon,
        "asset": site.statics.url,
        "bundles": bundles,
        "language": language,
        "import_map": site.import_map,
        "told": partial(told, site.catalogues, language),
        "words": lambda: words(site.catalogues.of(language, "web").gettext),
        "url": _url,
        "can": _can,
        "token": _token,
        "record_url": partial(_record_url, site),
        "title_of": partial(_title_of, site),
        "actor": actors(site, language),
        "label_of": _label_of,
        "related": _related,
        "shown_value": shown,
        "shared_modules": site.own_files("modules"),
        "shared_sheet": site.statics.sheet([name for _, name in site.own_files("styles")]),
        "PUBLIC": PUBLIC,
    }
    # What macros include uses macros: their own context is made before they are.
    macros = names["ui"] = _Macros()
    made.globals.update(names)
    macros.module = made.get_template("web/macros.html").module
    return made


class _Macros:
    """The shared macros, known by name before they are loaded."""

    module: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


def _sayings(catalogues: Catalogues, language: str) -> tuple[Callable[..., Markup], Callable[..., Markup]]:
    """Return gettext and ngettext of templates: a plugin's template speaks as its plugin, ours as the page's.

    Titles and the like are translated where they may be what somebody wrote too. So, unlike Jinja's own, they take
    no text for HTML, nor for a format where no values come with it.
    """
    of = catalogues.of

    def whose(context: jinja2.runtime.Context) -> str:
        plugin = (context.name or "").partition("/")[0]
        return speaker() if plugin in _GENERAL else plugin

    @jinja2.pass_context
    def gettext(context: jinja2.runtime.Context, text: str, /, **values: object) -> Markup:
        said = escape(of(language, whose(context)).gettext(text))
        return said % values if values else said

    @jinja2.pass_context
    def ngettext(
        context: jinja2.runtime.Context, one: str, many: str, count: int, /, **values: object
    ) -> Markup:
        said = escape(of(language, whose(context)).ngettext(one, many, count))
        return said % {"num": count, **values}

    return gettext, ngettext


def _record_url(site: Site, resource: str, id: object) -> str:
    found = site.installation.resources.get(resource)
    return here().url(f"{found.url}/{id}") if found is not None and "get" in found.verbs else ""


def _title_of(site: Site, resource: str) -> str:
    """Return what a kind of record is called; of one that isn't installed any more, its name in words."""
    found = site.installation.resources.get(resource)
    return found.title if found is not None and found.title else humanise(resource)


def _url(path: str) -> str:
    return here().url(path)


def _can(permission: str) -> bool:
    return here().can(permission)


def _token() -> Markup:
    """Return the field by which a form is sent without scripts."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(here().csrf)


def _related(found: Found, item: Item, name: str) -> Item | None:
    held = item.one.get(name)
    return found.included.get(held) if held else None


def _label_of(item: Item) -> str:
    place = here()
    label = place.labels.get(item.type)
    if label is None:
        label = place.labels[item.type] = place.ctx.service(Documents).describe(item.type).label
    for name in (label, "name", "title", "label", "key", "address", "domain"):
        value = item.attributes.get(name) if name else None
        if value:
            return str(value)
    return str(item.id)[:8]


def words(gettext: Any) -> str:
    """Return the texts that scripts say, as JSON."""
    _ = gettext
    return json.dumps(
        {
            "offline": _("The server could not be reached. Your text is still here."),
            "failed": _("That did not work. Try again."),
            "undo": _("Undo"),
            "leave": _("Leave without saving?"),
            "unsaved": _("Unsaved changes"),
            "nothing": _("Nothing found"),
            "suggestions": _("Suggestions"),
            "remove": _("Remove"),
            "copied": _("Copied"),
            "key-move": _("Next, previous row"),
            "key-select": _("Select row"),
            "key-peek": _("Peek"),
            "key-open": _("Open page"),
            "key-clear": _("Clear selection"),
            "key-help": _("This list"),
        },
        ensure_ascii=False,
    )
