"""The site: everything that the installed plugins contribute to pages, and the templates they are rendered with."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import jinja2
from jinja2 import BaseLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from psa_sdk.context import Context
from psa_sdk.documents import Documents, Found, Item
from psa_sdk.hooks import psa_nav
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.ui import NavItem, ResourceView, Shell, ShellFrame, Ui
from psa_sdk.web import Browser, Installation, Installed, LiveSource, WebRequest
from psa_web.assets import Statics, bundles, icon
from psa_web.catalogues import Catalogues, accepted
from psa_web.fields import shown
from psa_web.formatting import FILTERS
from psa_web.here import Here, bound, here, speaker, values

T = TypeVar("T")
_GENERAL: Final = frozenset(("", "web"))
"""Whose templates show other plugins' records."""
_SHARED: Final = ("ui.js", "sortable.js", "editor.js")


class Site:
    """What one installation's pages are made of; built once, at start."""

    def __init__(self, installation: Installation) -> None:
        """Collect declarations, templates, static files and catalogues of all plugins."""
        self.installation = installation
        folders = {name: _folder(plugin) for name, plugin in installation.plugins.items()}
        self.statics = Statics({name: folder / "static" for name, folder in folders.items()})
        # A plugin's own words come before those it shares with the runtime.
        self.catalogues = Catalogues(
            {name: folder / "locale" for name, folder in reversed(list(folders.items()))}
        )
        self.frames: dict[Shell, ShellFrame] = {
            frame.name: frame for _, frame in self.all("frames", ShellFrame)
        }
        self.views: Mapping[str, ResourceView] = {
            view.resource: view for _, view in self.all("views", ResourceView)
        }
        self._loader = _Templates(
            {name: FileSystemLoader(folder / "templates") for name, folder in folders.items()}
        )
        self._environments: dict[str, Environment] = {}

    def all(self, kind: str, of: type[T]) -> list[tuple[str, T]]:
        """Return all contributions of a kind with their plugins, in order."""
        found: list[tuple[str, Any]] = [
            (name, item)
            for name, plugin in self.installation.plugins.items()
            for item in getattr(plugin.manifest.ui, kind)
        ]
        found.sort(key=lambda pair: getattr(pair[1], "order", 100))
        return found

    def shown(self, kind: str, of: type[T], place: Here) -> list[T]:
        """Return the contributions of a kind that the person may see in this shell."""
        return [
            item
            for plugin, item in self.all(kind, of)
            if getattr(item, "shell", place.frame.name) == place.frame.name
            and place.can(getattr(item, "permission", "") or AUTHENTICATED)
            and place.enabled(plugin)
        ]

    def navigation(self, place: Here) -> list[NavItem]:
        """Return the declared entries, those of resources, and those that depend on who asks (`psa_nav`)."""
        asked = place.ctx.ask(psa_nav, principal=place.ctx.principal)
        declared = [
            item for item in self.shown("nav", NavItem, place) if item.shown is None or item.shown(place.ctx)
        ]
        depending = [
            item
            for items in asked
            for item in items
            if item.shell == place.frame.name and place.can(item.permission)
        ]
        return [*declared, *self.record_nav(place), *depending]

    def record_nav(self, place: Here) -> list[NavItem]:
        """Return the entries of resources whose views ask for one."""
        found: list[NavItem] = []
        for plugin, view in self.all("views", ResourceView):
            resource = self.installation.resources.get(view.resource)
            if view.group is None or resource is None or place.frame.audience != "staff":
                continue
            permission = (
                f"{self.installation.resource_owner[view.resource]}.{view.resource.replace('-', '_')}.read"
            )
            if place.can(permission) and place.enabled(plugin):
                found.append(
                    NavItem(
                        id=view.resource,
                        label=resource.title or view.resource,
                        url=resource.url,
                        permission=permission,
                        icon=view.icon,
                        group=view.group,
                        order=view.order,
                        hotkey=view.hotkey,
                    )
                )
        return found

    def ui(self, plugin: str) -> Ui:
        """Return a plugin's contributions."""
        return self.installation.plugins[plugin].manifest.ui

    def here(self, ctx: Context, request: WebRequest, frame: ShellFrame, plugin: str = "") -> Here:
        """Return where a request's page is, and whose."""
        browser: Browser = ctx.service(Browser)
        language = self.catalogues.choose(
            browser.locale, *accepted(request.headers.get("accept-language", ""))
        )
        return Here(
            site=self,
            frame=frame,
            ctx=ctx,
            request=request,
            browser=browser,
            language=language,
            plugin=plugin,
            timezone=browser.timezone,
            place=ctx.service(LiveSource).place(),
        )

    def environment(self, language: str) -> Environment:
        """Return the templates of a language."""
        found = self._environments.get(language)
        if found is None:
            found = self._environments[language] = self._environment(language)
        return found

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=self._loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            cache_size=-1,
            auto_reload=False,  # templates are part of what is installed; asking the disk for each cell costs
        )
        environment.install_gettext_callables(*self._sayings(language), newstyle=False)  # pyright: ignore[reportAttributeAccessIssue]
        environment.filters.update(FILTERS)
        names: dict[str, Any] = {
            "icon": icon,
            "asset": self.statics.url,
            "bundles": bundles,
            "language": language,
            "import_map": self.import_map,
            "words": lambda: words(self.catalogues.of(language, "web").gettext),
            "url": _url,
            "can": _can,
            "token": _token,
            "record_url": self._record_url,
            "label_of": _label_of,
            "related": _related,
            "shown_value": shown,
            "shared_modules": self._urls("modules"),
            "shared_sheet": self.statics.sheet([name for _, name in self._urls("styles")]),
            "PUBLIC": PUBLIC,
        }
        # What macros include uses macros: their own context is made before they are.
        macros = names["ui"] = _Macros()
        environment.globals.update(names)
        macros.module = environment.get_template("web/macros.html").module
        return environment

    def _record_url(self, resource: str, id: object) -> str:
        found = self.installation.resources.get(resource)
        return here().url(f"{found.url}/{id}") if found is not None and "get" in found.verbs else ""

    def _urls(self, kind: str) -> list[tuple[str, str]]:
        return [
            (name, f"{name}/{path}")
            for name in self.installation.plugins
            for path in getattr(self.ui(name), kind)
        ]

    def _sayings(self, language: str) -> tuple[Callable[..., Markup], Callable[..., Markup]]:
        """Return gettext and ngettext of templates: a plugin's template speaks as its plugin, ours as the page's.

        Titles and the like are translated where they may be what somebody wrote too. So, unlike Jinja's own, they take
        no text for HTML, nor for a format where no values come with it.
        """
        of = self.catalogues.of

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

    def render(self, place: Here, template: str, data: Mapping[str, Any], block: str = "") -> str:
        """Render a template, or one block of it."""
        found = self.environment(place.language).get_template(template)
        context = {**values(place), **data}
        with bound(place):
            if not block:
                return found.render(context)
            return "".join(found.blocks[block](found.new_context(context)))

    def has_block(self, place: Here, template: str, block: str) -> bool:
        """Tell whether a template defines a block itself, rather than the one that it extends."""
        return block in self.environment(place.language).get_template(template).blocks

    def import_map(self) -> Markup:
        """Return the map by which plugins' scripts import shared bundles by bare name."""
        names = {f"@psa/{name.removesuffix('.js')}": self.statics.url(name) for name in _SHARED}
        return Markup(json.dumps({"imports": names}, separators=(",", ":")))  # noqa: S704 - our own addresses

    def content_security(self) -> str:
        """Return the policy of all pages: nothing from elsewhere, nothing inline but the import map by its hash."""
        digest = base64.b64encode(hashlib.sha256(self.import_map().encode()).digest()).decode()
        return (
            f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self'; img-src 'self' data: blob:;"
            " font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
        )


class _Macros:
    """The shared macros, known by name before they are loaded."""

    module: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


class _Templates(PrefixLoader):
    """Templates by plugin, which keep their whole name: it says whose words they speak."""

    load = BaseLoader.load


def _folder(plugin: Installed) -> Path:
    return Path(plugin.module.__file__ or "").parent


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


def of_shell(items: Iterable[tuple[str, T]], shell: Shell) -> list[tuple[str, T]]:
    """Return the contributions to one shell."""
    return [(plugin, item) for plugin, item in items if getattr(item, "shell", shell) == shell]
