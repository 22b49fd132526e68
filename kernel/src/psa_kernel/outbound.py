"""The way out of the installation: names resolved once, addresses checked, connections to what was checked."""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx

from psa_sdk.context import Context
from psa_sdk.errors import Invalid, TooLarge, Unavailable
from psa_sdk.network import HttpAnswer

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Set aside, and taken for public by some versions of `ipaddress` (IANA special-purpose registries).
_SET_ASIDE = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "64:ff9b:1::/48", "5f00::/16")]


def inner_address(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for: mapped, 6to4, NAT64 (RFC 4291, 3056, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(text: str) -> bool:
    """Tell whether an address is anybody's on the internet.

    Example:
        >>> [is_public(text) for text in ("93.184.215.14", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1")]
        [True, False, False, False]
    """
    address = inner_address(ipaddress.ip_address(text.partition("%")[0]))
    return address.is_global and not address.is_multicast and not any(address in net for net in _SET_ASIDE)


class GuardedNetwork:
    """Implements `psa_sdk.network.Network`."""

    def __init__(self, ctx: Context) -> None:
        """Use the operator's list of opened networks."""
        unit = self._unit = cast("Unit", ctx)
        self._opened = [
            ipaddress.ip_network(network, strict=False) for network in unit.kernel.config.outbound_networks
        ]

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host that may be connected to."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"{host} can't be found; check the name.", code="host_unknown") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if refused := [one for one in addresses if not (is_public(one) or self.is_opened(one))]:
            raise Invalid(
                f"{host} is {refused[0]}, which isn't a public address; the operator can open its network"
                " (PSA_OUTBOUND_NETWORKS).",
                code="address_refused",
            )
        return addresses

    @property
    def home(self) -> str:
        """The address at which people reach the tenant's pages."""
        config = self._unit.kernel.config
        parts = urlsplit(config.public_url or f"http://{config.host}:{config.port}")
        named = config.multi_tenant and config.public_url
        host = f"{self._unit.tenant_facts.slug}.{parts.netloc}" if named else parts.netloc
        return f"{parts.scheme}://{host}"

    def is_opened(self, address: str) -> bool:
        """Tell whether the operator opened the network of an address."""
        inner = inner_address(ipaddress.ip_address(address.partition("%")[0]))
        return any(inner in network for network in self._opened)

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
        """Make an HTTP request to a checked address."""
        target = _parsed(url)
        try:
            async with asyncio.timeout(seconds):
                [address, *_] = await self.addresses(target.host, target.port or _port(target))
                return await _exchange(method, target, address, dict(headers or {}), content, max_bytes)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unavailable(
                f"{target.host} didn't answer: {type(error).__name__}.", code="no_answer"
            ) from error


def _parsed(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Invalid(f"{url} is no address of the web.", code="invalid_url") from error
    if target.scheme not in {"http", "https"} or not target.host or target.userinfo:
        raise Invalid(f"{url} must be http:// or https:// and name a host.", code="invalid_url")
    return target


def _port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


async def _exchange(
    method: str, target: httpx.URL, address: str, headers: dict[str, str], content: bytes, max_bytes: int
) -> HttpAnswer:
    # The name stays in Host and in TLS, where the certificate is checked against it.
    pinned = target.copy_with(host=address)
    sent = {**headers, "Host": target.netloc.decode("ascii")}
    extensions = {"sni_hostname": target.host} if target.scheme == "https" else {}
    async with (
        httpx.AsyncClient(verify=_tls(), trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113 - the caller's
        client.stream(method, pinned, headers=sent, content=content, extensions=extensions) as answer,
    ):
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > max_bytes:
                raise TooLarge(
                    f"{target.host} answers with more than {max_bytes} bytes.", code="answer_too_large"
                )
        return HttpAnswer(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            content=bytes(body),
        )


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
