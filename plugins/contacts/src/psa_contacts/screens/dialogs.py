"""Merging contacts, letting them into the portal, anonymising, restoring: dialogs for the API's own actions."""

from typing import Literal
from uuid import UUID

import msgspec

from psa_contacts.api import COMPANIES, CONTACTS
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Done, Go


class Merge(msgspec.Struct, kw_only=True):
    """The duplicate that goes; `force` across companies."""

    source: UUID | None = None
    force: bool = False


class Portal(msgspec.Struct, kw_only=True):
    """Whether and as what a contact may use the portal."""

    enabled: bool = True
    role: Literal["client_user", "client_admin"] = "client_user"


class Reason(msgspec.Struct, kw_only=True):
    """Why somebody is anonymised."""

    reason: str = ""


async def merge(ctx: Context, id: UUID, form: Merge) -> Done:
    """Merge a duplicate into the contact of the page; the toast offers to take it back."""
    if form.source is None:
        raise Invalid("Choose the contact that goes.", pointer="/source")
    documents = ctx.service(Documents)
    body = {"source": str(form.source), "force": form.force}
    await documents.call("POST", f"/contacts/{id}/merge", body=body)
    query = {
        "filter[winner]": str(id),
        "filter[loser]": str(form.source),
        "page[size]": "1",
        "sort": "-created_at",
    }
    made = (await documents.find("contact-merges", query)).items[0]
    return Done(
        toast="Merged into this contact", refresh=_topics(id), undo=f"/contacts/{id}/merges/{made.id}/undo"
    )


async def undo_merge(ctx: Context, id: UUID, merge: UUID) -> Done:
    """Take a merge back."""
    await ctx.service(Documents).call("POST", f"/contact-merges/{merge}/undo")
    return Done(toast="Merge undone", refresh=_topics(id))


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
