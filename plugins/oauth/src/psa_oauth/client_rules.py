"""What an application may be registered with, and what ends when that changes."""

from collections.abc import Sequence
from uuid import UUID

from psa_oauth import granting, redirects, scopes
from psa_sdk import Change, Context
from psa_sdk.errors import Fault, Forbidden, Invalid, Problem
from psa_sdk.identity import Directory
from psa_sdk.network import Network, require_safe
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
        post_logout_redirect_uris=change.value("post_logout_redirect_uris") or (),
        grant_types=change.value("grant_types"),
        asked=change.value("scopes"),
    )
    if change.changes("backchannel_logout_uri") and change.value("backchannel_logout_uri"):
        await _check_told(ctx, change.value("backchannel_logout_uri"))
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


async def _check_told(ctx: Context, address: str) -> None:
    """Refuse an address that must not be told who logged out (Back-Channel Logout 1.0, 2.2)."""
    try:
        if detail := redirects.fault_of_server(address):
            raise Invalid(detail, code="backchannel_logout_uri_refused")
        await require_safe(ctx.service(Network), address)
    except Problem as problem:
        fault = Fault(detail=str(problem), code=problem.code, pointer=f"{_AT}/backchannel_logout_uri")
        raise Invalid(faults=[fault]) from problem


def check(
    *,
    confidential: bool,
    redirect_uris: Sequence[str],
    post_logout_redirect_uris: Sequence[str] = (),
    grant_types: Sequence[str],
    asked: Sequence[str],
) -> None:
    """Raise `Invalid` naming everything that an application can't be registered with."""
    addresses = {"redirect_uris": redirect_uris, "post_logout_redirect_uris": post_logout_redirect_uris}
    faults = [
        Fault(detail=detail, code="redirect_uri_refused", pointer=f"{_AT}/{name}/{index}")
        for name, listed in addresses.items()
        for index, address in enumerate(listed)
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
