"""Permissions: named after their plugin, known wherever something asks for one."""

import re
from collections.abc import Iterator

from psa_kernel.registry import Plugin, Registry
from psa_sdk.routes import AUTHENTICATED, PUBLIC

_NAME = re.compile(r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")


def permissions(registry: Registry) -> Iterator[str]:
    """Find permissions that are misnamed, missing or unknown."""
    for name, plugin in registry.plugins.items():
        for permission in plugin.manifest.permissions:
            if not _NAME.match(permission.name):
                yield f"{name}: the permission {permission.name} must read <plugin>.<noun>.<verb>."
            elif not plugin.builtin and permission.name.split(".")[0] != name.split(".")[0]:
                yield f"{name}: the permission {permission.name} must start with the plugin's name."
        for what, asked in _asked(plugin):
            if not asked:
                yield f"{name}: {what} names no permission; PUBLIC and AUTHENTICATED must be said too."
            elif asked not in registry.permissions and asked not in {PUBLIC, AUTHENTICATED}:
                yield f"{name}: {what} needs the permission {asked}, which nobody declares."
        for role, grants in plugin.manifest.roles.items():
            for grant in grants:
                if not _grants_something(registry, grant):
                    yield f"{name}: the role {role} is granted {grant}, which matches no permission."


def _asked(plugin: Plugin) -> Iterator[tuple[str, str]]:
    ui = plugin.manifest.ui
    for route in plugin.manifest.routes:
        yield f"the route {route.method} {route.path}", route.permission
    for entry in ui.nav:
        yield f"the navigation entry {entry.id}", entry.permission
    for page in ui.pages:
        yield f"the page {page.path}", page.permission
    for panel in ui.panels:
        yield f"the panel {panel.id}", panel.permission
    for widget in ui.widgets:
        yield f"the widget {widget.id}", widget.permission
    for command in ui.commands:
        yield f"the command {command.id}", command.permission
    for action in ui.actions:
        yield f"the action {action.path}", action.permission
    for verb in ui.bulk:
        yield f"the bulk action {verb.id}", verb.permission
    for section in ui.settings:
        yield f"the settings section {section.id}", section.permission
    for search in ui.searches:
        yield f"the search {search.id}", search.permission


def _grants_something(registry: Registry, grant: str) -> bool:
    """Tell whether a grant can match; what it says about absent plugins is fine."""
    pattern = grant.removeprefix("!").split("@")[0]
    owner = pattern.split(".")[0]
    if pattern == "*" or (owner not in _owners(registry) and not owner.endswith("*")):
        return True
    if pattern.endswith("*"):
        return any(name.startswith(pattern[:-1]) for name in registry.permissions)
    return pattern in registry.permissions


def _owners(registry: Registry) -> set[str]:
    return {name.split(".")[0] for name in registry.plugins}
