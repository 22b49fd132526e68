"""What axe-core has against a page."""

from typing import Literal

from playwright.sync_api import Page

from .conftest import ROOT

AXE = ROOT / "plugins/web/frontend/node_modules/axe-core/axe.min.js"
EVERY = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']"
RULES = {"light": EVERY, "dark": "['color-contrast']"}
"""Of the same width, the themes' pages differ by their colours alone."""


def faults(page: Page, theme: Literal["light", "dark"] = "light") -> list[str]:
    """Return what keeps people out: address, rule and element."""
    assert AXE.exists(), "axe-core comes with the assets' build: npm ci in plugins/web/frontend"
    page.evaluate(AXE.read_text())
    # Passed rules' elements would be collected too, which takes most of the time.
    result = page.evaluate(f"axe.run(document, {{runOnly: {RULES[theme]}, resultTypes: ['violations']}})")
    return [f"{page.url}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in result["violations"]]
