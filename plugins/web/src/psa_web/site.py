"""The site: everything that the installed plugins contribute to pages, and the templates they are rendered with."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from psa_sdk.context import Context
from psa_sdk.hooks import psa_nav
from psa_sdk.routes import AUTHENTICATED
from psa_sdk.ui import NavItem, ResourceView, Shell, ShellFrame, Ui
from psa_sdk.web import Browser, Installation, Installed, LiveSource, WebRequest
from psa_web.assets import Statics
from psa_web.catalogues import Catalogues, accepted
from psa_web.environment import Templates, environment
from psa_web.here import Here, bound, values

T = TypeVar("T")
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
        self._loader = Templates(
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
            found = self._environments[language] = environment(self, self._loader, language)
        return found

    def own_files(self, kind: str) -> list[tuple[str, str]]:
        """Return what plugins declare of a kind of file (`modules`, `styles`), with their plugins."""
        return [
            (name, f"{name}/{path}")
            for name in self.installation.plugins
            for path in getattr(self.ui(name), kind)
        ]

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


def _folder(plugin: Installed) -> Path:
    return Path(plugin.module.__file__ or "").parent


def of_shell(items: Iterable[tuple[str, T]], shell: Shell) -> list[tuple[str, T]]:
    """Return the contributions to one shell."""
    return [(plugin, item) for plugin, item in items if getattr(item, "shell", shell) == shell]
