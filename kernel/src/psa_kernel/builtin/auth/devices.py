"""Devices that somebody has logged in from: a new one is told to them.

What is remembered is a keyed digest of the browser's family and the address's network, so that an update or a new
address of the same provider is no new device, and the table tells nobody where people are.
"""

import ipaddress
import re
from typing import TYPE_CHECKING
from uuid import UUID

from psa_kernel.builtin.auth.alerts import alert
from psa_kernel.signing import TenantSigner
from psa_sdk.tables import new_id

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_VERSION = re.compile(r"[\d._]+")


async def remember(unit: "Unit", account: UUID) -> None:
    """Remember where a log-in came from; tell the owner if it is new, the very first one excepted."""
    text = f"{account} {network(unit.request.ip or '')} {family(unit.request.user_agent or '')}"
    digest = TenantSigner(unit).sign("known-devices", text).hex()
    known = await unit.db.fetch(
        "UPDATE psa.known_device SET last_seen_at = $3 WHERE account = $1 AND digest = $2 RETURNING id",
        account,
        digest,
        unit.now,
    )
    if known:
        return
    others = await unit.db.fetch_value(
        "SELECT EXISTS (SELECT FROM psa.known_device WHERE account = $1)", account
    )
    made = await unit.db.execute(
        "INSERT INTO psa.known_device (id, created_at, account, digest, last_seen_at) VALUES ($1, $4, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        new_id(),
        account,
        digest,
        unit.now,
    )
    if others and made == "INSERT 0 1":
        await alert(unit, account, "new_device")


def network(ip: str) -> str:
    """Return the network of an address: 24 bits of IPv4, 48 of IPv6.

    Example:
        >>> network("192.0.2.77"), network("2001:db8:1:2::3"), network("")
        ('192.0.2.0/24', '2001:db8:1::/48', '')
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{ip}/{24 if address.version == 4 else 48}", strict=False))


def family(user_agent: str) -> str:
    """Return a user agent without its versions.

    Example:
        >>> family("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0")
        'Mozilla/ (X; Linux x) Gecko/ Firefox/'
    """
    return _VERSION.sub("", user_agent)
