"""The pages of a client's administrators: the company, its places and its people."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_contacts.api import COMPANIES, SITES, PortalRole
from psa_portal import people
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import NotFound
from psa_sdk.ui import Done

REFRESH = ("people",)


class Invited(msgspec.Struct):
    """The form of an invitation."""

    email: str
    first_name: str = ""
    last_name: str = ""
    role: PortalRole = "client_user"


class Chosen(msgspec.Struct):
    """The form of a role."""

    role: PortalRole


async def company(ctx: Context) -> Mapping[str, Any]:
    """Load one's own company and its places."""
    documents = ctx.service(Documents)
    own = ctx.principal.who.company_id
    if own is None:
        raise NotFound("This log-in belongs to no company.")
    sites = await documents.find(SITES, {"page[size]": "100"})
    return {"company": (await documents.one(COMPANIES, own)).items[0], "sites": sites.items}


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load the company's people."""
    return {"people": await people.of_company(ctx), "own": ctx.principal.who.contact_id}


async def invite(ctx: Context, form: Invited) -> Done:
    """Let somebody in."""
    await people.invite(
        ctx, first_name=form.first_name, last_name=form.last_name, email=form.email, role=form.role
    )
    return Done(toast="The invitation is on its way.", refresh=REFRESH)


async def again(ctx: Context, id: UUID) -> Done:
    """Send another invitation."""
    await _visible(ctx, id)
    await people.invite_again(ctx, id)
    return Done(toast="The invitation is on its way.", refresh=REFRESH)


async def choose_role(ctx: Context, id: UUID, form: Chosen) -> Done:
    """Give somebody another role."""
    await people.grant(ctx, id, form.role)
    return Done(toast="Saved", refresh=REFRESH)


async def end(ctx: Context, id: UUID) -> Done:
    """End somebody's access."""
    await people.end(ctx, id)
    return Done(toast="The access has ended.", refresh=REFRESH)


async def _visible(ctx: Context, id: UUID) -> None:
    await ctx.service(Documents).one("contacts", id)
