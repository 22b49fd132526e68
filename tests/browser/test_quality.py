"""Accessibility, weight and speed of the console's pages."""

import brotli
import pytest
from playwright.sync_api import Page, expect

from .accessibility import in_every_look
from .conftest import Desk

pytestmark = pytest.mark.browser
PAGES = (
    "/ui/",
    "/ui/companies",
    "/ui/companies/{company}",
    "/ui/companies/{company}?tab=contacts",
    "/ui/companies/{company}?tab=activity",
    "/ui/companies/{company}/edit",
    "/ui/companies/new",
    "/ui/tickets/new",
    "/ui/search?q=sample",
    "/ui/profile",
    "/ui/records",
    "/ui/settings",
    "/ui/settings/auth",
    "/ui/settings/modules",
    "/ui/users",
    "/ui/audit-logs",
    "/ui/audit-logs/{entry}",
    "/ui/?edit=1",
    "/ui/notifications",
    "/ui/imports/new",
    "/ui/imports/{import}",
    "/ui/setup/organisation",
    "/ui/setup/branding",
    "/ui/setup/desk",
    "/ui/setup/people",
    "/ui/setup/modules",
    "/ui/settings/branding",
    "/ui/settings/permissions",
    "/ui/settings/tenancy",
    "/ui/time-entries",
    "/ui/time-entries/new",
    "/ui/timesheet",
    "/ui/settings?q=password",
    "/ui/no-such-page",
)
LOGGED_OUT = ("/ui/login", "/ui/forgot", "/ui/reset?token=none")


def an_import(page: Page) -> str:
    """Check a file with a bad row and return the id of its import."""
    page.goto("/ui/imports/new?resource=companies")
    content = b"Name,Website\nQuality Ltd,nowhere\nAnother Quality Ltd,\n"
    page.get_by_label("File").set_input_files({"name": "q.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("region", name="Refused rows")).to_be_visible()
    return page.url.rsplit("/", 1)[-1]


def test_no_page_keeps_anybody_out(page: Page, desk: Desk):
    known = {
        "company": desk.api.get("/companies?page[size]=1").json()["data"][0]["id"],
        "entry": desk.api.get("/audit-logs?filter[action]=created&page[size]=1").json()["data"][0]["id"],
        "import": an_import(page),
    }
    found: list[str] = []
    for path in PAGES:
        page.goto(path.format_map(known))
        found += in_every_look(page)
    page.goto("about:blank")  # its event stream ends with the page
    page.context.clear_cookies()
    for path in LOGGED_OUT:
        page.goto(path)
        found += in_every_look(page)
    assert found == []


def test_scripts_and_styles_are_light(page: Page):
    """All of a page's, also those that plugins bring to every page; packed, as they travel."""
    page.goto("/ui/companies")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(r => [new URL(r.name).pathname, r.encodedBodySize])"
    )
    scripts = sum(size for name, size in loaded if name.endswith(".js"))
    styles = sum(size for name, size in loaded if name.endswith(".css"))
    assert 0 < scripts <= 25_000
    assert 0 < styles <= 15_000


def test_a_list_is_small_quick_to_render_and_stands_still(page: Page):
    page.goto("/ui/companies")
    html = page.request.get("/ui/companies").text()
    assert len(brotli.compress(html.encode(), quality=4)) <= 25_000
    assert page.evaluate("document.querySelectorAll('*').length") <= 3000
    spent = [
        float(page.request.get("/ui/companies").headers["server-timing"].split("dur=")[1]) for _ in range(8)
    ]
    assert min(spent) <= 30
    shifted = page.evaluate(
        "new Promise(done => { let sum = 0; new PerformanceObserver(list => list.getEntries().forEach(e => {"
        " if (!e.hadRecentInput) sum += e.value; })).observe({type: 'layout-shift', buffered: true});"
        " setTimeout(() => done(sum), 300); })"
    )
    assert shifted < 0.01


def test_nothing_is_left_behind_by_moving_around(page: Page):
    page.goto("/ui/")

    def round_trip() -> int:
        for path in ("/ui/companies", "/ui/profile", "/ui/"):
            page.evaluate("url => document.dispatchEvent(new CustomEvent('psa:go', {detail: url}))", path)
            page.wait_for_url(f"**{path}")
        return int(page.evaluate("document.querySelectorAll('*').length"))

    first = round_trip()
    assert [round_trip() for _ in range(4)][-1] <= first + 20


def test_links_with_the_same_content_are_kept_for_ever(page: Page):
    page.goto("/ui/companies")
    style = page.locator("link[rel=stylesheet]").first.get_attribute("href")
    answer = page.request.get(str(style), headers={"Accept-Encoding": "br"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "br"


PLANT = """([css, html]) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
  document.querySelector('main').insertAdjacentHTML('beforeend', html);
}"""
PHONE = "@media (max-width: 500px)"
FAULTS = (
    ("label { color: #ccc }", "", "color-contrast"),
    ("@media (prefers-color-scheme: dark) { label { color: #444 } }", "", "color-contrast"),
    (
        f"@media (prefers-color-scheme: dark) {{ {PHONE} {{ label {{ color: #444 }} }} }}",
        "",
        "color-contrast",
    ),
    ("", "<p class='muted'>as before</p><img src='data:,'>", "image-alt"),
    ("@media (max-width: 1100px) { main { min-width: 1200px } }", "", "pixels wide"),
    (
        f"{PHONE} {{ .tiny {{ all: unset; display: inline-block; width: 8px; height: 8px }} }}",
        "<p><button class='tiny' aria-label='One'></button><button class='tiny' aria-label='Two'></button></p>",
        "target-size",
    ),
    ("", "<h6>Deep</h6>", "heading-order"),
    ("", "<aside aria-label='Same'>One</aside><aside aria-label='Same'>Two</aside>", "landmark-unique"),
)


def test_a_fault_in_one_look_is_found_on_a_page_that_had_none(page: Page):
    page.goto("/ui/profile")
    page.context.clear_cookies()
    page.goto("/ui/login")
    assert in_every_look(page) == []
    for css, html, rule in FAULTS:
        page.goto("/ui/login")
        page.evaluate(PLANT, [css, html])
        found = in_every_look(page)
        assert any(rule in one for one in found), (rule, found)
