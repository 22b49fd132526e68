"""Billing in a real browser: from what is due to an invoice, the bookkeeping, and the client's own pages."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .accessibility import in_every_look
from .conftest import Desk, watched
from .test_portal import Client, accept

pytestmark = pytest.mark.browser
ACCOUNTS = {"receivables": "1200", "revenue": "4000", "tax": "2200", "money": "1000", "bad_debt": "6000"}
CONSOLE = ("/ui/billing/accounting?through=2100-01-01", "/ui/billing/run", "/ui/billing/aging")
PORTAL = ("/portal/invoices", "/portal/invoices/{invoice}")


@pytest.fixture(scope="module")
def client(desk: Desk) -> Client:
    return Client(desk)


@pytest.fixture(scope="module")
def invoice(desk: Desk, client: Client) -> str:
    return finalised(desk, client.company, "Firewall replacement", "1450")


@pytest.fixture(scope="module")
def portal_session(
    chromium: Browser, desk: Desk, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The cookies of the client, who accepted the invitation and logged in."""
    context = chromium.new_context(base_url=desk.url)
    page, _ = watched(context, desk)
    accept(page, client, client.email)
    expect(page).to_have_url(re.compile("/portal/$"))
    kept = tmp_path_factory.mktemp("portal") / "state.json"
    context.storage_state(path=kept)
    context.close()
    return kept


def finalised(desk: Desk, company: str, description: str, price: str) -> str:
    made = desk.make("invoices", {"company": ("companies", company)})
    line = {
        "data": {"type": "invoice-lines", "attributes": {"description": description, "unit_price": price}}
    }
    assert desk.api.post(f"/invoices/{made}/lines", json=line).status_code == 201
    answer = desk.api.post(f"/invoices/{made}/finalise")
    assert answer.status_code == 200, answer.text
    return made


def mapped(desk: Desk) -> None:
    known = {one["attributes"]["kind"] for one in desk.api.get("/account-mappings").json()["data"]}
    for kind, account in ACCOUNTS.items():
        if kind not in known:
            desk.make("account-mappings", kind=kind, account=account, name=kind.title())


def test_an_invoice_goes_to_the_bookkeeping_once(page: Page, desk: Desk, invoice: str):
    mapped(desk)
    page.goto(CONSOLE[0])
    expect(page.get_by_role("region", name="Sums by account")).to_contain_text("4000")
    page.get_by_role("button", name="Export", exact=True).click()
    exports = page.get_by_role("region", name="Exports", exact=True)
    expect(exports).to_contain_text("Exported")
    expect(page.locator("#accounting")).to_contain_text("Everything was exported")
    with page.expect_download() as download:
        exports.get_by_role("link", name="Journal").first.click()
    number = desk.api.get(f"/invoices/{invoice}").json()["data"]["attributes"]["invoice_number"]
    assert number in Path(download.value.path()).read_text()
    exports.get_by_role("button", name="Take back").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_role("region", name="Sums by account")).to_contain_text("1200")


def test_nothing_stands_in_anybodys_way(
    chromium: Browser, desk: Desk, session: Path, portal_session: Path, invoice: str
):
    """WCAG 2.2 AA on the pages of billing, the console's and the client's, in every look."""
    mapped(desk)
    found: list[str] = []
    for state, paths in ((session, (*CONSOLE, "/ui/invoices/{invoice}")), (portal_session, PORTAL)):
        context = chromium.new_context(base_url=desk.url, storage_state=state)
        page, wrong = watched(context, desk)
        for path in paths:
            page.goto(path.format(invoice=invoice))
            found += in_every_look(page)
        context.close()
        found += wrong
    assert found == []


def test_a_client_reads_what_they_owe(chromium: Browser, desk: Desk, portal_session: Path, invoice: str):
    context = chromium.new_context(base_url=desk.url, storage_state=portal_session)
    page, wrong = watched(context, desk)
    page.goto(PORTAL[0])
    number = desk.api.get(f"/invoices/{invoice}").json()["data"]["attributes"]["invoice_number"]
    page.get_by_role("link", name=number).click()
    expect(page.get_by_text("Firewall replacement")).to_be_visible()
    expect(page.locator("body")).to_contain_text("$1,450.00")
    context.close()
    assert wrong == []
