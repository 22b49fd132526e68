"""The providers as ways to log in, for log-in pages and for programs."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.network import Network
from psa_sdk.sign_in import SignedIn, SignInBegun, SignInWay
from psa_sso_oidc import attempts
from psa_sso_oidc.api import OIDC_PROVIDERS
from psa_sso_oidc.logins import Returned, come_back, leave


class OidcProviders:
    """Implements `psa_sdk.sign_in.SignInSource`."""

    async def ways(self, ctx: Context, audience: Audience) -> Sequence[SignInWay]:
        """Return the active providers of an audience."""
        return await OIDC_PROVIDERS.ways(ctx, audience)

    async def begin(self, ctx: Context, way: UUID, next_page: str) -> SignInBegun:
        """Begin a log-in of a program, which sees where the provider sends its person back to."""
        provider, secret = await OIDC_PROVIDERS.active(ctx, way), attempts.new_secret()
        url = await leave(
            ctx, provider, secret, redirect_uri(ctx, provider["audience"], way), next_page=next_page
        )
        return SignInBegun(url=url, secret=secret)

    async def finish(self, ctx: Context, way: UUID, secret: str, answer: Mapping[str, str]) -> SignedIn:
        """Take what the provider sent back to a program."""
        audience: Audience = (await OIDC_PROVIDERS.active(ctx, way))["audience"]
        arrived = await come_back(
            ctx,
            Returned(
                provider=way,
                audience=audience,
                secret=secret,
                answer=answer,
                redirect_uri=redirect_uri(ctx, audience, way),
                transport="bearer",
            ),
        )
        assert arrived.begun is not None
        return arrived.begun


def redirect_uri(ctx: Context, audience: Audience, way: UUID) -> str:
    """Return where a provider sends people back to, as an administrator enters it there."""
    return ctx.service(Network).home + OIDC_PROVIDERS.path(audience, way, "callback")
