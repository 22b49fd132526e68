"""What pages and buttons of single sign-on load and do."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import NotFound
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.sign_in_pages import link_token
from psa_sdk.signing import Signer
from psa_sdk.ui import Done, Go
from psa_sso_saml.api import PROVIDERS, key_of
from psa_sso_saml.logins import acs_path, entity_of
from psa_sso_saml.signatures import certificates
from psa_sso_saml.source import start_path
from psa_sso_saml.tables import Provider

SOON = datetime.timedelta(days=30)


class Metadata(msgspec.Struct):
    """The form of a provider's metadata."""

    document: str = ""
    url: str = ""


async def registration(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load what an administrator enters at the provider, until when its certificates hold, and whom it let in."""
    if id is None:
        return None
    row = await ctx.records.get(PROVIDERS, id)
    ends = (
        max((one.not_valid_after_utc for one in certificates(row["idp_certificates"])), default=None)
        if row["idp_certificates"]
        else None
    )
    return {
        "id": id,
        "entity": entity_of(ctx, id),
        "acs": ctx.service(Network).home + acs_path(id),
        "ends": ends,
        "soon": ends is not None and ends < ctx.now + SOON,
        "people": len(await ctx.service(ExternalIdentities).subjects(key_of(id))),
        "writable": ctx.principal.allows("sso_saml.saml_providers.update"),
    }


async def take_over(ctx: Context, id: UUID, form: Metadata) -> Done:
    """Take a provider's metadata over."""
    body = {"document": form.document.strip(), "url": form.url.strip()}
    await ctx.service(Documents).call("POST", f"/{PROVIDERS}/{id}/import", body=body)
    return Done(toast="The metadata are taken over", refresh=(PROVIDERS,))


async def links(ctx: Context, id: UUID | None) -> Mapping[str, Any] | None:
    """Load the providers that a person can link to their account, and which are; None where there are none."""
    wanted = (Provider.audience == ctx.principal.audience) & Provider.is_active.eq(True)
    rows = await ctx.as_system().records.find(PROVIDERS, wanted, order="position")
    identities = ctx.service(ExternalIdentities)
    found = [
        {
            "id": row["id"],
            "name": row["name"],
            "linked": ctx.principal.id in (await identities.subjects(key_of(row["id"]))).values(),
        }
        for row in rows
    ]
    return {"providers": found} if found else None


async def link(ctx: Context, id: UUID) -> Go:
    """Send a person to a provider, to link what it knows of them to their account."""
    token = link_token(ctx.service(Signer), key_of(id), ctx.principal.id, ctx.now)
    return Go(url=f"{start_path(ctx.principal.audience, id)}?link={token}", away=True)


async def unlink(ctx: Context, id: UUID) -> Done:
    """Let a provider no longer log a person in."""
    if not await ctx.service(ExternalIdentities).unlink(key_of(id), account_id=ctx.principal.id):
        raise NotFound("Your account isn't linked there.")
    return Done(toast="The link is removed", refresh=("profile",))
