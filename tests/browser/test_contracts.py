"""A contract in a real browser: what was agreed, its hours, its periods, from draft to notice."""

import datetime

import pytest
from playwright.sync_api import Page, expect

from .accessibility import in_every_look
from .conftest import Desk

pytestmark = pytest.mark.browser
TODAY = datetime.date.today()  # noqa: DTZ011 - the server's own day


def draft(desk: Desk, name: str) -> str:
    company = desk.make("companies", name=f"{name} Ltd")
    contract = desk.make(
        "contracts",
        {"company": ("companies", company)},
        name=name,
        contract_type="block_hours",
        start_date=str(TODAY - datetime.timedelta(days=40)),
        end_date=str(TODAY + datetime.timedelta(days=300)),
        uplift_percent="3",
    )
    owner = {"contract": ("contracts", contract)}
    desk.make(
        "contract-items",
        owner,
        name="Monthly hours",
        item_type="retainer",
        included_minutes=600,
        unit_price="99",
    )
    return contract


def test_a_contract_goes_from_draft_to_notice(page: Page, desk: Desk):
    contract = draft(desk, "Quarry care")
    page.goto(f"/ui/contracts/{contract}")
    page.get_by_role("button", name="Activate").click()
    meter = page.get_by_role("region", name="Hours")
    expect(meter).to_contain_text("left of")
    expect(page.locator("#contracts-items")).to_contain_text("$99.00")
    page.get_by_role("button", name="Renew").click()
    page.get_by_label("Uplift in percent").fill("5")
    page.get_by_role("dialog").get_by_role("button", name="Renew").click()
    expect(page.locator("#contracts-items")).to_contain_text("$103.95")
    page.get_by_text("1 change").click()
    expect(page.locator("#contracts-items")).to_contain_text("$99.00")
    parts = page.get_by_role("navigation", name="Parts of this record")
    parts.get_by_role("link", name="Periods").click()
    expect(page.locator("#contracts-periods")).to_contain_text("Monthly hours")
    parts.get_by_role("link", name="Versions").click()
    expect(page.locator("#contracts-versions")).to_contain_text("renewed")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Give notice").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Give notice").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Reason").fill("They move away")
    dialog.get_by_role("button", name="Give notice").click()
    expect(page.locator("#contracts-term")).to_contain_text("Notice given")


def test_nothing_stands_in_anybodys_way(page: Page, desk: Desk):
    """WCAG 2.2 AA on the contract's page and its parts, in every look."""
    contract = draft(desk, "Axe")
    assert desk.api.post(f"/contracts/{contract}/activate").status_code == 200
    found: list[str] = []
    for tab in ("", "?tab=contracts.hours", "?tab=contracts.periods", "?tab=contracts.versions"):
        page.goto(f"/ui/contracts/{contract}{tab}")
        found += in_every_look(page)
    assert found == []


RENEW_BOTH = """id => {
  const inner = document.getElementById(id), outer = inner.parentElement.closest('[data-live][id]');
  inner.dataset.before = '';
  for (const one of [inner, outer]) one.dispatchEvent(new CustomEvent('psa:live'));
}"""


def test_what_is_live_within_what_is_live_survives_a_renewal_of_both(page: Page, desk: Desk):
    page.goto(f"/ui/contracts/{draft(desk, 'Quarry nest')}")
    items = page.locator("#contracts-items")
    expect(items).to_contain_text("$99.00")
    page.evaluate(RENEW_BOTH, "contracts-items")
    expect(page.locator("#contracts-items[data-before]")).to_have_count(0)
    expect(items).to_contain_text("$99.00")
