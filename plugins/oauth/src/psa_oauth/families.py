"""What becomes of a refresh token that comes in: rotation with reuse detection (RFC 9700 4.14.2). Pure."""

import datetime
from typing import Final, Literal

import msgspec

GRACE: Final = datetime.timedelta(seconds=10)
"""For how long a client that lost the answer gets the identical token again (AUTH-20)."""

Verdict = Literal["rotate", "repeat", "reused", "refuse"]


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh token as it is known; `successor_used` tells whether the one after it was taken up."""

    own_client: bool
    family_ended: bool
    expires_at: datetime.datetime
    replaced_at: datetime.datetime | None
    successor_used: bool


def judge(token: Presented, now: datetime.datetime) -> Verdict:
    """Return what to do: trade the token, give the same answer again, end the family, or refuse.

    A token of another client ends nothing: else anybody could end families of others by guessing at clients.
    """
    if not token.own_client or token.family_ended or token.expires_at <= now:
        return "refuse"
    if token.replaced_at is None:
        return "rotate"
    if not token.successor_used and now - token.replaced_at <= GRACE:
        return "repeat"
    return "reused"
