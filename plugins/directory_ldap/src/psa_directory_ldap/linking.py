"""Linking one's own account to a directory by its password: how those who manage accounts come to log in with it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_directory_ldap.api import DIRECTORIES, key_of
from psa_directory_ldap.authority import Asked, vouched_for
from psa_directory_ldap.directories import registration_of
from psa_directory_ldap.tables import LdapDirectory
from psa_sdk import AUTHENTICATED, Context, post
from psa_sdk.admission import domain_allowed
from psa_sdk.context import Row
from psa_sdk.documents import Documents
from psa_sdk.errors import Fault, Forbidden, Invalid, NotFound
from psa_sdk.identity import Account, Directory
from psa_sdk.network import Network
from psa_sdk.sign_in import ExternalIdentities, SignIn
from psa_sdk.ui import Done


class Proof(msgspec.Struct, forbid_unknown_fields=True):
    """One's password in a directory."""

    password: str = ""

    def __repr__(self) -> str:
        """Never show the password."""
        return "Proof()"


@post(
    "/ldap-directories/{id:uuid}/link",
    permission=AUTHENTICATED,
    audience="both",
    step_up=True,
    idempotent=False,
    status=204,
)
async def link(ctx: Context, id: UUID, body: Proof) -> None:
    """Link one's account to a directory that knows its address, by the password there."""
    account, rows = await _linkable(ctx)
    row = next((row for row in rows if row["id"] == id), None)
    if row is None:
        raise NotFound("There is no such directory for your address.")
    asked = Asked(registration=await registration_of(ctx, row))
    network, now = ctx.service(Network), ctx.now
    async with ctx.outside():
        vouched = await vouched_for(network, [asked], account.email, body.password, now)
        if vouched is None:
            async with ctx.service(SignIn).unit() as unit:
                await unit.service(SignIn).refuse("wrong_password", method="ldap", directory=row["name"])
            raise Invalid(
                faults=[
                    Fault(
                        detail="The directory doesn't take this password for your address.",
                        code="login_refused",
                        pointer="/data/attributes/password",
                    )
                ]
            )
    await ctx.service(ExternalIdentities).link(key_of(id), vouched.person.subject, account.id, tell=True)


async def linkable(ctx: Context, subject: UUID | None) -> Mapping[str, Any] | None:
    """Load the directories that one can link; None where there are none."""
    if ctx.principal.kind not in {"user", "contact"}:
        return None
    _, rows = await _linkable(ctx)
    return {"directories": rows} if rows else None


async def link_own(ctx: Context, id: UUID, form: Proof) -> Done:
    """Link one's own account."""
    await ctx.service(Documents).call("POST", f"/{DIRECTORIES}/{id}/link", body={"password": form.password})
    return Done(toast="Your account is linked", refresh=("profile",))


async def _linkable(ctx: Context) -> tuple[Account, Sequence[Row]]:
    """Return one's account, and the active directories of its audience and domain that it isn't linked to."""
    if ctx.principal.kind not in {"user", "contact"}:
        raise Forbidden("Only people link their account.", code="person_needed")
    people = ctx.service(Directory)
    account = (await people.users([ctx.principal.id]))[ctx.principal.id]
    wanted = (LdapDirectory.audience == account.audience) & LdapDirectory.is_active.eq(True)
    rows = await ctx.as_system().records.find(DIRECTORIES, wanted, order="position")
    if not rows:
        return account, ()
    linked = await people.identities(account.id)
    return account, [
        row
        for row in rows
        if key_of(row["id"]) not in linked and domain_allowed(account.email, row["email_domains"])
    ]
