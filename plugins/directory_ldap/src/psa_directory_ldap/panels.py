"""What pages and buttons of directories load and do."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_directory_ldap.api import DIRECTORIES, SYNCS, key_of
from psa_directory_ldap.routes import SYNC, UPDATE
from psa_sdk import Answer, Context
from psa_sdk.documents import Documents
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.ui import Done, Show

SHOWN = 50
"""Lines of the latest synchronisation on the directory's page."""


async def synchronisation(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what the latest synchronisation did or would have done."""
    if id is None:
        return None
    query = {"filter[directory]": str(id), "sort": "-created_at", "page[size]": "1"}
    latest = (await ctx.service(Documents).find(SYNCS, query)).items
    row = await ctx.records.get(DIRECTORIES, id)
    lines = list(latest[0].attributes["lines"]) if latest else []
    return {
        "id": id,
        "directory": row,
        "sync": latest[0] if latest else None,
        "lines": lines[:SHOWN],
        "more": max(0, len(lines) - SHOWN),
        "may": ctx.principal.allows(SYNC) and row["is_active"],
    }


async def connection(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load how many people a directory let in, and whether it may be tried out."""
    if id is None:
        return None
    people = len(await ctx.service(ExternalIdentities).subjects(key_of(id)))
    return {"id": id, "people": people, "may": ctx.principal.allows(UPDATE)}


async def check(ctx: Context, id: UUID) -> Show:
    """Try a directory out and tell what was found."""
    answer = await ctx.service(Documents).call("POST", f"/{DIRECTORIES}/{id}/check")
    assert isinstance(answer, Answer)
    return Show(template="directory_ldap/checked.html", data={"checked": answer.attributes})


async def dry_run(ctx: Context, id: UUID) -> Done:
    """Ask what a synchronisation would do."""
    await ctx.service(Documents).call("POST", f"/{DIRECTORIES}/{id}/sync", body={"is_dry": True})
    return Done(toast="The dry run has begun", refresh=(SYNCS,))


async def run(ctx: Context, id: UUID) -> Done:
    """Synchronise now."""
    await ctx.service(Documents).call("POST", f"/{DIRECTORIES}/{id}/sync", body={"is_dry": False})
    return Done(toast="The synchronisation has begun", refresh=(SYNCS,))


async def confirm(ctx: Context, id: UUID) -> Done:
    """Go on where a synchronisation stopped."""
    await ctx.service(Documents).call("POST", f"/{SYNCS}/{id}/confirm")
    return Done(toast="The synchronisation has begun", refresh=(SYNCS,))
