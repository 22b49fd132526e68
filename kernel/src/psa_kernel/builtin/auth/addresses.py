"""From which network addresses credentials count."""

import ipaddress
from collections.abc import Iterable, Sequence

from psa_sdk.errors import Fault, Invalid

_ADDRESSES = "/data/attributes/allowed_addresses"


def check_addresses(texts: Sequence[str]) -> None:
    """Raise `Invalid` naming everything that is neither an address nor a network."""
    faults: list[Fault] = []
    for index, text in enumerate(texts):
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            faults.append(
                Fault(
                    detail=f"{text!r} is no address or network; examples are 192.0.2.7 and 2001:db8::/32.",
                    pointer=f"{_ADDRESSES}/{index}",
                )
            )
    if faults:
        raise Invalid(faults=faults)


def within(ip: str | None, networks: Iterable[str]) -> bool:
    """Tell whether an address is in one of the networks; none known is in none.

    Example:
        >>> within("::ffff:192.0.2.7", ["192.0.2.0/24"]), within("192.0.3.7", ["192.0.2.0/24"]), within(None, ["::/0"])
        (True, False, False)
    """
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(network, strict=False) for network in networks)
