"""API keys: made once, seen once, checked at every use."""

import datetime
from collections.abc import Sequence
from uuid import UUID

import msgspec

from psa_kernel.builtin.auth.addresses import check_addresses
from psa_kernel.builtin.auth.authenticate import forget_after_commit
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.auth.tokens import digest, new_key
from psa_kernel.unit_of_work import Unit
from psa_sdk.context import Context
from psa_sdk.errors import Invalid
from psa_sdk.resources import Change


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made; the only time its secret is known."""

    id: UUID
    secret: str
    prefix: str
    expires_at: datetime.datetime

    def __repr__(self) -> str:
        """Never show the secret."""
        return f"NewKey({self.prefix})"


async def make_key(
    ctx: Context,
    owner: UUID,
    name: str,
    scopes: Sequence[str],
    *,
    allowed_addresses: Sequence[str] = (),
    expires_at: datetime.datetime | None = None,
) -> NewKey:
    """Make an API key of an account; raises `Invalid` for a life that is over or too long, or wrong addresses.

    The key never holds more than its owner does at the moment of use, whatever the scopes say.
    """
    longest = ctx.now + datetime.timedelta(days=(await ctx.settings(AuthSettings)).api_key_days)
    expires_at = expires_at or longest
    if not ctx.now < expires_at <= longest:
        raise Invalid(
            f"The key must expire between now and {longest:%Y-%m-%d}.", pointer="/data/attributes/expires_at"
        )
    check_addresses(allowed_addresses)
    secret, prefix = new_key()
    key_id = await ctx.records.create(
        "api-keys",
        {
            "account": owner,
            "name": name,
            "prefix": prefix,
            "secret_hash": digest(secret),
            "scopes": list(scopes),
            "allowed_addresses": list(allowed_addresses),
            "expires_at": expires_at,
        },
    )
    return NewKey(id=key_id, secret=secret, prefix=prefix, expires_at=expires_at)


async def write_key(ctx: Context, change: Change) -> None:
    """Check a key before it is updated."""
    assert isinstance(ctx, Unit)
    check_addresses(change.value("allowed_addresses"))
    forget_after_commit(ctx)


async def delete_key(ctx: Context, change: Change) -> None:
    """Make a deleted key useless at once."""
    assert isinstance(ctx, Unit)
    forget_after_commit(ctx)
