"""Making tokens: the only answer that holds one."""

import datetime
from typing import Final
from uuid import UUID

from psa_scim import credentials
from psa_scim.api import PROVIDERS, TOKENS
from psa_scim.rules import reach
from psa_scim.shapes import NewToken, TokenRead, TokenShown
from psa_sdk import Answer, Context, post
from psa_sdk.admission import require_reach
from psa_sdk.errors import Invalid
from psa_sdk.web import Browser

CREATE: Final = "scim.scim_tokens.create"
LONGEST: Final = datetime.timedelta(days=366)


@post(
    "/scim-providers/{id:uuid}/tokens",
    permission=CREATE,
    status=201,
    step_up=True,
    idempotent=False,
    returns=TokenShown,
    answer_type=TOKENS,
)
async def make(ctx: Context, id: UUID, body: NewToken) -> Answer:
    """Make a token of a provider; it is shown this once."""
    provider = await ctx.records.get(PROVIDERS, id)
    await require_reach(ctx, reach(id, provider))
    expires_at = body.expires_at or ctx.now + LONGEST
    if not ctx.now < expires_at <= ctx.now + LONGEST:
        raise Invalid(
            f"A token ends between now and {ctx.now + LONGEST:%Y-%m-%d}.",
            pointer="/data/attributes/expires_at",
        )
    token = credentials.new_token(ctx.service(Browser).slug)
    values = {
        "provider": id,
        "name": body.name,
        "token_hash": credentials.digest(token),
        "expires_at": expires_at,
    }
    token_id = await ctx.records.create(TOKENS, values)
    row = await ctx.records.get(TOKENS, token_id)
    return Answer(
        type=TOKENS,
        id=str(token_id),
        attributes=TokenShown(**{name: row[name] for name in TokenRead.__struct_fields__}, token=token),
        status=201,
        headers={"Location": f"/api/v1/{TOKENS}/{token_id}", "Cache-Control": "no-store"},
    )


ALL = (make,)
