"""Provider metadata (OpenID Connect Discovery 1.0): read once from the issuer and checked before use."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from psa_sdk.admission import Refused

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key pair; a shared secret or none at all proves nothing about the provider."""
WELL_KNOWN: Final = "/.well-known/openid-configuration"


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says about itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    algorithms: tuple[str, ...] = ("RS256",)
    authenticates_by: tuple[str, ...] = ("client_secret_basic",)
    names_issuer: bool = False
    """Whether its answers carry `iss` (RFC 9207); then one without it is refused."""


def metadata_url(issuer: str) -> str:
    """Return where an issuer's metadata is.

    Example:
        >>> metadata_url("https://id.example.com/realms/staff/")
        'https://id.example.com/realms/staff/.well-known/openid-configuration'
    """
    return issuer.rstrip("/") + WELL_KNOWN


def read_metadata(issuer: str, document: object) -> Metadata:
    """Return the metadata of an issuer; raises `Refused` when it is another's or can't be used (4.3)."""
    if not isinstance(document, Mapping):
        raise Refused("metadata_malformed", "it is no JSON object")
    found: Mapping[str, Any] = document
    if found.get("issuer") != issuer:
        raise Refused("issuer_differs", f"it says it is {str(found.get('issuer'))[:200]}")
    secure = urlsplit(issuer).scheme == "https"
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(found, "authorization_endpoint", secure=secure, needed=True),
        token_endpoint=_endpoint(found, "token_endpoint", secure=secure, needed=True),
        jwks_uri=_endpoint(found, "jwks_uri", secure=secure, needed=True),
        userinfo_endpoint=_endpoint(found, "userinfo_endpoint", secure=secure),
        end_session_endpoint=_endpoint(found, "end_session_endpoint", secure=secure),
        algorithms=_algorithms(found),
        authenticates_by=_texts(found, "token_endpoint_auth_methods_supported") or ("client_secret_basic",),
        names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(found: Mapping[str, Any], name: str, *, secure: bool, needed: bool = False) -> str:
    url = found.get(name, "")
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or (needed and not url):
        raise Refused("metadata_malformed", f"{name} is missing")
    if url and (parts.scheme not in ({"https"} if secure else {"https", "http"}) or not parts.netloc):
        raise Refused("metadata_malformed", f"{name} must be https")
    if parts.fragment or parts.username is not None:
        raise Refused("metadata_malformed", f"{name} has a fragment or a user")
    return str(url)


def _algorithms(found: Mapping[str, Any]) -> tuple[str, ...]:
    offered = _texts(found, "id_token_signing_alg_values_supported") or ("RS256",)
    usable = tuple(name for name in offered if name in ALGORITHMS)
    if not usable:
        raise Refused("algorithm_refused", f"it signs with {', '.join(offered)[:200]} only")
    return usable


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = found.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(one for one in value if isinstance(one, str))
