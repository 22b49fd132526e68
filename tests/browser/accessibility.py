"""What keeps people out of a page: what axe-core has against it, in both themes, and what is wider than its window."""

from typing import Literal

from playwright.sync_api import Page

from .conftest import ROOT

AXE = ROOT / "plugins/web/frontend/node_modules/axe-core/axe.min.js"
HEIGHT = 900
ANATOMY = """axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  rules: {'color-contrast': {enabled: false}}, resultTypes: ['violations']
}).then(({violations}) => violations.map(one => [one.id, one.nodes[0].html]))"""
ROOM = """axe.run(document, {
  runOnly: ['target-size', 'scrollable-region-focusable'], resultTypes: ['violations']
}).then(({violations}) => violations.map(one => [one.id, one.nodes[0].html]))"""
"""The rules about where things are: of the same page in another width, nothing else differs."""

COLOURS = """async passed => {
  const known = new Set(passed), beneath = new Map(), texts = new Map();
  const named = element => `${element.localName}.${element.getAttribute('class') ?? ''}`;
  const layers = element => {
    if (element === null) return '';
    if (!beneath.has(element)) {
      const {backgroundColor: colour, backgroundImage: image, opacity, position, filter} = getComputedStyle(element);
      const plain = colour === 'rgba(0, 0, 0, 0)' && `${image} ${opacity} ${position} ${filter}` === 'none 1 static none';
      const own = plain ? '' : `<${[position === 'static' ? '' : named(element), colour, image, opacity, filter].join()}`;
      beneath.set(element, own + layers(element.parentElement));
    }
    return beneath.get(element);
  };
  for (const element of document.body.querySelectorAll('*')) {
    const typed = element.matches('input, textarea, select');
    if (!typed && ![...element.childNodes].some(one => one.nodeType === Node.TEXT_NODE && one.data.trim())) continue;
    if (!element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const {color, fontSize, fontWeight, textShadow} = getComputedStyle(element);
    const look = [named(element), color, fontSize, fontWeight, textShadow, layers(element)].join();
    if (!known.has(look)) texts.set(look, [...(texts.get(look) ?? []), element]);
  }
  const looks = new Map([...texts].flatMap(([look, found]) => found.slice(0, 3).map(element => [element, look])));
  if (!looks.size) return [[], []];
  const options = {runOnly: ['color-contrast'], resultTypes: ['passes', 'violations'], elementRef: true};
  const {passes, violations} = await axe.run({include: [...looks.keys()]}, options);
  const found = results => results.flatMap(one => one.nodes.map(node => looks.get(node.element)).filter(Boolean));
  const failed = new Set(found(violations));
  return [
    violations.map(one => [one.id, one.nodes[0].html]),
    [...new Set(found(passes))].filter(look => !failed.has(look)),
  ];
}"""
"""Contrast is decided by a text's size and colours and by the layers beneath it; that is asked of each once, of three
of its kind on a page. It takes most of axe-core's time, and nearly all of a page looks like the page before."""

_passed: set[str] = set()


def faults(page: Page) -> list[str]:
    """Return what keeps people out of a page as it is: address, rule and element."""
    assert AXE.exists(), "axe-core comes with the assets' build: npm ci in plugins/web/frontend"
    page.evaluate(AXE.read_text())
    return [*_told(page, page.evaluate(ANATOMY)), *colours(page)]


def colours(page: Page) -> list[str]:
    """Return texts that can't be told from what is beneath them; `faults` was asked of the page before."""
    found, passed = page.evaluate(COLOURS, list(_passed))
    _passed.update(passed)
    return _told(page, found)


def in_every_look(page: Page) -> list[str]:
    """Return what keeps people out of a page, light and dark, from a desk to a phone; leaves it light and wide.

    The themes differ by colours alone, and the widths by where things are.
    """
    _look(page, "light", 1440)
    found = faults(page)
    _look(page, "dark", 1440)
    found += colours(page)
    for width in (1024, 390):
        _look(page, "dark", width)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{page.url}: {wide} pixels wide in a window of {width}"] if wide > width else []
    found += _told(page, page.evaluate(ROOM))
    found += colours(page)
    _look(page, "light", 1440)
    return found


def _look(page: Page, scheme: Literal["light", "dark"], width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": HEIGHT})


def _told(page: Page, found: list[tuple[str, str]]) -> list[str]:
    return [f"{page.url}: {rule} {element[:160]}" for rule, element in found]
