"""The providers as ways to log in, for log-in pages and for programs."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.network import Network
from psa_sdk.sign_in import SignedIn, SignInBegun, SignInWay
from psa_sso_oidc import attempts
from psa_sso_oidc.api import PROVIDERS
from psa_sso_oidc.logins import Returned, come_back, leave, provider_of
from psa_sso_oidc.routes import callback_path, start_path
from psa_sso_oidc.tables import Provider


class OidcProviders:
    """Implements `psa_sdk.sign_in.SignInSource`."""

    async def ways(self, ctx: Context, audience: Audience) -> Sequence[SignInWay]:
        """Return the active providers of an audience."""
        wanted = (Provider.audience == audience) & Provider.is_active.eq(True)
        rows = await ctx.as_system().records.find(PROVIDERS, wanted, order="position")
        return [
            SignInWay(
                id=row["id"], title=row["name"], protocol="oidc", page=start_path(row["audience"], row["id"])
            )
            for row in rows
        ]

    async def begin(self, ctx: Context, way: UUID, next_page: str) -> SignInBegun:
        """Begin a log-in of a program, which sees where the provider sends its person back to."""
        provider, secret = await provider_of(ctx, way), attempts.new_secret()
        redirect_uri = _redirect_uri(ctx, provider["audience"], way)
        url = await leave(ctx, provider, secret, redirect_uri, next_page=next_page)
        return SignInBegun(url=url, secret=secret)

    async def finish(self, ctx: Context, way: UUID, secret: str, answer: Mapping[str, str]) -> SignedIn:
        """Take what the provider sent back to a program."""
        provider = await provider_of(ctx, way)
        begun, _ = await come_back(
            ctx,
            Returned(
                provider=way,
                audience=provider["audience"],
                secret=secret,
                answer=answer,
                redirect_uri=_redirect_uri(ctx, provider["audience"], way),
                transport="bearer",
            ),
        )
        assert begun is not None
        return begun


def _redirect_uri(ctx: Context, audience: Audience, way: UUID) -> str:
    return ctx.service(Network).home + callback_path(audience, way)
