"""The organisation's look: what the shell needs of it on every page, and the page that chooses it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar.datastructures import UploadFile

from psa_console.notifications.inbox import unread
from psa_console.settings import navigation
from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Go
from psa_sdk.web import Brand, Browser
from psa_web.api import IMAGES, ratios

_MOST_BYTES: Final = 512 * 1024
HUES: Final = (25, 50, 78, 125, 153, 188, 220, 252, 268, 303, 330, 350)


class Tried(msgspec.Struct):
    """The address of a preview: whatever is being typed."""

    hue: str = ""


async def dress(ctx: Context) -> Mapping[str, Any]:
    """Load what the shell and the log-in show on every page: colour, logo, unread notifications."""
    brand = await ctx.service(Browser).brand()
    known = ctx.principal.kind == "user"
    return {
        "hue": brand.hue,
        "own_hue": brand.hue != Brand().hue,
        "logo": brand.logo,
        "unread": await unread(ctx) if known else 0,
    }


async def page(ctx: Context) -> Mapping[str, Any]:
    """Load colour and logo to choose."""
    brand = await ctx.service(Browser).brand()
    return {"groups": await navigation(ctx), "section_id": "branding", "hues": HUES, **contrasts(brand.hue)}


def contrasts(hue: int) -> dict[str, Any]:
    """Return how a colour can be read in both themes."""
    return {"hue": hue, "ratios": ratios(hue)}


async def preview(query: Tried) -> Mapping[str, Any]:
    """Load the contrast of a colour that is not chosen yet."""
    return contrasts(int(query.hue) % 360 if query.hue.isdecimal() else Brand().hue)


async def save(ctx: Context, form: Mapping[str, Sequence[Any]]) -> Go:
    """Choose colour and logo."""
    await apply(ctx, form)
    return Go(url="/settings/branding", toast="Saved")


async def apply(ctx: Context, form: Mapping[str, Sequence[Any]]) -> None:
    """Keep the colour and the logo of a form as the organisation's settings."""
    values: dict[str, Any] = {}
    try:
        values["primary_hue"] = int(str(form.get("hue", [""])[-1]))
    except ValueError:
        raise Invalid("Enter a number from 0 to 359.", pointer="/hue") from None
    file = form.get("logo", [None])[-1]
    if form.get("no_logo", [""])[-1] == "1":
        values["logo"] = None
    elif isinstance(file, UploadFile) and file.filename:
        content = await file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise Invalid("The image is larger than 512 KiB.", pointer="/logo")
        stored = await ctx.files.save(content, name=file.filename)
        if stored.media_type not in IMAGES:
            raise Invalid("Choose a PNG, JPEG, WebP or GIF image.", pointer="/logo")
        values["logo"] = str(stored.id)
    try:
        await ctx.service(Documents).call("PATCH", "/settings/tenancy", body={"values": values})
    except Invalid as problem:
        raise Invalid(str(problem), pointer="/hue") from problem
