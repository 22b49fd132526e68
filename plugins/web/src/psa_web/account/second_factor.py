"""The second factor in the profile: set up, prove, recovery codes, remove; passkeys too."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.ui import Done, Go, Show
from psa_sdk.web import Browser
from psa_web.here import here


class Code(msgspec.Struct):
    """The form of a code."""

    code: str = ""


async def load(ctx: Context, subject: UUID | None) -> Mapping[str, Any]:
    """Load one's own second factor."""
    documents = ctx.service(Documents)
    passkeys = (await documents.call("GET", "/auth/passkeys")).items
    return {
        "mfa": (await documents.call("GET", "/auth/mfa")).attributes,
        "passkeys": [{"id": one.id, **msgspec.structs.asdict(one.attributes)} for one in passkeys],
        "passkeys_here": ctx.service(Browser).takes_passkeys(here().request),
    }


async def begin(ctx: Context) -> Show:
    """Show what an authenticator app needs."""
    made = (await ctx.service(Documents).call("POST", "/auth/mfa/setup")).attributes
    place = here().url("/profile/second-factor")
    return Show(
        template="web/authenticator.html", data={"made": made, "action": place, "target": "#second-factor"}
    )


async def take(ctx: Context, form: Code) -> Show | Go:
    """Take a code: to confirm a new authenticator, or as proof before something sensitive."""
    passed = await ctx.service(Browser).second_step(form.code.strip())
    if not passed.recovery_codes:
        return Go(url="/profile", toast="Confirmed for five minutes.")
    return _kept(passed.recovery_codes)


async def renew(ctx: Context) -> Show:
    """Show new recovery codes in place of the old ones."""
    answer = await ctx.service(Documents).call("POST", "/auth/mfa/recovery-codes")
    return _kept(answer.attributes.recovery_codes)


async def remove(ctx: Context) -> Done:
    """Remove one's own second factor."""
    await ctx.service(Documents).call("DELETE", "/auth/mfa")
    return Done(toast="Your authenticator is removed.", refresh=("profile",))


async def remove_passkey(ctx: Context, id: UUID) -> Done:
    """Remove one of one's own passkeys."""
    await ctx.service(Documents).call("DELETE", f"/auth/passkeys/{id}")
    return Done(toast="The passkey is removed.", refresh=("profile",))


def _kept(codes: Sequence[str]) -> Show:
    return Show(template="web/recovery_codes.html", data={"codes": codes, "onward": here().url("/profile")})
