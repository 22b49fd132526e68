"""One's own profile: name and telephone, language, password, sessions, through the API's own routes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from psa_contacts.api import CONTACTS
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Invalid
from psa_sdk.ui import Done, Go
from psa_sdk.web import Browser
from psa_web.api import here


class AboutMe(msgspec.Struct):
    """The form of one's own details."""

    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    mobile: str = ""


class Preferences(msgspec.Struct):
    """The form of language and time zone; empty is as the organisation has it."""

    locale: str = ""
    timezone: str = ""


class NewPassword(msgspec.Struct):
    """The form of a new password."""

    current_password: str = ""
    new_password: str = ""
    repeated: str = ""


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load everything that is one's own."""
    documents = ctx.service(Documents)
    contact = ctx.principal.who.contact_id
    found = await documents.one(CONTACTS, contact) if contact is not None else None
    sessions = (await documents.call("GET", "/auth/sessions")).items
    return {
        "me": (await documents.call("GET", "/auth/me")).attributes,
        "person": found.items[0].attributes if found is not None else None,
        "sessions": [{"id": one.id, **msgspec.structs.asdict(one.attributes)} for one in sessions],
        "languages": here().site.catalogues.languages,
        "shortest": await ctx.service(Browser).shortest_password(ctx.principal.audience),
    }


async def save(ctx: Context, form: AboutMe) -> Done:
    """Change one's own details."""
    contact = ctx.principal.who.contact_id
    if contact is None:
        raise Invalid("This log-in belongs to no contact; ask us to change it.")
    values = {name: value or None for name, value in msgspec.structs.asdict(form).items()}
    names = {"first_name": form.first_name, "last_name": form.last_name}
    await ctx.service(Documents).update(CONTACTS, contact, values | names)
    return Done(toast="Saved", refresh=("profile",))


async def prefer(ctx: Context, form: Preferences) -> Go:
    """Choose language and time zone; the page comes anew, perhaps in another language."""
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
