"""Signatures of Stripe's events: HMAC-SHA256 over the time and the raw body, in `Stripe-Signature`."""

import datetime
import hashlib
import hmac

from psa_sdk.errors import BadRequest

TOLERANCE = 300
"""Seconds that an event may be away from our clock."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a body at a time in Unix seconds.

    Example:
        >>> sign("whsec_test", 1767225600, b'{"id":"evt_1"}')[:16]
        '45b40331de032560'
    """
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def check(secret: str, header: str, body: bytes, now: datetime.datetime) -> None:
    """Raise `BadRequest` unless the header signs the body with the secret, about now (BILL-32).

    Any of several `v1` may match: there are two secrets while one is being replaced.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if not secret or len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or not given:
        raise BadRequest("The event isn't signed.", code="bad_signature", header="Stripe-Signature")
    expected = sign(secret, int(times[0][:12]), body).encode()
    matches = [hmac.compare_digest(expected, one.encode()) for one in given]
    if not any(matches):
        raise BadRequest(
            "The event's signature is wrong; enter the webhook's signing secret anew.",
            code="bad_signature",
            header="Stripe-Signature",
        )
    if abs(now.timestamp() - int(times[0][:12])) > TOLERANCE:
        raise BadRequest("The event is too old; check the clock.", code="stale", header="Stripe-Signature")
