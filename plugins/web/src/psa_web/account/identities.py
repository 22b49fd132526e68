"""Accounts of identity providers that let somebody in: one's own in the profile, others' on their record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Done, Go
from psa_sdk.web import Browser


async def own(ctx: Context, subject: UUID | None) -> Mapping[str, Any] | None:
    """Load the providers that one can link, and what is linked; None where there is neither."""
    held = (await ctx.service(Documents).call("GET", "/auth/identities")).items
    linked = {one.attributes.provider: one for one in held}
    ways = await ctx.service(Browser).sign_in_ways(ctx.principal.audience)
    open_ones = [way for way in ways if way.key not in linked]
    return {"identities": held, "ways": open_ones} if held or open_ones else None


async def begin(ctx: Context, provider: UUID) -> Go:
    """Send a person to a provider, to link what it knows of them to their account."""
    answer = await ctx.service(Documents).call("POST", f"/auth/sso/{provider}/link")
    return Go(url=answer.attributes.page, away=True)


async def remove_own(ctx: Context, id: UUID) -> Done:
    """Let a provider no longer log oneself in."""
    await ctx.service(Documents).call("DELETE", f"/auth/identities/{id}")
    return Done(toast="The link is removed", refresh=("profile",))


async def of_user(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what lets somebody in; None where nothing does."""
    held = (await ctx.service(Documents).call("GET", f"/users/{id}/identities")).items
    return {"identities": held, "user": id} if held else None


async def remove(ctx: Context, id: UUID, identity: UUID) -> Done:
    """Let a provider no longer log somebody in."""
    await ctx.service(Documents).call("DELETE", f"/users/{id}/identities/{identity}")
    return Done(toast="The link is removed", refresh=(f"users:{id}",))
