"""PDF/A-3 with the electronic invoice inside, by typst. The same input gives the same bytes."""

import asyncio
import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import typst

HERE = Path(__file__).parent
TEMPLATE = HERE / "typst" / "invoice.typ"
ACCENT = "#4f46e5"


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(HERE / "fonts")]
    )


def rendered(sheet: dict[str, Any], xml: bytes, date: datetime.date, look: str) -> bytes:
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
            "look": look or "classic",
            "accent": ACCENT,
            "year": str(date.year),
            "month": str(date.month),
            "day": str(date.day),
        },
    )
    assert isinstance(made, bytes)
    return made


async def pdf_of(sheet: dict[str, Any], xml: bytes, date: datetime.date, look: str) -> bytes:
    """Set a sheet beside the event loop."""
    return await asyncio.to_thread(rendered, sheet, xml, date, look)
