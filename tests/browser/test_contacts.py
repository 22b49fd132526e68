"""Companies and contacts in a real browser: what hangs on them, merging, the portal."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser


def test_a_company_shows_its_people_places_tickets_and_tree(page: Page, desk: Desk):
    group = desk.make("companies", name="Yonder Group")
    company = desk.make("companies", {"parent": ("companies", group)}, name="Yonder Works")
    desk.make("companies", {"parent": ("companies", company)}, name="Yonder Works West")
    owner = {"company": ("companies", company)}
    desk.make("contacts", owner, first_name="Yara", last_name="Yonder", is_primary=True, phone="+4930555019")
    desk.make("sites", owner, name="Yonder Yard", address={"city": "Demo Falls"})
    desk.make("tickets", owner, title="The gate squeaks")
    page.goto(f"/ui/companies/{company}")
    people = page.locator("#panel-contacts-people")
    expect(people).to_contain_text("Yara Yonder")
    expect(people).to_contain_text("Demo Falls")
    tree = page.locator("#panel-contacts-tree li")
    expect(tree).to_have_text(["Yonder Group", "Yonder Works", "Yonder Works West"])
    expect(page.locator("#record")).to_contain_text("The gate squeaks")
    parts = page.get_by_role("navigation", name="Parts of this record")
    parts.get_by_role("link", name=re.compile("^Tickets")).click()
    expect(page.locator("#members tbody tr")).to_contain_text(["The gate squeaks"])
    parts.get_by_role("link", name="Contacts").click()
    page.get_by_role("link", name="New contact").click()
    page.get_by_label("First name").fill("Yusuf")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#record")).to_contain_text("Yonder Works")


def test_a_duplicate_is_merged_and_the_merge_taken_back(page: Page, desk: Desk):
    company = desk.make("companies", name="Xylo Company")
    owner = {"company": ("companies", company)}
    kept = desk.make("contacts", owner, first_name="Xenia", last_name="Xylo", email="xenia@example.com")
    desk.make(
        "contacts",
        owner,
        first_name="Xena",
        last_name="Xylophone",
        phone="+4930555020",
        email="xena@example.com",
    )
    page.goto(f"/ui/contacts/{kept}")
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="Merge a duplicate")
    dialog.get_by_role("button", name="Merge").click()
    expect(dialog.locator("[data-fault=source]")).to_contain_text("Choose the contact that goes")
    dialog.get_by_role("combobox", name="Contact that goes").fill("Xylophone")
    dialog.get_by_role("option", name="Xylophone").click()
    expect(dialog.locator("#merge-preview")).to_contain_text("1 E-mail addresses")
    dialog.get_by_role("button", name="Merge").click()
    expect(page.locator("#record")).to_contain_text("+4930555020")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#record")).not_to_contain_text("+4930555020")


def test_a_company_says_what_moves_and_takes_its_duplicate_over(page: Page, desk: Desk):
    kept = desk.make("companies", name="Umbra Works")
    gone = desk.make("companies", name="Umbra Worx", website="https://umbra.example.com")
    owner = {"company": ("companies", gone)}
    for title in ("The lamp flickers", "The lamp is out"):
        desk.make("tickets", owner, title=title)
    page.goto(f"/ui/companies/{kept}")
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name="Merge a duplicate")
    sought = dialog.get_by_role("combobox", name="Company that goes")
    sought.fill("Umbra Works")
    dialog.get_by_role("option", name="Umbra Works").click()
    expect(dialog.locator("#merge-preview")).to_contain_text("can't be merged into itself")
    sought.fill("Umbra Worx")
    dialog.get_by_role("option", name="Umbra Worx").click()
    expect(dialog.locator("#merge-preview")).to_contain_text("2 Tickets")
    dialog.get_by_role("button", name="Merge").click()
    expect(page.locator("#record")).to_contain_text("https://umbra.example.com")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#record")).not_to_contain_text("https://umbra.example.com")


def test_a_contact_is_invited_to_the_portal_and_the_access_ended(page: Page, desk: Desk):
    company = desk.make("companies", name="Walnut Company")
    contact = desk.make(
        "contacts",
        {"company": ("companies", company)},
        first_name="Wanda",
        last_name="Walnut",
        email="wanda@example.com",
    )
    page.goto(f"/ui/contacts/{contact}")
    page.get_by_role("button", name="Invite to the portal").click()
    dialog = page.get_by_role("dialog", name="Invite to the portal")
    dialog.get_by_text("Administrator").click()
    dialog.get_by_role("button", name="Invite").click()
    expect(page.locator("#panel-contacts-access")).to_contain_text("Invited")
    page.reload()
    page.get_by_role("button", name="End portal access").click()
    page.get_by_role("dialog").get_by_role("button", name="End access").click()
    expect(page.locator("#panel-contacts-access")).to_contain_text(re.compile("None"))
