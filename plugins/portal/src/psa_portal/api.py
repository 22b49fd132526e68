"""What the portal offers to other plugins, and what it asks of them: invoices, assets, articles for clients.

Pages of their own come by `psa_sdk.ui` with `shell="portal"`; these Protocols are behind the routes of PRD 3.15.2
and belong to whoever has the data. Implementations answer for the principal's own company and nobody else's.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Protocol
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response

from psa_sdk import Answer, Event
from psa_sdk.ui import Shell

SHELL: Shell = "portal"
PREFIX = "/portal"


class ClientInvoices(Protocol):
    """A client's finalised invoices."""

    async def all(self) -> Sequence[Answer]:
        """Return the company's invoices, the latest first; never drafts or void ones (PRT-04)."""
        ...

    async def one(self, id: UUID) -> Answer:
        """Return an invoice; raises `NotFound`."""
        ...

    async def pdf(self, id: UUID) -> Response[Any]:
        """Return an invoice's document; raises `NotFound`."""
        ...

    async def pay(self, id: UUID, provider: str | None = None) -> Answer:
        """Begin to pay, by a payment provider if one is named; two at once lead to one charge.

        Raises `NotFound`, or `Conflict` for a paid one.
        """
        ...


class ClientAssets(Protocol):
    """A client's devices."""

    async def all(self) -> Sequence[Answer]:
        """Return the company's assets that clients may see."""
        ...


class ClientArticles(Protocol):
    """The articles that clients may read."""

    async def all(self) -> Sequence[Answer]:
        """Return the published articles for the company."""
        ...

    async def one(self, id: UUID) -> Answer:
        """Return an article; raises `NotFound`."""
        ...

    async def search(self, text: str) -> Sequence[Answer]:
        """Find articles, best first."""
        ...


class ClientPeopleChanged(Event, frozen=True, kw_only=True):
    """A client's administrator let somebody in, gave them another role, or ended their access."""

    name: ClassVar[str] = "portal.client_people_changed"
    company_id: UUID
    contact_id: UUID
    what: Literal["invited", "role", "ended"]
    role: str = ""


EVENTS = (ClientPeopleChanged,)


def password_path(token: str) -> str:
    """Return where a client sets a password with a token, below the address of the installation or the host.

    Example:
        >>> password_path("psa_r_1")
        '/portal/reset?token=psa_r_1'
    """
    return f"{PREFIX}/reset?{urlencode({'token': token})}"
