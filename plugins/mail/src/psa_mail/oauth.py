"""Access tokens for mailboxes: Microsoft 365 by application, Google by refresh token or service account (XOAUTH2)."""

import base64
import time
from typing import Any
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from psa_mail.peers import LoginRefused, Peer, PeerTrouble
from psa_sdk import Context
from psa_sdk.errors import Problem
from psa_sdk.network import Network

MICROSOFT = "https://login.microsoftonline.com"
GOOGLE = "https://oauth2.googleapis.com/token"
GOOGLE_SCOPE = "https://mail.google.com/"
EARLY = 120.0
"""Seconds before its end at which a token is asked for anew."""

_kept: dict[tuple[Any, ...], tuple[float, str]] = {}


class _Answer(msgspec.Struct):
    access_token: str = ""
    expires_in: int = 3600
    error: str = ""
    error_description: str = ""


class _ServiceAccount(msgspec.Struct):
    client_email: str
    private_key: str
    token_uri: str = GOOGLE


async def access_token(ctx: Context, peer: Peer) -> str:
    """Return a token that is good now, from memory or from the provider.

    Raises `LoginRefused` with the provider's words, `PeerTrouble` when it can't be asked.
    """
    key = (
        ctx.tenant_id,
        peer.kind,
        peer.account,
        peer.client_id,
        peer.directory,
        peer.authority,
        hash(peer.secret),
    )
    ends, token = _kept.get(key, (0.0, ""))
    if token and time.monotonic() < ends:
        return token
    url, form = request_of(peer, int(time.time()))
    try:
        answer = await ctx.service(Network).request(
            "POST",
            url,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            content=urlencode(form).encode(),
        )
    except Problem as problem:
        raise PeerTrouble(str(problem)) from problem
    try:
        found = msgspec.json.decode(answer.content, type=_Answer)
    except msgspec.DecodeError:
        found = _Answer()
    if answer.status >= 500:
        raise PeerTrouble(f"The provider answers {answer.status}.")
    if not found.access_token:
        raise LoginRefused(f"{found.error or answer.status} {found.error_description}".strip()[:500])
    if len(_kept) > 10_000:
        _kept.clear()
    _kept[key] = (time.monotonic() + found.expires_in - EARLY, found.access_token)
    return found.access_token


def forget(ctx: Context, peer: Peer) -> None:
    """Forget the tokens of a mailbox that were refused."""
    for key in [key for key in _kept if key[0] == ctx.tenant_id and key[2] == peer.account]:
        _kept.pop(key, None)


def request_of(peer: Peer, now: int) -> tuple[str, dict[str, str]]:
    """Return where and with what to ask for a token; `now` in seconds since 1970."""
    if peer.authentication == "microsoft":
        scope = (
            "https://graph.microsoft.com/.default"
            if peer.kind == "graph"
            else "https://outlook.office365.com/.default"
        )
        form = {
            "grant_type": "client_credentials",
            "client_id": peer.client_id,
            "client_secret": peer.secret,
            "scope": scope,
        }
        return f"{peer.authority or MICROSOFT}/{peer.directory}/oauth2/v2.0/token", form
    if peer.authentication == "google_service":
        account = _service_account(peer.secret)
        url = peer.authority or account.token_uri
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return url, {"grant_type": grant, "assertion": _assertion(account, peer.account, url, now)}
    client_id, _, client_secret = peer.client_id.partition(":")
    form = {
        "grant_type": "refresh_token",
        "client_id": client_id,
        "client_secret": client_secret,
        "refresh_token": peer.secret,
    }
    return peer.authority or GOOGLE, form


def _service_account(text: str) -> _ServiceAccount:
    try:
        return msgspec.json.decode(text, type=_ServiceAccount)
    except msgspec.MsgspecError as error:
        raise LoginRefused(
            "The secret is no key of a service account (JSON with client_email and private_key)."
        ) from error


def _assertion(account: _ServiceAccount, mailbox: str, audience: str, now: int) -> str:
    """Return the signed claim that the service account acts for a mailbox (RFC 7523)."""
    claims = {
        "iss": account.client_email,
        "sub": mailbox,
        "scope": GOOGLE_SCOPE,
        "aud": audience,
        "iat": now,
        "exp": now + 3600,
    }
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    try:
        key = serialization.load_pem_private_key(account.private_key.encode(), None)
    except ValueError as error:
        raise LoginRefused("The private key of the service account can't be read.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise LoginRefused("The service account's key is no RSA key.")
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def _part(value: dict[str, Any]) -> str:
    return _encoded(msgspec.json.encode(value))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
