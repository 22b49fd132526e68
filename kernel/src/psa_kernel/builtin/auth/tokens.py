"""Opaque secrets: how they are made, recognised and stored. Only their SHA-256 reaches the database."""

import hashlib
import hmac
import re
import secrets
import zlib

ACCESS = "psat"
REFRESH = "psar"
COOKIE = "psac"
RESET = "psap"
DELEGATED = "psad"
_KEY = re.compile(r"psa_[0-9a-f]{8}_[0-9a-f]{64}_([0-9a-f]{8})")
_TOKEN = re.compile(r"psa[tarcpd]_[0-9a-f]{64}")


def new_token(prefix: str) -> str:
    """Return a fresh 256-bit token that secret scanners recognise by its prefix."""
    return f"{prefix}_{secrets.token_hex(32)}"


def new_key() -> tuple[str, str]:
    """Return a fresh API key and its public prefix: `psa_<prefix>_<256 bits>_<crc32>`.

    Example:
        >>> key, prefix = new_key()
        >>> key.startswith(prefix + "_"), well_formed(key)
        (True, True)
    """
    prefix = f"psa_{secrets.token_hex(4)}"
    body = f"{prefix}_{secrets.token_hex(32)}"
    return f"{body}_{zlib.crc32(body.encode()):08x}", prefix


def is_key(token: str) -> bool:
    """Tell whether a bearer credential claims to be an API key."""
    return token.startswith("psa_")


def well_formed(token: str) -> bool:
    """Tell whether a credential can exist at all, so that garbage costs no look-up."""
    key = _KEY.fullmatch(token)
    if key is not None:
        return zlib.crc32(token[:-9].encode()) == int(key[1], 16)
    return _TOKEN.fullmatch(token) is not None


def digest(token: str) -> str:
    """Return what is stored instead of a token: its SHA-256 in hex. Enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_salt() -> str:
    """Return the random half of a token's successor, kept with the token's digest."""
    return secrets.token_hex(32)


def successor(token: str, salt: str, prefix: str) -> str:
    """Derive the token that follows a refresh token.

    Needs both halves: the client's token and the stored salt. So an identical retry gets the identical
    answer, while neither a stolen token nor a stolen database gives the next one.
    """
    return (
        f"{prefix}_{hmac.new(bytes.fromhex(salt), f'{prefix}:{token}'.encode(), hashlib.sha256).hexdigest()}"
    )
