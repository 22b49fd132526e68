"""ID tokens: what must hold before a provider's word about a person is believed (OpenID Connect Core 1.0, 3.1.3.7)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from psa_sdk.admission import Refused

SKEW: Final = 120.0
"""Seconds by which clocks may differ (AUTH-40)."""
FRESH: Final = 600.0
"""Seconds before the log-in began that a token may claim to be from: Entra ID dates five minutes back."""
LATEST: Final = 900.0
"""Seconds after which a logout token is too old, whatever it says itself."""
LONGEST: Final = 1 << 16
_LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_DIGESTS: Final = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
PublicKey = RSAKey | ECKey


class UnknownKey(Refused):
    """The token names a key that isn't known: the provider may have changed its keys since they were read."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a token must agree with; `now` and `began_at` are POSIX seconds."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: tuple[str, ...]
    now: float
    began_at: float
    access_token: str = ""


def read_keys(document: object) -> tuple[PublicKey, ...]:
    """Return the public keys of a JWK Set (RFC 7517) that sign; others are left out.

    A symmetric key in a public set would let anybody sign: none is taken.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise Refused("keys_malformed")
    found: list[PublicKey] = []
    for one in listed:
        if not isinstance(one, dict) or one.get("kty") not in {"RSA", "EC"} or one.get("use") == "enc":
            continue
        try:
            key = JWKRegistry.import_key({name: value for name, value in one.items() if name != "d"})
        except (JoseError, ValueError, TypeError, KeyError, binascii.Error):
            continue
        if isinstance(key, RSAKey | ECKey):
            found.append(key)
    return tuple(found)


def verify(token: str, keys: Sequence[PublicKey], expected: Expected) -> Mapping[str, Any]:
    """Return the claims of an ID token that proves to be the provider's answer to this very log-in.

    Raises `UnknownKey` when its key isn't among `keys`, `Refused` for anything else that is wrong.
    """
    claims, algorithm = _signed(token, keys, expected.algorithms)
    _addressed(claims, expected)
    _timely(claims, expected)
    if not named(claims, "sub"):
        raise Refused("no_subject")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), expected.nonce.encode()):
        raise Refused("wrong_nonce")
    told = claims.get("at_hash")
    if told is not None and told != _half(expected.access_token, algorithm):
        raise Refused("wrong_access_token")
    return claims


def verify_logout(token: str, keys: Sequence[PublicKey], expected: Expected) -> Mapping[str, Any]:
    """Return the claims of a logout token, each of which has its own `jti` (Back-Channel Logout 1.0, 2.6).

    An ID token is none, and the other way round. Raises as `verify` does.
    """
    claims, _ = _signed(token, keys, expected.algorithms)
    _addressed(claims, expected)
    _timely(claims, expected)
    events = claims.get("events")
    if not isinstance(events, Mapping) or _LOGOUT not in events or "nonce" in claims:
        raise Refused("token_malformed", "no logout token")
    if not named(claims, "jti"):
        raise Refused("token_malformed", "jti")
    if not (named(claims, "sub") or named(claims, "sid")):
        raise Refused("no_subject")
    if expected.now > _instant(claims, "iat") + LATEST:
        raise Refused("token_stale")
    return claims


def named(claims: Mapping[str, Any], name: str) -> str:
    """Return the name that a claim gives somebody or something; empty where it is none."""
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= 255 else ""


def authenticated_at(claims: Mapping[str, Any]) -> float | None:
    """Return when a person proved who they are (`auth_time`), in POSIX seconds; None where it isn't told."""
    return _instant(claims, "auth_time") if claims.get("auth_time") is not None else None


def _signed(token: str, keys: Sequence[PublicKey], algorithms: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    if len(token) > LONGEST or token.count(".") != 2:
        raise Refused("token_malformed")
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise Refused("algorithm_refused", str(algorithm)[:40])
    if "crit" in header:
        raise Refused("token_malformed", "critical header parameters")
    key = _key_for(header, algorithm, keys)
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_payload_length = registry.max_header_length = LONGEST
    try:
        read = jws.deserialize_compact(token, key, registry=registry)
        claims = msgspec.json.decode(read.payload or b"")
    except (JoseError, ValueError) as error:
        raise Refused("signature_refused", type(error).__name__) from error
    # Text with NUL can't be stored.
    if not isinstance(claims, dict) or b"\\u0000" in (read.payload or b""):
        raise Refused("token_malformed")
    return claims, algorithm


def _header(token: str) -> dict[str, Any]:
    try:
        part = token.partition(".")[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as error:
        raise Refused("token_malformed") from error
    if not isinstance(header, dict):
        raise Refused("token_malformed")
    return header


def _key_for(header: Mapping[str, Any], algorithm: str, keys: Sequence[PublicKey]) -> PublicKey:
    """Return the key that a header names; whatever key a token brings along or points to isn't looked at."""
    usable = [key for key in keys if _suits(key, algorithm)]
    kid = header.get("kid")
    if kid is not None:
        usable = [key for key in usable if key.get("kid") == kid]
    if len(usable) != 1:
        raise UnknownKey("unknown_key", str(kid)[:100])
    return usable[0]


def _suits(key: PublicKey, algorithm: str) -> bool:
    if key.get("alg") not in {None, algorithm}:
        return False
    if algorithm.startswith(("RS", "PS")):
        return isinstance(key, RSAKey) and key.raw_value.key_size >= 2048
    return isinstance(key, ECKey) and key.get("crv") == _CURVES.get(algorithm)


def _addressed(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise Refused("wrong_issuer", str(claims.get("iss"))[:200])
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in listed:
        raise Refused("wrong_audience", str(audience)[:200])
    party = claims.get("azp")
    if party != expected.client_id and (party is not None or len(listed) > 1):
        raise Refused("wrong_party", str(party)[:200])


def _timely(claims: Mapping[str, Any], expected: Expected) -> None:
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    begins = _instant(claims, "nbf") if "nbf" in claims else issued
    if expected.now >= expires + SKEW:
        raise Refused("token_expired")
    if max(issued, begins) > expected.now + SKEW:
        raise Refused("token_not_yet_good")
    if issued < expected.began_at - FRESH:
        raise Refused("token_stale")


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e11:
        raise Refused("token_malformed", name)
    return float(value)


def _half(access_token: str, algorithm: str) -> str:
    """Return the half of a digest that says which access token came with an ID token (3.1.3.6)."""
    digest = _DIGESTS[algorithm[-3:]](access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
