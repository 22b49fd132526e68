"""The organisation's look as pages of every shell have it: its colour as a stylesheet, its logo."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Response

from psa_sdk.context import Context
from psa_sdk.errors import NotFound
from psa_sdk.web import Brand, Browser

_FOREVER: Final = "public, max-age=31536000, immutable"
IMAGES: Final = frozenset(("image/png", "image/jpeg", "image/webp", "image/gif"))


class Colour(msgspec.Struct):
    """The address of a stylesheet."""

    hue: Annotated[int, msgspec.Meta(ge=0, le=359)] = Brand().hue


class Version(msgspec.Struct):
    """The address of a logo: it changes with it."""

    v: UUID | None = None


async def theme(query: Colour) -> Response[Any]:
    """Return the stylesheet of a colour: one number, from which the tokens follow."""
    css = f":root{{--brand-h:{query.hue}}}"
    return Response(css.encode(), media_type="text/css", headers={"Cache-Control": _FOREVER})


async def logo(ctx: Context, query: Version) -> Response[Any]:
    """Return the organisation's logo, which everybody may see."""
    brand = await ctx.service(Browser).brand()
    if brand.logo is None or brand.logo != query.v:
        raise NotFound("There is no such logo.")
    files = ctx.as_system().files
    facts = await files.get(brand.logo)
    if facts.media_type not in IMAGES:
        raise NotFound("There is no such logo.")
    content = b"".join([chunk async for chunk in files.read(brand.logo)])
    return Response(content, media_type=facts.media_type, headers={"Cache-Control": _FOREVER})
