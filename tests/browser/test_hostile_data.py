"""S18: whatever people write is text, on every page of the console and of the portal."""

import contextlib
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_kernel.first_start import DEMO_CLIENT
from psa_kernel.registry import Registry

from .conftest import Desk, logged_in, started, watched
from .hostile import MARK, evil, fill, resources, taint

pytestmark = pytest.mark.browser
TELLING = """
document.addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
"""
PATIENCE = 60_000
LOADING = ".htmx-request, [hx-trigger='load'] > .skeleton"
INJECTED = f"page => page.querySelectorAll('[{MARK}], a[href^=\"javascript:\" i]').length"
READING = """async paths => (await Promise.all(paths.map(async path => {
  const answer = await fetch(path, {headers: {accept: 'text/html'}});
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return (%s)(page) ? `${path}: a text became HTML` : answer.status < 500 ? '' : `${path}: answered ${answer.status}`;
}))).filter(Boolean)"""
LEADING = """async paths => Promise.all(paths.map(async path => {
  const answer = await fetch(path, {headers: {accept: 'text/html'}});
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return [...page.querySelectorAll('a[href]')].map(one => new URL(one.getAttribute('href'), location.origin + path).pathname)
    .filter(one => one.startsWith(`${path}/`));
}))"""
NO_PAGE = re.compile(
    r"/logo$|/theme\.css$|/contrast$|/pdf$|/original$|/journal$|/attachments/|/texts$|/oauth/|/peek$|/latest$"
    r"|/notes/|merge-preview$|/survey/|^/tenants"
)
"""What is no page of its own, has a test with a peer of its own, or isn't there with one tenant."""

OWN_TEMPLATES = ("/companies", "/contacts", "/tickets", "/invoices", "/contracts", "/appointments", "/users")
"""Records whose page isn't made from their declaration alone."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load(Config())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An installation of its own, with demonstration data."""
    with started(tmp_path_factory.mktemp("hostile"), "--demo") as desk:
        yield desk


def make(desk: Desk) -> str:
    """Make what demonstration data has none of, and what isn't written by changing a record; returns a mail's id."""
    company, ticket = (
        desk.api.get(f"/{name}?page[size]=1").json()["data"][0]["id"] for name in ("companies", "tickets")
    )
    desk.make("groups", name=evil(200))
    desk.make("custom-fields", resource="companies", key="evil", label=evil(100), kind="text")
    desk.change("companies", company, custom_fields={"evil": evil()})
    desk.make("saved-views", resource="companies", name=evil(40))
    desk.make("email-templates", kind="reply", title=evil(200), content=evil())
    desk.make(
        "email-transports",
        name=evil(100),
        from_address="a@example.com",
        from_name=evil(100),
        host="127.0.0.1",
    )
    desk.make("time-entry-templates", name=evil(100), notes=evil())
    files = {"file": (evil(100).replace("/", "_") + ".txt", b"text", "text/plain")}
    sent = httpx.post(f"{desk.url}/api/v1/tickets/{ticket}/attachments", files=files, auth=desk.api.auth)
    assert sent.status_code == 201, sent.text
    [mailbox] = desk.api.get("/email-mailboxes?page[size]=1").json()["data"]
    letter = f"From: {json.dumps(evil(60))} <eve@example.com>\nTo: support@example.com\nSubject: {evil()}\n"
    letter += f"Message-ID: <hostile@example.com>\nContent-Type: text/html\n\n<p>{evil()}</p>"
    taken = desk.api.post(
        f"/email-mailboxes/{mailbox['id']}/messages",
        content=letter,
        headers={"Content-Type": "message/rfc822"},
    )
    assert taken.status_code == 202, taken.text
    return taken.json()["data"]["attributes"]["incoming"]


def pages(registry: Registry, shell: str) -> list[str]:
    """Return the declared pages of a shell that need no record and are somebody's in one tenant."""
    every = (page for plugin in registry.plugins.values() for page in plugin.manifest.ui.pages)
    return [
        one.path
        for one in every
        if one.shell == shell and "{" not in one.path and not NO_PAGE.search(one.path)
    ]


@contextlib.contextmanager
def walker(chromium: Browser, desk: Desk, **options: Any) -> Iterator["Walker"]:
    """A browser whose faults are told."""
    context = chromium.new_context(base_url=desk.url, viewport={"width": 1440, "height": 900}, **options)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(TELLING)
    page, wrong = watched(context, desk)

    def refuse(dialog: Dialog) -> None:
        wrong.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", refuse)
    walk = Walker(page, wrong)
    yield walk
    context.close()
    walk.found += wrong


class Walker:
    """Somebody who opens pages and notes at which of them something was refused, broken or taken for HTML."""

    def __init__(self, page: Page, wrong: list[str]) -> None:
        self.page = page
        self.wrong = wrong
        self.found: list[str] = []

    def visit(self, *paths: str) -> None:
        """Open pages one after the other, with their parts that come later."""
        for path in paths:
            answer = self.page.goto(path)
            expect(self.page.locator(LOADING), path).to_have_count(0, timeout=PATIENCE)
            if self.page.evaluate(f"({INJECTED})(document)"):
                self.wrong.append("a text became HTML")
            if answer is None or answer.status != 200:
                self.wrong.append(f"answered {answer and answer.status}")
            self.found += [f"{path}: {fault}" for fault in self.wrong]
            self.wrong.clear()

    def read(self, *paths: str) -> None:
        """Read pages without opening them."""
        self.found += self.page.evaluate(READING % INJECTED, list(paths))

    def links(self, *paths: str) -> list[str]:
        """Return where the links of pages lead below them; the pages are read, not opened."""
        return sorted({link for some in self.page.evaluate(LEADING, list(paths)) for link in some})


def test_whatever_people_write_is_text_on_every_page_of_the_console(
    desk: Desk, registry: Registry, chromium: Browser, tmp_path: Path
):
    mail = make(desk)
    written = fill(desk, registry)
    assert len(written) > 40, sorted(written)
    state = logged_in(chromium, desk, tmp_path / "state.json")
    with walker(chromium, desk, storage_state=state) as walk:
        walk.visit(*(f"/ui{path}" for path in pages(registry, "console")))
        walk.visit(*(f"/ui{path}/{written[path]}" for path in OWN_TEMPLATES))
        walk.visit("/ui/search?q=evil", "/ui/audit-logs", f"/ui/incoming-emails/{mail}")
        walk.page.locator("#bell button").first.click()
        expect(walk.page.locator("#bell-list .skeleton")).to_have_count(0, timeout=PATIENCE)
        below = walk.links("/ui/settings", "/ui/setup")
        assert len(below) > 20, below
        walk.read(*below)
        walk.read(*(f"/ui{one.url}" for one in resources(registry)))
        for rest in ("", "/edit", "/peek"):
            walk.read(*(f"/ui{path}/{id}{rest}" for path, id in written.items()))
    assert walk.found == []


def test_nor_is_it_anything_else_in_the_portal(desk: Desk, registry: Registry, chromium: Browser):
    known = {one.name: one for one in resources(registry)}
    [contact] = desk.api.get(f"/contacts?filter[email]={DEMO_CLIENT}").json()["data"]
    company = contact["relationships"]["company"]["data"]["id"]
    assert taint(desk, known["contacts"], contact["id"])
    assert taint(desk, known["companies"], company)
    with walker(chromium, desk) as walk:
        walk.page.goto("/portal/login")
        walk.page.get_by_label("E-mail address").fill(DEMO_CLIENT)
        walk.page.get_by_label("Password").fill(desk.password)
        walk.page.get_by_role("button", name="Log in").click()
        walk.page.wait_for_url("**/portal/")
        shown = [f"/portal{path}" for path in pages(registry, "portal")]
        below = [one for one in walk.links(*shown) if not NO_PAGE.search(one)]
        assert len(below) > 20, below
        for path in below:
            kind, _, id = path.removeprefix("/portal/").partition("/")
            if kind in known and len(id) == 36:
                taint(desk, known[kind], id)
        kinds = itertools.groupby(below, key=lambda path: path.rpartition("/")[0])
        walk.visit(*shown, *(path for _, some in kinds for path in itertools.islice(some, 3)))
    assert walk.found == []
