"""Proxies: who the client is and which host it meant, believing X-Forwarded-* from listed peers only."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """Finds the client's address behind the proxies of the operator.

    Example:
        >>> proxies = TrustedProxies(["10.0.0.0/8"])
        >>> proxies.client("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2")
        '198.51.100.7'
        >>> proxies.client("198.51.100.7", "203.0.113.9")
        '198.51.100.7'
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        """Trust addresses and networks; raises `ValueError` for what is neither."""
        self._networks: tuple[_Network, ...] = tuple(
            ipaddress.ip_network(text, strict=False) for text in addresses
        )
        self.trusts = lru_cache(4096)(self._trusts)

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """Return the right-most hop that is no trusted proxy."""
        if not self._networks or not forwarded_for or not self.trusts(peer):
            return peer
        hops = [hop.strip() for hop in forwarded_for.split(",")]
        for hop in reversed(hops):
            if not self.trusts(hop):
                return hop if is_address(hop) else peer
        return hops[0]


def is_address(text: str) -> bool:
    """Tell whether a text is a network address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_local(host: str) -> bool:
    """Tell whether a host name is an address or this machine: no name that a stranger could own."""
    return host in {"localhost", ""} or is_address(host.strip("[]"))


def without_port(host: str) -> str:
    """Return a Host header's name in lower case.

    Example:
        >>> without_port("Desk.example.com:8080"), without_port("[::1]:8080")
        ('desk.example.com', '[::1]')
    """
    host = host.strip().lower().rstrip(".")
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0].rstrip(".") if ":" in host else host
