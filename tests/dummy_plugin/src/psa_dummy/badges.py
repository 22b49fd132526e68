"""A way to log in: by the badge of the depot, which is the account's address."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from psa_sdk import Audience, Context
from psa_sdk.errors import Unauthenticated
from psa_sdk.sign_in import ExternalIdentities, SignedIn, SignIn, SignInBegun, SignInWay

PROVIDER = "dummy:badge"
WAY = UUID("0198a5d0-0000-7000-8000-00000000badc")


class Badges:
    """Implements `psa_sdk.sign_in.SignInSource`."""

    async def ways(self, ctx: Context, audience: Audience) -> Sequence[SignInWay]:
        """Return the depot's reader, for staff."""
        way = SignInWay(id=WAY, key=PROVIDER, title="Badge", protocol="badge", page="/dummy/gate")
        return (way,) if audience == "staff" else ()

    async def begin(self, ctx: Context, way: UUID, next_page: str) -> SignInBegun:
        """Ask for the badge."""
        return SignInBegun(url="urn:dummy:badge", secret="depot")

    async def finish(self, ctx: Context, way: UUID, secret: str, answer: Mapping[str, str]) -> SignedIn:
        """Take the badge; raises `Unauthenticated` unless it was handed to somebody."""
        account = await ctx.service(ExternalIdentities).find(PROVIDER, answer.get("badge", ""))
        if secret != "depot" or account is None:
            raise Unauthenticated("This badge belongs to nobody.")
        return await ctx.service(SignIn).sign_in(account.id, method="badge", transport="bearer")
