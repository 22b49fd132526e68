"""The providers as ways to log in, for log-in pages and for programs."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psa_sdk import Context
from psa_sdk.access import Audience
from psa_sdk.network import Network
from psa_sdk.sign_in import SignedIn, SignInBegun, SignInWay
from psa_sso_saml.api import SAML_PROVIDERS
from psa_sso_saml.logins import arrive, collect, known_provider, leave


class SamlProviders:
    """Implements `psa_sdk.sign_in.SignInSource`."""

    async def ways(self, ctx: Context, audience: Audience) -> Sequence[SignInWay]:
        """Return the active providers of an audience."""
        return await SAML_PROVIDERS.ways(ctx, audience)

    async def begin(self, ctx: Context, way: UUID, next_page: str) -> SignInBegun:
        """Begin a log-in of a program, which takes the provider's response itself."""
        known = await known_provider(ctx, way, ctx.service(Network).home)
        url, kept = leave(ctx, known, next_page=next_page)
        return SignInBegun(url=url, secret=kept)

    async def finish(self, ctx: Context, way: UUID, secret: str, answer: Mapping[str, str]) -> SignedIn:
        """Take what the provider sent back to a program."""
        known = await known_provider(ctx, way, ctx.service(Network).home)
        token = await arrive(ctx, known, answer.get("SAMLResponse", ""))
        begun, _ = await collect(ctx, known, token, secret, "bearer")
        assert begun is not None
        return begun
