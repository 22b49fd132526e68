"""What pages and buttons of single sign-on load and do."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.ui import Done
from psa_sso_saml.api import PROVIDERS, SAML_PROVIDERS
from psa_sso_saml.logins import acs_path, entity_of
from psa_sso_saml.signatures import certificates

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
        "changing": bool(row["next_certificate"]),
        "people": len(await ctx.service(ExternalIdentities).subjects(SAML_PROVIDERS.key_of(id))),
        "writable": ctx.principal.allows("sso_saml.saml_providers.update"),
    }


async def take_over(ctx: Context, id: UUID, form: Metadata) -> Done:
    """Take a provider's metadata over."""
    body = {"document": form.document.strip(), "url": form.url.strip()}
    await ctx.service(Documents).call("POST", f"/{PROVIDERS}/{id}/import", body=body)
    return Done(toast="The metadata are taken over", refresh=(PROVIDERS,))


async def prepare_key(ctx: Context, id: UUID) -> Done:
    """Make the key that is to follow ours."""
    await ctx.service(Documents).call("POST", f"/{PROVIDERS}/{id}/next-key")
    return Done(toast="The next key is in our metadata", refresh=(PROVIDERS,))


async def use_key(ctx: Context, id: UUID) -> Done:
    """Let it take the place of ours."""
    await ctx.service(Documents).call("POST", f"/{PROVIDERS}/{id}/next-key/use")
    return Done(toast="The new key is in use", refresh=(PROVIDERS,))
