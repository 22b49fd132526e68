"""The profile: one's own name, language, password, sessions and keys, through the API's own routes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_sdk.ui import Done, Go, Show
from psa_sdk.web import Browser
from psa_web.api import here


class AboutMe(msgspec.Struct):
    """The form of one's own details."""

    name: str = ""
    job_title: str = ""
    phone: str = ""
    timezone: str = ""
    locale: str = ""


class NewPassword(msgspec.Struct):
    """The form of a new password."""

    current_password: str = ""
    new_password: str = ""
    repeated: str = ""


class NewKey(msgspec.Struct):
    """The form of a new API key; rights are one per line, addresses too."""

    name: str = ""
    scopes: str = ""
    allowed_addresses: str = ""


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load everything that is one's own."""
    documents = ctx.service(Documents)
    me = (await documents.call("GET", "/auth/me")).attributes
    person = (await documents.one("users", ctx.principal.id)).items[0].attributes
    sessions = (await documents.call("GET", "/auth/sessions")).items
    may_have_keys = "api-keys" in documents.resources()
    keys: Sequence[Any] = ()
    if may_have_keys:
        found = await documents.find("api-keys", {"filter[user]": str(ctx.principal.id), "page[size]": "100"})
        keys = found.items
    return {
        "me": me,
        "person": person,
        "sessions": [
            {"id": session.id, **msgspec.structs.asdict(session.attributes)} for session in sessions
        ],
        "keys": keys,
        "may_make_keys": ctx.principal.allows("auth.api_keys.create"),
        "languages": here().site.catalogues.languages,
        "shortest": await ctx.service(Browser).shortest_password(ctx.principal.audience),
    }


async def save(ctx: Context, form: AboutMe) -> Go:
    """Change one's own details; the page comes anew, perhaps in another language."""
    await ctx.service(Documents).call("PATCH", "/auth/me", body=msgspec.structs.asdict(form))
    return Go(url="/profile", toast="Saved")


async def change_password(ctx: Context, form: NewPassword) -> Done:
    """Change one's own password."""
    if form.new_password != form.repeated:
        raise Invalid(faults=[Fault(detail="The two new passwords differ.", pointer="/repeated")])
    body = {"current_password": form.current_password, "new_password": form.new_password}
    await ctx.service(Documents).call("POST", "/auth/password", body=body)
    return Done(toast="Your password is changed; your other sessions have ended.", refresh=("profile",))


async def end_session(ctx: Context, id: UUID) -> Done:
    """End one of one's own sessions."""
    await ctx.service(Documents).call("DELETE", f"/auth/sessions/{id}")
    return Done(toast="The session has ended.", refresh=("profile",))


async def make_key(ctx: Context, form: NewKey) -> Show:
    """Make an API key and show its secret, this once."""
    scopes = [line.strip() for line in form.scopes.splitlines() if line.strip()]
    body = {"name": form.name, "scopes": scopes, "allowed_addresses": form.allowed_addresses.split()}
    answer = await ctx.service(Documents).call("POST", "/api-keys", body=body)
    return Show(template="console/new_key.html", data={"key": answer.attributes})


async def delete_key(ctx: Context, id: UUID) -> Done:
    """Delete one of one's own API keys."""
    await ctx.service(Documents).delete("api-keys", id)
    return Done(toast="The key is deleted.", refresh=("profile",))
