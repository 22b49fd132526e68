"""Merging companies and contacts, letting people into the portal, anonymising, restoring: dialogs for the API's own actions."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_contacts.api import COMPANIES, CONTACTS
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Conflict, Invalid
from psa_sdk.ui import Done, Go


class Merge(msgspec.Struct, kw_only=True):
    """The duplicate that goes; `force` across companies."""

    source: UUID | None = None
    force: bool = False


class Duplicate(msgspec.Struct, kw_only=True):
    """The duplicate that was picked, if any yet."""

    source: str = ""
    force: bool = False


class Portal(msgspec.Struct, kw_only=True):
    """Whether and as what a contact may use the portal."""

    enabled: bool = True
    role: Literal["client_user", "client_admin"] = "client_user"


class Reason(msgspec.Struct, kw_only=True):
    """Why somebody is anonymised."""

    reason: str = ""


async def preview_contact(ctx: Context, id: UUID, query: Duplicate) -> Mapping[str, Any]:
    """Load what merging a duplicate into a contact would do."""
    return await _preview(ctx, CONTACTS, id, query, {"force": str(query.force).lower()})


async def preview_company(ctx: Context, id: UUID, query: Duplicate) -> Mapping[str, Any]:
    """Load what merging a duplicate into a company would do."""
    return await _preview(ctx, COMPANIES, id, query, {})


async def _preview(
    ctx: Context, resource: str, id: UUID, query: Duplicate, more: Mapping[str, str]
) -> Mapping[str, Any]:
    data: dict[str, Any] = {"resource": resource, "id": id, "preview": None, "refusal": "", "moves": []}
    if not query.source:
        return data
    documents = ctx.service(Documents)
    asked = {"source": query.source, **more}
    try:
        answer = await documents.call("GET", f"/{resource}/{id}/merge-preview", query=asked)
    except (Conflict, Invalid) as problem:
        return {**data, "refusal": str(problem)}
    sums: Counter[str] = Counter()
    for key, number in answer.attributes.moves.items():
        sums[key.partition(".")[0]] += number
    seen = frozenset(documents.resources())
    titled = [(documents.describe(name).title, number) for name, number in sums.items() if name in seen]
    rest = sum(number for name, number in sums.items() if name not in seen)
    return {**data, "preview": answer.attributes, "moves": sorted(titled), "rest": rest}


async def merge(ctx: Context, id: UUID, form: Merge) -> Done:
    """Merge a duplicate into the contact of the page; the toast offers to take it back."""
    if form.source is None:
        raise Invalid("Choose the contact that goes.", pointer="/source")
    body = {"source": str(form.source), "force": form.force}
    made = await _merged(ctx, CONTACTS, "contact-merges", id, body)
    return Done(
        toast="Merged into this contact", refresh=_topics(id), undo=f"/contacts/{id}/merges/{made}/undo"
    )


async def merge_company(ctx: Context, id: UUID, form: Merge) -> Done:
    """Merge a duplicate into the company of the page; the toast offers to take it back."""
    if form.source is None:
        raise Invalid("Choose the company that goes.", pointer="/source")
    made = await _merged(ctx, COMPANIES, "company-merges", id, {"source": str(form.source)})
    return Done(
        toast="Merged into this company",
        refresh=(COMPANIES, f"{COMPANIES}:{id}"),
        undo=f"/companies/{id}/merges/{made}/undo",
    )


async def _merged(ctx: Context, resource: str, merges: str, id: UUID, body: Mapping[str, Any]) -> UUID:
    documents = ctx.service(Documents)
    await documents.call("POST", f"/{resource}/{id}/merge", body=body)
    query = {
        "filter[winner]": str(id),
        "filter[loser]": str(body["source"]),
        "page[size]": "1",
        "sort": "-created_at",
    }
    return (await documents.find(merges, query)).items[0].id


async def undo_merge(ctx: Context, id: UUID, merge: UUID) -> Done:
    """Take a merge of contacts back."""
    await ctx.service(Documents).call("POST", f"/contact-merges/{merge}/undo")
    return Done(toast="Merge undone", refresh=_topics(id))


async def undo_company_merge(ctx: Context, id: UUID, merge: UUID) -> Done:
    """Take a merge of companies back."""
    await ctx.service(Documents).call("POST", f"/company-merges/{merge}/undo")
    return Done(toast="Merge undone", refresh=(COMPANIES, f"{COMPANIES}:{id}"))


async def portal(ctx: Context, id: UUID, form: Portal) -> Done:
    """Let a contact into the portal, or end it."""
    body = {"enabled": form.enabled, "role": form.role}
    await ctx.service(Documents).call("POST", f"/contacts/{id}/portal-access", body=body)
    return Done(toast="Invitation sent" if form.enabled else "Portal access ended", refresh=_topics(id))


async def anonymise(ctx: Context, id: UUID, form: Reason) -> Done:
    """Remove what identifies a person."""
    await ctx.service(Documents).call(
        "POST", f"/contacts/{id}/anonymise", body={"reason": form.reason.strip()}
    )
    return Done(toast="Anonymised", refresh=_topics(id))


async def restore_contact(ctx: Context, id: UUID) -> Go:
    """Bring an archived contact back."""
    await ctx.service(Documents).call("POST", f"/contacts/{id}/restore")
    return Go(url=f"/contacts/{id}", toast="Restored")


async def restore_company(ctx: Context, id: UUID) -> Go:
    """Bring an archived company back."""
    await ctx.service(Documents).call("POST", f"/companies/{id}/restore")
    return Go(url=f"/companies/{id}", toast="Restored")


def _topics(id: UUID) -> tuple[str, ...]:
    return (CONTACTS, f"{CONTACTS}:{id}", COMPANIES)
