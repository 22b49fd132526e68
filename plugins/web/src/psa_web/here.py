"""Here: who looks at which page of which shell, in which language and zone. Bound while a page is rendered."""

import contextvars
import datetime
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from psa_sdk.context import Context
from psa_sdk.routes import AUTHENTICATED, PUBLIC
from psa_sdk.ui import NavItem, Page, ShellFrame
from psa_sdk.web import Browser, WebRequest
from psa_web.sent import Sent

if TYPE_CHECKING:
    from psa_web.site import Site

_UNSENT = Sent()


class NavEntry(msgspec.Struct, frozen=True):
    """An entry of the navigation with its count."""

    item: NavItem
    count: int | None = None


class Here(msgspec.Struct, kw_only=True, eq=False):
    """What templates know as `here`."""

    site: "Site"
    frame: ShellFrame
    ctx: Context
    request: WebRequest
    browser: Browser
    language: str
    timezone: datetime.tzinfo
    plugin: str = ""
    """Whose page it is: what its words mean."""
    place: int = 0
    """From where on the page listens to what changes."""
    nav: Mapping[str, Sequence[NavEntry]] = {}
    active: str = ""
    labels: dict[str, str] = {}
    """What records are called by, by resource: found out once for a page."""
    refused: Sent | None = None
    """The form that the page is shown again with, to a browser without scripts."""

    def gettext(self, text: str) -> str:
        """Return a text in the person's language, as the page's plugin says it."""
        return self.site.catalogues.of(self.language, self.plugin).gettext(text)

    @property
    def now(self) -> datetime.datetime:
        """The instant of the unit of work."""
        return self.ctx.now

    @property
    def user(self) -> str:
        """The person's name."""
        return self.ctx.principal.label

    @property
    def organisation(self) -> str:
        """The tenant's name."""
        return self.browser.organisation

    @property
    def theme(self) -> str:
        """Light, dark or auto."""
        return _cookie(self.request, "psa_theme", ("auto", "light", "dark"))

    @property
    def density(self) -> str:
        """How tall rows are."""
        return _cookie(self.request, "psa_density", ("default", "compact", "comfortable"))

    @property
    def rail(self) -> bool:
        """Whether the sidebar is narrow."""
        return self.request.cookies.get("psa_rail") == "1"

    @property
    def csrf(self) -> str:
        """The CSRF token, masked so that compressed pages tell nothing about it."""
        token = bytes.fromhex(self.browser.csrf_token(self.request))
        pad = secrets.token_bytes(len(token))
        return f"{pad.hex()}.{bytes(a ^ b for a, b in zip(token, pad, strict=True)).hex()}"

    def can(self, permission: str) -> bool:
        """Tell whether the person holds a permission."""
        return permission in {AUTHENTICATED, PUBLIC} or self.ctx.principal.allows(permission)

    def url(self, path: str) -> str:
        """Return the address of a page of this shell."""
        return path if "://" in path else self.frame.prefix + path

    def sent(self, action: str) -> Sent:
        """Return what was sent to an action, given with the shell's prefix, and refused; else an empty form."""
        return self.refused if self.refused and self.request.scope["path"] == action else _UNSENT

    def leads(self, path: str) -> bool:
        """Tell whether a plugin's page at a path of this shell is open to the person."""
        return any(page.path == path for page in self.site.shown("pages", Page, self))

    def enabled(self, plugin: str) -> bool:
        """Tell whether the tenant uses a plugin."""
        return self.browser.enabled(plugin)


def _cookie(request: WebRequest, name: str, allowed: tuple[str, ...]) -> str:
    found = request.cookies.get(name, "")
    return found if found in allowed else allowed[0]


_here: contextvars.ContextVar[Here] = contextvars.ContextVar("here")


def speaker() -> str:
    """Return whose page is being rendered; empty outside of one."""
    place = _here.get(None)
    return place.plugin if place is not None else ""


def here() -> Here:
    """Return where the page being rendered is."""
    return _here.get()


@contextmanager
def bound(place: Here) -> Generator[None]:
    """Render within a place."""
    token = _here.set(place)
    try:
        yield
    finally:
        _here.reset(token)


def values(place: Here) -> dict[str, Any]:
    """Return the names that every template has."""
    return {"here": place}
