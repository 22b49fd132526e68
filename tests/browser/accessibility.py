"""What keeps people out of a page: what axe-core has against it, in both themes, and what is wider than its window."""

from functools import cache
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

from playwright.sync_api import CDPSession, Page

from .conftest import ROOT

AXE = ROOT / "plugins/web/frontend/node_modules/axe-core/axe.min.js"
HEIGHT = 900
JUDGING = Path(__file__).with_suffix(".js")
"""Contrast is decided by a text's size and colours and by the layers beneath it, all else but places by elements and
their attributes. That is asked of each once, and nearly all of a page looks like the page before."""

_sessions: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()
_passed: set[str] = set()
"""Looks of texts whose contrast passed."""
_known: set[str] = set()
"""Parts of pages with nothing wrong."""


def faults(page: Page) -> list[str]:
    """Return what keeps people out of a page as it is: address, rule and element."""
    answer = _chrome(page).send("Runtime.evaluate", {"expression": _scripts()})
    assert "exceptionDetails" not in answer, answer
    # As one text: Playwright walks through lists, which takes longer than judging a page.
    found, known = page.evaluate("known => judging.anatomy(known.split(' '))", " ".join(_known))
    if not found:
        _known.update(known.split())
    return [*_told(page, found), *room(page), *colours(page)]


def room(page: Page) -> list[str]:
    """Return what is too small and too near, or can't be scrolled; `faults` was asked of the page before."""
    return _told(page, page.evaluate("judging.room()"))


def colours(page: Page) -> list[str]:
    """Return texts that can't be told from what is beneath them; `faults` was asked of the page before."""
    found, passed = page.evaluate("passed => judging.colours(passed.split(' '))", " ".join(_passed))
    _passed.update(passed.split())
    return _told(page, found)


def in_every_look(page: Page) -> list[str]:
    """Return what keeps people out of a page, light and dark, from a desk to a phone; leaves it light and wide.

    The themes differ by colours alone, and the widths by where things are.
    """
    page.set_viewport_size({"width": 1440, "height": HEIGHT})
    _theme(page, "light")
    found = faults(page)
    _theme(page, "dark")
    found += colours(page)
    for width in (1024, 390):
        _width(page, width)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{page.url}: {wide} pixels wide in a window of {width}"] if wide > width else []
    found += room(page)
    found += colours(page)
    _width(page, 1440)
    _theme(page, "light")
    return found


def _theme(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


def _width(page: Page, width: int) -> None:
    """Make a page as wide, without its window, which would be laid out a second time."""
    size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    _chrome(page).send("Emulation.setDeviceMetricsOverride", size)


def _chrome(page: Page) -> CDPSession:
    if page not in _sessions:
        _sessions[page] = page.context.new_cdp_session(page)
    return _sessions[page]


@cache
def _scripts() -> str:
    assert AXE.exists(), "axe-core comes with the assets' build: npm ci in plugins/web/frontend"
    return f"{AXE.read_text()}\n{JUDGING.read_text()}\nvoid 0"


def _told(page: Page, found: list[tuple[str, str]]) -> list[str]:
    return [f"{page.url}: {rule} {element[:160]}" for rule, element in found]
