"""What happened to one record, for those who see it: `GET /<collection>/{id}/activity` of every resource."""

import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_kernel.database.converge.isolation import company_key
from psa_kernel.registry import Registry
from psa_kernel.unit_of_work import Unit
from psa_sdk import Answer, AnswerList, Context, Resource, Route, ToOne
from psa_sdk.errors import NotFound

ACTIVITY = "activity"
"""Among a resource's `portal_hidden`, this keeps the whole list from clients."""


class ActivityDocument(msgspec.Struct, kw_only=True):
    """A step in a record's life: `changed` maps attributes to `[before, after]`."""

    occurred_at: datetime.datetime
    action: str
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    changed: dict[str, tuple[Any, Any]]
    detail: dict[str, Any] | None


class ActivityQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which page, newest first."""

    size: Annotated[int, Meta(ge=1, le=100)] = msgspec.field(name="page[size]", default=50)
    after: UUID | None = msgspec.field(name="page[after]", default=None)


def activity_routes(registry: Registry) -> tuple[tuple[str, Route], ...]:
    """Return the route of each resource whose records can be looked at, with the plugin it belongs to."""
    return tuple(
        (registry.resource_owner[name], _route(registry, resource))
        for name, resource in registry.resources.items()
        if "get" in resource.verbs and name != "audit-logs"
    )


def _route(registry: Registry, resource: Resource) -> Route:
    async def list_activity(ctx: Context, id: UUID, query: ActivityQuery) -> AnswerList:
        return await activity(cast(Unit, ctx), resource, id, query)

    return Route(
        method="GET",
        path=f"{resource.url}/{{id:uuid}}/{ACTIVITY}",
        permission=registry.permission(resource.name, "read"),
        handle=list_activity,
        status=200,
        audience="both" if resource.portal is not None else "staff",
        returns=ActivityDocument,
        answer_type="activities",
        summary=f"List what happened to one of the {resource.title or resource.name}.",
    )


_SINCE_IT_IS_THEIRS = (
    " AND NOT EXISTS (SELECT FROM psa.audit_entry AS moved WHERE moved.tenant_id = $1 AND moved.resource = $2"
    " AND moved.record_id = $3 AND moved.action = 'updated' AND moved.new ? '{}' AND moved.id >= audit_entry.id)"
)
"""What a record was while it belonged to another client is none of this one's business."""


async def activity(unit: Unit, resource: Resource, id: UUID, query: ActivityQuery) -> AnswerList:
    """Return a page of a record's activity; raises `NotFound` when the principal doesn't see the record."""
    portal = unit.principal.audience == "portal"
    if (portal and ACTIVITY in resource.portal_hidden) or not await unit.records.exists(resource.name, id):
        raise NotFound(f"There is no {resource.name} {id}.")
    company = company_key(unit.kernel.registry, resource.table) if portal else ""
    rows = await unit.db.fetch(
        "SELECT id, occurred_at, action, actor_kind, actor_id, actor_label, old::text, new::text, detail::text"
        " FROM psa.audit_entry WHERE tenant_id = $1 AND resource = $2 AND record_id = $3"
        " AND ($4::uuid IS NULL OR id < $4)"
        + (" AND action IN ('created', 'updated', 'deleted')" if portal else "")
        + (_SINCE_IT_IS_THEIRS.format(company) if company not in ("", "id") else "")
        + f" ORDER BY id DESC LIMIT {query.size + 1}",
        unit.tenant_id,
        resource.name,
        id,
        query.after,
    )
    page = rows[: query.size]
    shown = [_document(unit, resource, row, portal=portal) for row in page]
    items = [
        Answer(type="activities", id=str(row["id"]), attributes=document)
        for row, document in zip(page, shown, strict=True)
        if document is not None
    ]
    link = None
    if len(rows) > query.size:
        link = f"/api/v1{resource.url}/{id}/activity?page[size]={query.size}&page[after]={page[-1]['id']}"
    return AnswerList(items=items, next=link)


def _document(unit: Unit, resource: Resource, row: Any, *, portal: bool) -> ActivityDocument | None:
    old, new, detail = (
        msgspec.json.decode(row[name]) if row[name] else {} for name in ("old", "new", "detail")
    )
    visible = _portal_attributes(resource) if portal else None
    changed = {
        name: (old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if visible is None or name in visible
    }
    if portal and not changed and row["action"] == "updated":
        return None
    # Clients see that somebody of the provider acted, not who.
    named = not portal or row["actor_kind"] == "contact" or row["actor_id"] == unit.principal.id
    return ActivityDocument(
        occurred_at=row["occurred_at"],
        action=row["action"],
        actor_kind=row["actor_kind"] if named else "user",
        actor_id=row["actor_id"] if named else None,
        actor_label=row["actor_label"] if named else "",
        changed=changed,
        detail=None if portal else detail or None,
    )


def _portal_attributes(resource: Resource) -> frozenset[str]:
    columns = {
        relation.column._meta.name: relation.name
        for relation in resource.relations
        if isinstance(relation, ToOne)
    }
    names = {*resource.read.__struct_fields__, *columns}
    return frozenset(
        name
        for name in names
        if name not in resource.portal_hidden and columns.get(name) not in resource.portal_hidden
    )
