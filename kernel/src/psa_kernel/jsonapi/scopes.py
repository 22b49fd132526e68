"""Who sees which rows, as SQL: object scopes, portal scope, hooks and subjects, ANDed.

One place for lists, single records, includes, counts, exports, writes and files.
"""

import functools
import re
from typing import TYPE_CHECKING, Any, cast

import msgspec

from psa_kernel.jsonapi.catalog import catalog_of
from psa_kernel.jsonapi.shape import Shape, column_sql, of_tenant, quoted
from psa_sdk.access import Scope, Who
from psa_sdk.errors import Forbidden, NotFound
from psa_sdk.resources import ApiVerb, Resource, ToMany
from psa_sdk.tables import QueryString

if TYPE_CHECKING:
    from psa_kernel.principal import KernelPrincipal
    from psa_kernel.unit_of_work import Unit

_NUMBER = re.compile(r"\$(\d+)")


class Fragment(msgspec.Struct, frozen=True):
    """An SQL condition whose values are numbered from $1; empty text means every row."""

    sql: str = ""
    values: tuple[Any, ...] = ()


_NONE: frozenset[str] = frozenset()
EVERYTHING = Fragment()
NOTHING = Fragment("false")


def shifted(sql: str, offset: int) -> str:
    """Renumber a fragment's values to follow `offset` others.

    Example:
        >>> shifted("a = $1 OR b = $2", 3)
        'a = $4 OR b = $5'
    """
    return _NUMBER.sub(lambda match: f"${int(match[1]) + offset}", sql) if offset else sql


def both(*fragments: Fragment) -> Fragment:
    """AND fragments together."""
    return _joined(" AND ", [fragment for fragment in fragments if fragment.sql])


def either(*fragments: Fragment) -> Fragment:
    """OR fragments together; one that lets everything through makes the whole do so."""
    if any(not fragment.sql for fragment in fragments):
        return EVERYTHING
    return _joined(" OR ", list(fragments)) if fragments else NOTHING


def _joined(operator: str, fragments: list[Fragment]) -> Fragment:
    if len(fragments) < 2:
        return fragments[0] if fragments else EVERYTHING
    parts: list[str] = []
    values: tuple[Any, ...] = ()
    for fragment in fragments:
        parts.append(f"({shifted(fragment.sql, len(values))})")
        values += fragment.values
    return Fragment(operator.join(parts), values)


def compiled(scope: Scope, who: Who) -> Fragment:
    """Evaluate an object scope to SQL over the alias that is the table's own name."""
    condition = scope(who)
    query = condition if isinstance(condition, QueryString) else condition.querystring
    sql, values = query.compile_string()
    return Fragment(sql, tuple(values))


@functools.lru_cache(maxsize=4096)
def _compiled(scope: Scope, who: Who) -> Fragment:
    # Scopes are declared once and pure, so a principal's facts determine the condition.
    return compiled(scope, who)


def require(unit: "Unit", name: str, verb: ApiVerb) -> None:
    """Raise unless the principal may do something with a resource at all.

    `NotFound` when there is no such thing for this principal (module disabled, no portal scope), else
    `Forbidden` naming the missing permission.
    """
    registry = unit.kernel.registry
    resource = registry.resources.get(name)
    if resource is None or registry.resource_owner[name] in disabled_plugins(unit):
        raise NotFound(f"The module that has {name} is not enabled here.", code="module_disabled")
    if unit.principal.audience == "portal":
        if resource.portal is None:
            raise NotFound("There is nothing at this address.")
        if verb not in resource.portal_verbs:
            raise Forbidden(f"Portal users can't {verb} {name}.", code="not_for_portal")
    unit.require(registry.permission(name, verb))


def disabled_plugins(unit: "Unit") -> frozenset[str]:
    """Return the plugins that the tenant has switched off, those that need them included."""
    kernel, tenant = unit.kernel, unit.tenant
    if tenant is None or not tenant.disabled:
        return _NONE
    return frozenset(name for name in kernel.registry.plugins if not kernel.enabled(tenant, name))


def shape_for(unit: "Unit", name: str) -> Shape:
    """Return a resource as the principal sees it."""
    catalog = catalog_of(unit.kernel.registry)
    return catalog.shape(name, unit.principal.audience == "portal", disabled_plugins(unit))


def visible(unit: "Unit", name: str, *verbs: ApiVerb) -> Fragment:
    """Return the condition on a resource's rows that the principal sees and may use the verbs on.

    The archive is not part of it: lists hide archived rows, references to them keep working.
    """
    key = (name, verbs or ("get",), unit.principal.id)
    seen = unit.visible.get(key)
    if seen is None:
        seen = unit.visible[key] = _visible(unit, name, verbs or ("get",), frozenset())
    return seen


def reachable(unit: "Unit", name: str, *verbs: ApiVerb) -> Fragment:
    """Return `visible`, bounded also by the object scope of the permission under which a route acts.

    A route may close tickets by the right to update them; then it reaches those that PATCH would.
    """
    seen = visible(unit, name, *verbs)
    registry, principal = unit.kernel.registry, cast("KernelPrincipal", unit.principal)
    rights = registry.permission(name, "get").removesuffix("read")
    if not unit.acting.startswith(rights):
        return seen
    scopes = principal.scopes_of(unit.acting)
    return seen if scopes is None else both(seen, _in_any(registry.resources[name], scopes, principal.who))


def _visible(unit: "Unit", name: str, verbs: tuple[ApiVerb, ...], within: frozenset[str]) -> Fragment:
    registry, principal = unit.kernel.registry, cast("KernelPrincipal", unit.principal)
    resource = registry.resources[name]
    found: list[Fragment] = []
    if principal.audience == "portal":
        if resource.portal is None:
            return NOTHING
        found.append(_compiled(resource.portal, principal.who))
    # Who may create and not read still makes rows within the scope of that right.
    needed = verbs if verbs == ("create",) else ("get", *verbs)
    for permission in sorted({registry.permission(name, verb) for verb in needed}):
        scopes = principal.scopes_of(permission)
        if scopes is not None:
            found.append(_in_any(resource, scopes, principal.who))
    if principal.kind != "system":
        hook = registry.hooks.hook.psa_scope
        if hook.get_hookimpls():
            scopes = hook(principal=principal, resource=name)
            found.extend(compiled(scope, principal.who) for scope in scopes)
    if resource.subject is not None and principal.kind != "system":
        found.append(_subjects(unit, resource, within | {name}))
    whole = both(*found)
    # Callers AND it to conditions of their own.
    return Fragment(f"({whole.sql})", whole.values) if whole.sql else EVERYTHING


def _in_any(resource: Resource, scopes: tuple[str, ...], who: Who) -> Fragment:
    """Return the union of named scopes; a name that the resource doesn't declare gives no rows."""
    named = [_compiled(resource.scopes[scope], who) for scope in scopes if scope in resource.scopes]
    return either(*named)


def _subjects(unit: "Unit", resource: Resource, within: frozenset[str]) -> Fragment:
    """Return the condition that the record a row hangs on is visible."""
    registry = unit.kernel.registry
    subject = resource.subject
    if subject is None:
        return EVERYTHING
    row = f'"{resource.table._meta.tablename}"'
    kind, held = column_sql(subject.kind, row), column_sql(subject.id, row)
    disabled = disabled_plugins(unit)
    open_kinds: list[str] = []
    limited: list[Fragment] = []
    for name in subject_kinds(registry.resources, resource.name):
        if registry.resource_owner[name] in disabled or name in within:
            continue
        target = registry.resources[name]
        if unit.principal.audience == "portal" and target.portal is None:
            continue
        if not unit.principal.allows(registry.permission(name, "get")):
            continue
        seen = _visible(unit, name, ("get",), within)
        if not seen.sql:
            open_kinds.append(name)
            continue
        table = target.table._meta
        alias = quoted(table.tablename)
        limited.append(
            Fragment(
                f"{kind} = '{name}' AND {held} IN (SELECT \"{table.tablename}\".id FROM"
                f' "{table.schema}"."{table.tablename}" AS "{table.tablename}" WHERE {of_tenant(alias)} AND ({seen.sql}))',
                seen.values,
            )
        )
    if open_kinds:
        names = ", ".join(f"'{name}'" for name in open_kinds)
        limited.insert(0, Fragment(f"{kind} IN ({names})"))
    return either(*limited)


def subject_kinds(resources: Any, name: str) -> list[str]:
    """Return the resources whose records a subject resource's rows can hang on."""
    return [
        resource.name
        for resource in resources.values()
        if any(
            isinstance(relation, ToMany) and relation.target == name and relation.column is None
            for relation in resource.relations
        )
    ]


def visible_sql(unit: "Unit", resource: str, offset: int, *verbs: ApiVerb) -> tuple[str, tuple[Any, ...]]:
    """Return `visible` as a condition whose values follow `offset` others; `true` when all rows are.

    The table must be aliased to its own name: `FROM "ticketing"."ticket" AS "ticket"`.
    """
    fragment = visible(unit, resource, *verbs)
    return shifted(fragment.sql, offset) or "true", fragment.values
