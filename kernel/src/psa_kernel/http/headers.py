"""Headers that every answer carries, and CORS (Fetch standard, 3.2)."""

from collections.abc import Collection

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)
_UNLESS_GIVEN: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY.encode()),
    (b"cache-control", b"no-store"),
)
_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

_METHODS = b"GET, HEAD, POST, PATCH, PUT, DELETE"
_REQUESTED = (
    b"Authorization, Content-Type, Accept, If-Match, If-None-Match, Idempotency-Key, X-Tenant, X-Request-Id"
)
_EXPOSED = (
    b"ETag, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    b"Idempotent-Replayed, X-Request-Id, Deprecation, Sunset, Content-Disposition"
)


def add_security(headers: list[tuple[bytes, bytes]], *, https: bool) -> None:
    """Add what protects browsers; a handler's own Content-Security-Policy and Cache-Control stay."""
    present = {name.lower() for name, _ in headers}
    headers.extend(_ALWAYS)
    headers.extend((name, value) for name, value in _UNLESS_GIVEN if name not in present)
    if https:
        headers.append(_TRANSPORT)


def add_cors(headers: list[tuple[bytes, bytes]], origin: bytes | None, allowed: Collection[str]) -> None:
    """Let an allowed origin read the answer; credentials stay out: browsers elsewhere use tokens."""
    if not allowed:
        return
    headers.append((b"vary", b"Origin"))
    if origin is not None and origin.decode("latin-1") in allowed:
        headers.append((b"access-control-allow-origin", origin))
        headers.append((b"access-control-expose-headers", _EXPOSED))


def preflight(origin: bytes | None, allowed: Collection[str]) -> list[tuple[bytes, bytes]]:
    """Return the headers that answer a CORS preflight."""
    if origin is None or origin.decode("latin-1") not in allowed:
        return []
    return [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _REQUESTED),
        (b"access-control-max-age", b"600"),
    ]
