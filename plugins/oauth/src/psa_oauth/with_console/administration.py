"""The applications of the organisation among the settings, and one's own consents in the profile."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_console.api import settings_navigation
from psa_oauth.tables import GRANT_TYPES
from psa_oauth.with_console.consent import words_of
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_sdk.ui import Done, Show
from psa_sdk.web import Browser, WebRequest

CLIENTS: Final = "oauth-clients"
_KINDS: Final = (
    ("authorization_code", "People allow it"),
    ("refresh_token", "It goes on while people are away"),
    (GRANT_TYPES[3], "Devices without a browser"),
    ("client_credentials", "On its own, as whoever registers it"),
)


class Registration(msgspec.Struct, kw_only=True):
    """The form of a new application; addresses and scopes are one per line."""

    name: str = ""
    kind: str = "confidential"
    redirect_uris: str = ""
    post_logout_redirect_uris: str = ""
    backchannel_logout_uri: str = ""
    scopes: str = ""
    grant_types: list[str] = []


async def load(ctx: Context, request: WebRequest) -> Mapping[str, Any]:
    """Load the applications."""
    browser = ctx.service(Browser)
    found = await ctx.service(Documents).find(CLIENTS, {"page[size]": "100"})
    return {
        "groups": await settings_navigation(ctx),
        "section_id": CLIENTS,
        "clients": found.items,
        "kinds": _KINDS,
        "kind_words": dict(_KINDS),
        "may_register": ctx.principal.allows("oauth.oauth_clients.create"),
        "may_change": ctx.principal.allows("oauth.oauth_clients.update"),
        "may_delete": ctx.principal.allows("oauth.oauth_clients.delete"),
        "issuer": f"{browser.origin(request)}/oauth/{browser.slug}",
    }


async def register(ctx: Context, form: Registration) -> Show:
    """Register an application and show its secret, this once."""
    body = {
        "name": form.name.strip(),
        "confidential": form.kind != "public",
        "redirect_uris": form.redirect_uris.split(),
        "post_logout_redirect_uris": form.post_logout_redirect_uris.split(),
        "backchannel_logout_uri": form.backchannel_logout_uri.strip(),
        "grant_types": form.grant_types,
        "scopes": form.scopes.split(),
    }
    missing = [name for name in ("name", "scopes", "grant_types") if not body[name]]
    if missing:
        raise Invalid(faults=[Fault(detail="This is needed.", pointer=f"/{name}") for name in missing])
    return _secret(await ctx.service(Documents).call("POST", "/oauth-clients", body=body))


async def renew_secret(ctx: Context, id: UUID) -> Show:
    """Show another secret of an application, this once."""
    return _secret(await ctx.service(Documents).call("POST", f"/oauth-clients/{id}/secret"))


async def delete(ctx: Context, id: UUID) -> Done:
    """Remove an application."""
    await ctx.service(Documents).delete(CLIENTS, id)
    return Done(toast="The application is removed.", refresh=(CLIENTS,))


def _secret(made: Any) -> Show:
    data = {"client_id": made.id, "secret": made.attributes.secret}
    return Show(template="oauth.console/secret.html", data=data)


async def own(ctx: Context, subject: UUID | None) -> Mapping[str, Any] | None:
    """Load what one allows applications; None hides it."""
    documents = ctx.service(Documents)
    rows: Sequence[Mapping[str, Any]] = await ctx.db.fetch(
        "SELECT c.id, a.name, c.scopes, c.granted_at FROM oauth.consent c"
        " JOIN oauth.client a ON a.tenant_id = c.tenant_id AND a.id = c.client"
        " WHERE c.account = $1 ORDER BY c.granted_at DESC LIMIT 100",
        ctx.principal.id,
    )
    if not rows or "oauth-consents" not in documents.resources():
        return None
    return {"consents": [{**row, "words": [words_of(scope) for scope in row["scopes"]]} for row in rows]}


async def take_back(ctx: Context, id: UUID) -> Done:
    """Take a consent of one's own back; the application's tokens end at once."""
    await ctx.service(Documents).delete("oauth-consents", id)
    return Done(toast="The application has no access any more.", refresh=("profile",))
