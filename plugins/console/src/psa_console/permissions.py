"""The permission matrix: what each role may do, module by module."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_console.settings import navigation
from psa_sdk import Context
from psa_sdk.documents import Documents, Item
from psa_sdk.errors import NotFound
from psa_sdk.ui import Done
from psa_web.api import here

READ: Final = "auth.roles.read"
UPDATE: Final = "auth.roles.update"
_VERBS: Final = {"read": "see", "create": "create", "update": "change", "delete": "delete"}
_FIXED: Final = frozenset(("super_admin", "admin"))
"""Nobody could give back what these lose."""


class Chosen(msgspec.Struct):
    """The address of one module's matrix."""

    module: str = ""
    audience: str = "staff"


class Cell(msgspec.Struct, frozen=True):
    """Whether a role holds a permission: in full, or only for some records."""

    held: bool
    scope: str = ""
    fixed: bool = False


class Turn(msgspec.Struct):
    """The form of one cell."""

    role: UUID
    permission: str
    on: str = ""


async def load(ctx: Context, query: Chosen) -> Mapping[str, Any]:
    """Load a module's permissions by role."""
    documents = ctx.service(Documents)
    answer = await documents.call("GET", "/auth/permissions")
    found = [(one.id, one.attributes) for one in answer.items if one.attributes.audience == query.audience]
    modules = list(dict.fromkeys(name.split(".")[0] for name, _ in found))
    module = query.module if query.module in modules else next(iter(modules), "")
    roles = (await _roles(documents, query.audience)).items
    plugins = here().site.installation.plugins
    return {
        "groups": await navigation(ctx),
        "section_id": "permissions",
        "modules": [(name, plugins[name].manifest.title if name in plugins else name) for name in modules],
        "module": module,
        "audience": query.audience,
        "roles": roles,
        "rows": [
            (name, about, _label(name, about.title), [cell_of(role, name, about.roles) for role in roles])
            for name, about in found
            if name.split(".")[0] == module
        ],
        "writable": ctx.principal.allows(UPDATE),
    }


def _label(permission: str, title: str) -> str:
    """Return what a permission is called: a resource and a verb, or the words of its plugin."""
    place = here()
    noun, _, verb = permission.partition(".")[2].rpartition(".")
    resource = place.site.installation.resources.get(noun.replace("_", "-"))
    if resource is None or verb not in _VERBS:
        return place.gettext(title)
    words = {"thing": place.gettext(resource.title), "verb": place.gettext(_VERBS[verb])}
    return place.gettext("%(thing)s: %(verb)s") % words


async def _roles(documents: Documents, audience: str) -> Any:
    return await documents.find("roles", {"filter[audience]": audience, "page[size]": "100"})


def cell_of(role: Item, permission: str, by_code: Sequence[str]) -> Cell:
    """Return a role's hold of a permission: what code grants, what the organisation adds or denies."""
    key, grants = role.attributes["key"], role.attributes["grants"]
    held = key in by_code or key == "super_admin"
    scope = ""
    for grant in grants:
        name, _, scoped = grant.removeprefix("!").partition("@")
        if not _covers(name, permission):
            continue
        if grant.startswith("!"):
            return Cell(held=False, fixed=key in _FIXED)
        held, scope = True, scope or scoped
    return Cell(held=held, scope=scope, fixed=key in _FIXED)


def _covers(pattern: str, permission: str) -> bool:
    return pattern == permission or (pattern.endswith("*") and permission.startswith(pattern[:-1]))


async def turn(ctx: Context, form: Turn) -> Done:
    """Grant a permission to a role, or take it away; what code grants is denied instead."""
    documents = ctx.service(Documents)
    answer = await documents.call("GET", "/auth/permissions")
    about = next((one.attributes for one in answer.items if one.id == form.permission), None)
    if about is None:
        raise NotFound(f"There is no permission {form.permission}.")
    found = await documents.one("roles", form.role)
    role = found.items[0]
    grants = turned(role, form.permission, about.roles, on=form.on == "1")
    await documents.update("roles", form.role, {"grants": grants}, version=found.version)
    return Done(toast="Saved")


def turned(role: Item, permission: str, by_code: Sequence[str], *, on: bool) -> list[str]:
    """Return a role's own grants once a permission is granted or taken away."""
    kept = [
        grant
        for grant in role.attributes["grants"]
        if grant.removeprefix("!").partition("@")[0] != permission
    ]
    rest = Item(type=role.type, id=role.id, attributes={**role.attributes, "grants": kept})
    if cell_of(rest, permission, by_code).held == on:
        return kept
    return [*kept, permission if on else f"!{permission}"]
