"""Widgets of the home page that need no other plugin: how much there is, and what changed last."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_sdk import AUTHENTICATED, Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Widget
from psa_web.api import here, view_of

_CHANGES = "10"
AUDIT = "audit.audit_logs.read"


async def at_a_glance(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Count the records of the navigation."""
    documents = ctx.service(Documents)
    place = here()
    counted: list[Any] = []
    for entry in place.site.record_nav(place):
        view = view_of(place.site, documents.describe(entry.id))
        counted.append((view, await documents.count(entry.id)))
    return {"counted": counted} if counted else None


async def changes(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Find the latest entries of the audit log that people made."""
    found = await ctx.service(Documents).find(
        "audit-logs",
        {
            "filter[actor_kind][in]": "user,contact,api_key",
            "filter[action][in]": "created,updated,deleted",
            "page[size]": _CHANGES,
        },
    )
    return {"entries": found.items} if found.items else None


ALL = (
    Widget(
        id="console.glance",
        title="At a glance",
        template="console/glance.html",
        load=at_a_glance,
        permission=AUTHENTICATED,
        icon="layers",
        size="2x1",
        order=500,
    ),
    Widget(
        id="console.changes",
        title="Latest changes",
        template="console/changes.html",
        load=changes,
        permission=AUDIT,
        icon="history",
        size="2x2",
        order=510,
    ),
)
