"""Panels of companies and contacts: whom to call, where they are, the tree they stand in."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from psa_contacts.api import COMPANIES, CONTACTS, SITES
from psa_contacts.hierarchy import MAX_DEPTH
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Panel

READ: Final = "contacts.companies.read"
_PEOPLE: Final = "5"
_PLACES: Final = "4"
TREE: Final = """
WITH RECURSIVE up AS (
    SELECT id, parent, 0 AS level FROM contacts.company WHERE id = $1
    UNION ALL
    SELECT c.id, c.parent, up.level - 1 FROM contacts.company c JOIN up ON c.id = up.parent WHERE up.level > -$2::int
), down AS (
    SELECT id, 0 AS level, ARRAY[lower(name)] AS path FROM contacts.company WHERE id = $1
    UNION ALL
    SELECT c.id, down.level + 1, down.path || lower(c.name) FROM contacts.company c JOIN down ON c.parent = down.id
    WHERE down.level < $2
)
SELECT id, level FROM (
    SELECT id, level, NULL::text[] AS path FROM up WHERE level < 0 UNION ALL SELECT id, level, path FROM down
) t ORDER BY (level >= 0), CASE WHEN level < 0 THEN level END, path LIMIT 60"""


async def people(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load the people of a company, the primary one first, and its places."""
    documents = ctx.service(Documents)
    query = {"filter[company]": str(id), "page[total]": "true"}
    found = await documents.find(CONTACTS, {**query, "page[size]": _PEOPLE, "sort": "last_name"})
    first = await documents.find(CONTACTS, {**query, "page[size]": "1", "filter[is_primary]": "true"})
    places = await documents.find(SITES, {**query, "page[size]": _PLACES, "sort": "name"})
    ahead = [*first.items, *(item for item in found.items if item.id not in {one.id for one in first.items})]
    if not ahead and not places.items:
        return None
    return {"people": ahead, "all_people": found.total, "places": places.items, "id": id}


async def tree(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load the companies above and below one; None where it stands alone."""
    rows = await ctx.db.fetch(TREE, id, MAX_DEPTH)
    if len(rows) < 2:
        return None
    names = await ctx.service(Documents).names(COMPANIES, [row["id"] for row in rows])
    top = min(row["level"] for row in rows)
    return {
        "id": id,
        "rows": [(row["level"] - top, row["id"], names[row["id"]]) for row in rows if row["id"] in names],
    }


async def access(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load whether a contact may use the portal, and under which addresses they are known."""
    documents = ctx.service(Documents)
    readable = frozenset(documents.resources())
    include = ",".join(
        name for name, of in (("portal_user", "users"), ("company", COMPANIES)) if of in readable
    )
    found = await documents.one(CONTACTS, id, include=include) if id else None
    if found is None:
        return None
    emails = await documents.related(CONTACTS, found.items[0].id, "emails", {"page[size]": "10"})
    return {"found": found, "contact": found.items[0], "emails": emails.items}


PANELS = (
    Panel(
        slot="company.side",
        id="contacts.people",
        title="People and places",
        template="contacts/panels/people.html",
        load=people,
        permission="contacts.contacts.read",
        icon="users-round",
        order=10,
    ),
    Panel(
        slot="company.side",
        id="contacts.tree",
        title="Hierarchy",
        template="contacts/panels/tree.html",
        load=tree,
        permission=READ,
        icon="network",
        order=40,
    ),
    Panel(
        slot="contact.side",
        id="contacts.access",
        title="Portal",
        template="contacts/panels/access.html",
        load=access,
        permission="contacts.contacts.read",
        icon="door-open",
        order=10,
    ),
)
