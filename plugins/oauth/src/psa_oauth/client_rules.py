"""What an application may be registered with, and what ends when that changes."""

from collections.abc import Sequence
from uuid import UUID

from psa_oauth import granting, redirects, scopes
from psa_sdk import Change, Context
from psa_sdk.errors import Fault, Forbidden, Invalid
from psa_sdk.identity import Directory
from psa_sdk.sign_in import ExternalIdentities

_AT = "/data/attributes"


async def write(ctx: Context, change: Change) -> None:
    """Check an application before it is registered or changed; what it got before ends with its scopes."""
    if change.verb == "update":
        if ctx.principal.kind == "api_key":
            raise Forbidden("Applications are changed by people, not by programs.", code="person_needed")
        await require_within(ctx, change.old["owner"])
    check(
        confidential=change.value("confidential"),
        redirect_uris=change.value("redirect_uris"),
        grant_types=change.value("grant_types"),
        asked=change.value("scopes"),
    )
    if change.verb == "update" and (change.changes("scopes") or change.changes("grant_types")):
        await granting.end(ctx, "client_changed", client=change.id)


async def require_within(ctx: Context, owner: UUID) -> None:
    """Raise `Forbidden` unless the principal holds all that an application's owner does: it can act as them."""
    if owner != ctx.principal.id:
        held = await ctx.service(Directory).roles([owner])
        await ctx.service(ExternalIdentities).require_grantable(held.get(owner, ()))


async def delete(ctx: Context, change: Change) -> None:
    """End everything that an application has."""
    await granting.end(ctx, "client_deleted", client=change.id)


async def take_back(ctx: Context, change: Change) -> None:
    """End everything that an application has of a person."""
    await granting.end(ctx, "consent_revoked", account=change.old["account"], client=change.old["client"])


def check(
    *, confidential: bool, redirect_uris: Sequence[str], grant_types: Sequence[str], asked: Sequence[str]
) -> None:
    """Raise `Invalid` naming everything that an application can't be registered with."""
    faults = [
        Fault(detail=detail, code="redirect_uri_refused", pointer=f"{_AT}/redirect_uris/{index}")
        for index, address in enumerate(redirect_uris)
        if (detail := redirects.fault(address))
    ]
    faults += [
        Fault(
            detail=f"{scope!r} is no scope: write a permission, a pattern such as ticketing.*, or one of"
            f" {', '.join(scopes.IDENTITY)}.",
            code="scope_malformed",
            pointer=f"{_AT}/scopes/{index}",
        )
        for index, scope in enumerate(asked)
        if not scopes.is_scope(scope)
    ]
    if "authorization_code" in grant_types and not redirect_uris:
        faults.append(
            Fault(detail="Codes need an address to return to.", code="needed", pointer=f"{_AT}/redirect_uris")
        )
    if "client_credentials" in grant_types and not confidential:
        faults.append(
            Fault(
                detail="Only an application that keeps a secret acts on its own.",
                code="secret_needed",
                pointer=f"{_AT}/grant_types",
            )
        )
    if faults:
        raise Invalid(faults=faults)
