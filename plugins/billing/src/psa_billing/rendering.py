"""PDF/A-3 with the electronic invoice inside, by typst. The same input gives the same bytes."""

import asyncio
import base64
import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import typst

HERE = Path(__file__).parent
TEMPLATE = HERE / "typst" / "invoice.typ"
BOX = (600, 120)
"""A logo's room in points of its picture; it keeps its proportions."""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{1}">'
    '<image width="{0}" height="{1}" preserveAspectRatio="xMinYMid meet" xlink:href="data:{2};base64,{3}"/></svg>'
)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a sheet looks: the template's variant, the organisation's colour in degrees, its logo as an SVG."""

    variant: str = "classic"
    hue: int = 268
    logo: str = ""


def framed(content: bytes, media_type: str) -> str:
    """Return an image as the SVG that the template places; one that can't be read leaves its place empty."""
    return SVG.format(*BOX, media_type, base64.b64encode(content).decode())


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(HERE / "fonts")]
    )


def rendered(sheet: dict[str, Any], xml: bytes, date: datetime.date, look: Look) -> bytes:
    """Set a sheet; blocks for some tens of milliseconds, so `pdf_of` runs it in a thread."""
    moment = datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC)
    compiler = typst.Compiler(str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=_fonts())
    made = compiler.compile(
        format="pdf",
        pdf_standards=["a-3b"],
        timestamp=moment,
        sys_inputs={
            "sheet": msgspec.json.encode(sheet).decode(),
            "xml": xml.decode(),
            "look": look.variant,
            "hue": str(look.hue),
            "logo": look.logo,
            "year": str(date.year),
            "month": str(date.month),
            "day": str(date.day),
        },
    )
    assert isinstance(made, bytes)
    return made


async def pdf_of(sheet: dict[str, Any], xml: bytes, date: datetime.date, look: Look) -> bytes:
    """Set a sheet beside the event loop."""
    return await asyncio.to_thread(rendered, sheet, xml, date, look)
