"""The frame around the portal's pages: whose it is, how it looks, how help is reached."""

from collections.abc import Mapping
from typing import Any

import msgspec

from psa_contacts.api import ContactBook
from psa_portal.settings import PortalSettings
from psa_sdk import Context
from psa_sdk.ui import ShellFrame
from psa_sdk.web import Brand, Browser


async def dress(ctx: Context) -> Mapping[str, Any]:
    """Load what every page shows: names, colour, logo, the client's company, the support's contact."""
    browser = ctx.service(Browser)
    if not browser.organisation:
        return {**_shown(PortalSettings(), "", Brand()), "company": ""}
    settings = await ctx.settings(PortalSettings)
    company = ctx.principal.who.company_id
    known = list((await ctx.service(ContactBook).companies([company])).values()) if company else []
    return {
        **_shown(settings, browser.organisation, await browser.brand()),
        "company": known[0].name if known else "",
    }


def _shown(settings: PortalSettings, organisation: str, brand: Brand) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(settings),
        "name": settings.name or organisation or "PSA",
        "hue": brand.hue,
        "own_hue": brand.hue != Brand().hue,
        "logo": brand.logo,
    }


async def welcomes(ctx: Context, host: str) -> bool:
    """Tell whether a host is the one that the tenant gave its portal."""
    if not ctx.service(Browser).organisation:
        return False
    return (await ctx.settings(PortalSettings)).host == host


FRAME = ShellFrame(
    name="portal",
    prefix="/portal",
    audience="portal",
    template="portal/shell.html",
    login="portal/login.html",
    forgot="portal/forgot.html",
    reset="portal/reset.html",
    expired="portal/expired.html",
    gate="portal/gate.html",
    dress=dress,
    welcomes=welcomes,
)
