"""The way out: connections to machines that a tenant names. Provided by the platform, `ctx.service(Network)`.

Whoever enters a host name must not reach what only the server can see. So names are resolved once, addresses that
aren't public are refused unless the operator opened their network (`PSA_OUTBOUND_NETWORKS`), and the connection
goes to the address that was checked.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from psa_sdk.errors import Invalid


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What another server answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Network(Protocol):
    """Guards connections to other machines against reaching inward (OWASP API7, server-side request forgery)."""

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host; connect to one of them and never to the name.

        Raises `Invalid` with the code `address_refused` when one isn't public or opened by the operator,
        `Unavailable` when the name leads nowhere.
        """
        ...

    @property
    def home(self) -> str:
        """The address at which people reach the tenant's pages, without a slash at the end: for links in mails."""
        ...

    def is_opened(self, address: str) -> bool:
        """Tell whether the operator opened the network of an address, so that it is the operator's own."""
        ...

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        seconds: float = 10.0,
        max_bytes: int = 1 << 20,
    ) -> HttpAnswer:
        """Make an HTTP request to a checked address; redirects are answers like any other.

        All of it takes `seconds` at most. Raises as `addresses` does, `Unavailable` when there is no answer in
        time, `TooLarge` when it is longer than `max_bytes`.
        """
        ...


async def require_safe(network: Network, url: str) -> None:
    """Raise unless something may be sent to an address that somebody enters: over TLS, or in an opened network.

    Raises as `Network.addresses` does, and `Invalid` with the code `url_malformed` or `url_insecure`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"{url} has no port of a server.", code="url_malformed") from error
    addresses = await network.addresses(parts.hostname or "", port or 443)
    if parts.scheme != "https" and not all(map(network.is_opened, addresses)):
        raise Invalid(
            "Without TLS anybody on the way could read and change it; use https://.", code="url_insecure"
        )
