"""The console in a real browser: what people do all day."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import Desk, logged_in

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_told_and_the_right_one_lets_in(chromium: Browser, desk: Desk):
    context = chromium.new_context(base_url=desk.url)
    page = context.new_page()
    page.goto("/ui/companies")
    expect(page).to_have_url(re.compile("/ui/login"))
    page.get_by_label("E-mail address").fill(desk.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password").fill(desk.password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/ui/companies$"))
    page.get_by_role("button", name="Administrator").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/ui/login"))
    page.goto("/ui/companies")
    expect(page).to_have_url(re.compile("/ui/login"))
    context.close()


def test_a_list_filters_while_typing_and_its_address_says_so(page: Page):
    page.goto("/ui/companies")
    page.keyboard.press("/")
    page.keyboard.type("Company 07")
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/ui/companies\?q=Company\+07$"))
    expect(page.locator("input[name=q]")).to_be_focused()
    page.keyboard.type("nothing of this name")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def test_chips_narrow_a_list_and_can_be_taken_away(page: Page):
    page.goto("/ui/companies")
    page.locator("#filters").get_by_text("Vendor", exact=True).click()
    expect(page.locator(".applied")).to_contain_text("20 found")
    page.get_by_role("link", name="Remove filter Company type: Vendor").click()
    expect(page.locator(".applied")).to_have_count(0)


def test_a_list_is_sorted_and_paged(page: Page):
    page.goto("/ui/companies")
    first = page.locator("tbody tr[data-row]").first
    expect(first).to_contain_text("Sample Company 00")
    page.get_by_role("link", name="Name").click()
    expect(first).not_to_contain_text("Sample Company 00")
    page.goto("/ui/companies")
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("after="))
    expect(page.get_by_role("link", name="Previous")).to_be_visible()


def test_rows_are_chosen_peeked_at_and_opened_by_keys(page: Page):
    page.goto("/ui/companies")
    expect(page.locator("psa-list:defined")).to_be_visible()
    for key in ("j", "j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator(".bulk")).to_contain_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".bulk")).to_be_hidden()
    page.keyboard.press("Space")
    expect(page.locator(".drawer")).to_contain_text("Sample Company 02")
    page.keyboard.press("j")
    expect(page.locator(".drawer")).to_contain_text("Sample Company 03")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sample Company 03").first).to_be_visible()
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile("/ui/companies$"))


def test_a_record_is_made_and_every_fault_is_at_its_field(page: Page):
    page.goto("/ui/companies")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="New company")).to_be_visible()
    page.get_by_label("Website").fill("not a website")
    page.get_by_label("Country").first.fill("Nowhere")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-fault=name]")).not_to_be_empty()
    expect(page.locator("[data-fault=website]")).not_to_be_empty()
    expect(page.locator("[data-fault='address.country']")).not_to_be_empty()
    expect(page.get_by_label("Name").first).to_be_focused()
    expect(page.get_by_label("Website")).to_have_value("not a website")
    page.get_by_label("Name").first.fill("Zesty Company")
    page.get_by_label("Website").fill("https://fresh.example.com")
    page.get_by_label("Country").first.fill("DE")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Zesty Company").first).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("created")
    expect(page.locator("#record")).to_contain_text("https://fresh.example.com")


def test_a_change_over_somebody_elses_is_refused_and_the_text_stays(page: Page, desk: Desk):
    made = desk.make("companies", name="Zcontested Company")
    page.goto(f"/ui/companies/{made}")
    page.keyboard.press("e")
    expect(page.get_by_label("Industry")).to_be_visible()
    page.get_by_label("Industry").fill("Robotics")
    desk.change("companies", made, industry="Retail")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".fault[data-fault='']")).not_to_be_empty()
    expect(page.get_by_label("Industry")).to_have_value("Robotics")


def test_an_edit_is_saved_and_shown_in_the_activity(page: Page, desk: Desk):
    made = desk.make("companies", name="Zplain Company")
    page.goto(f"/ui/companies/{made}/edit")
    page.get_by_label("Industry").fill("Agriculture")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#record")).to_contain_text("Agriculture")
    page.get_by_role("link", name="Activity").click()
    expect(page.locator(".steps")).to_contain_text("Agriculture")


def test_what_others_change_appears_by_itself(page: Page, desk: Desk):
    made = desk.make("companies", name="Zliving Company")
    with page.expect_response("**/ui/events?since=*"):
        page.goto(f"/ui/companies/{made}")
    desk.change("companies", made, industry="Shipping")
    expect(page.locator("#record")).to_contain_text("Shipping")


def test_what_changes_while_a_page_is_under_way_is_not_lost(page: Page, desk: Desk):
    """The change comes after the page is rendered and before its stream is open."""
    made = desk.make("companies", name="Zgap Company")

    def later(route: Route) -> None:
        desk.change("companies", made, industry="Shipbuilding")
        route.continue_()

    page.route("**/ui/events?since=*", later, times=1)
    page.goto(f"/ui/companies/{made}")
    expect(page.locator("#record")).to_contain_text("Shipbuilding")


def test_moving_between_pages_keeps_the_shell(page: Page):
    page.goto("/ui/")
    page.evaluate("window.kept = true")
    page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="Companies").click()
    expect(page.get_by_role("heading", name="Companies")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Companies")).to_be_visible()
    assert page.evaluate("window.kept")


def test_the_palette_finds_records_and_places(page: Page):
    page.goto("/ui/")
    page.keyboard.press("Control+k")
    page.keyboard.type("Company 11")
    expect(page.get_by_role("option", name="Sample Company 11")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sample Company 11").first).to_be_visible()


def test_the_help_lists_the_keys_of_the_page(page: Page):
    page.goto("/ui/companies")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("New company")


def test_theme_and_density_are_kept(page: Page):
    page.goto("/ui/profile")
    page.locator("main").get_by_role("button", name="Dark").click()
    page.locator("main").get_by_role("button", name="Compact").click()
    page.goto("/ui/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    background = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    assert background != "rgb(255, 255, 255)"


def test_a_setting_is_saved(page: Page):
    page.goto("/ui/settings/ticketing")
    page.get_by_label("Close resolved tickets").fill("9999")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-fault=auto_close_days]")).not_to_be_empty()
    page.get_by_label("Close resolved tickets").fill("12")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_label("Close resolved tickets")).to_have_value("12")


def test_a_form_is_refused_in_the_language_of_its_page(page: Page):
    page.goto("/ui/companies/new")
    page.evaluate("document.documentElement.lang = 'de'")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-fault=name]")).to_have_text("„Name“ fehlt.")


def test_a_list_shows_its_rows_where_there_is_little_room(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/ui/companies?q=Company+00")
    expect(page.locator("tbody tr[data-row]").get_by_text("Sample Company 00")).to_be_visible()


def test_where_there_is_little_room_the_whole_navigation_opens_over_the_page(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/ui/companies")
    toggle, sites = page.get_by_role("button", name="Narrow sidebar"), page.get_by_role("link", name="Sites")
    expect(sites).to_be_hidden()
    toggle.click()
    expect(sites).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(sites).to_be_hidden()
    expect(toggle).to_be_focused()
    toggle.click()
    sites.click()
    page.wait_for_url("**/ui/sites")
    expect(page.get_by_role("link", name="Sites")).to_be_hidden()


def test_a_form_of_another_site_changes_nothing(page: Page, desk: Desk):
    page.goto("/ui/")
    for headers in ({}, {"Origin": "https://elsewhere.example.com"}):
        answer = page.request.post(f"{desk.url}/ui/companies/new", form={"name": "Forged"}, headers=headers)
        assert answer.status == 403


def test_a_view_is_saved_and_is_a_tab_from_then_on(page: Page):
    page.goto("/ui/companies?company_type=vendor")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Vendors")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    tab = page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Vendors")
    expect(tab).to_have_attribute("aria-current", "page")
    page.keyboard.press("1")
    expect(page).to_have_url(re.compile("/ui/companies$"))
    page.keyboard.press(str(tab.get_attribute("data-hotkey")))
    expect(page.locator(".applied")).to_contain_text("20 found")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Delete view Vendors").click()
    expect(tab).to_have_count(0)


def test_a_shared_view_is_a_marked_tab_of_others_too(
    page: Page, chromium: Browser, desk: Desk, tmp_path: Path
):
    page.goto("/ui/companies?company_type=prospect")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Prospects of all")
    page.get_by_role("dialog").get_by_label("For").select_option("Everybody")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    name = "Shared: Prospects of all"
    expect(page.get_by_role("navigation", name="Saved views").get_by_role("link", name=name)).to_be_visible()
    colleague = desk.person("shared.views@example.com", "Sheila Views", "technician")
    context = chromium.new_context(
        base_url=desk.url, storage_state=logged_in(chromium, colleague, tmp_path / "state.json")
    )
    theirs = context.new_page()
    theirs.goto("/ui/companies")
    theirs.get_by_role("navigation", name="Saved views").get_by_role("link", name=name).click()
    expect(theirs.locator(".applied")).to_contain_text("Company type: Prospect")
    theirs.get_by_role("button", name="More", exact=True).click()
    expect(theirs.get_by_role("button", name="Save this view")).to_be_visible()
    expect(theirs.get_by_role("button", name=re.compile("Delete view"))).to_have_count(0)
    context.close()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Delete view Prospects of all").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_a_value_is_changed_where_it_stands_in_a_record(page: Page, desk: Desk):
    made = desk.make(
        "companies", name="Zinline Company", industry="Retail", website="https://inline.example.com"
    )
    page.goto(f"/ui/companies/{made}")
    page.get_by_role("button", name="Edit Industry").click()
    field = page.locator("#f-industry")
    expect(field).to_be_focused()
    field.fill("Robotics")
    page.keyboard.press("Enter")
    expect(page.locator("#record dd", has_text="Robotics")).to_be_visible()
    page.get_by_role("button", name="Edit Website").click()
    page.locator("#f-website").fill("nowhere")
    page.keyboard.press("Enter")
    expect(page.locator("[data-fault=website]")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator("#record dd", has_text="https://inline.example.com")).to_be_visible()
    assert desk.api.get(f"/companies/{made}").json()["data"]["attributes"]["industry"] == "Robotics"


def test_two_people_change_different_values_of_a_record_but_not_the_same(page: Page, desk: Desk):
    made = desk.make(
        "companies", name="Zcrossed Company", industry="Retail", website="https://old.example.com"
    )
    page.goto(f"/ui/companies/{made}")
    page.get_by_role("button", name="Edit Industry").click()
    desk.change("companies", made, website="https://new.example.com")
    page.locator("#f-industry").fill("Robotics")
    page.keyboard.press("Enter")
    expect(page.locator("#record dd", has_text="Robotics")).to_be_visible()
    page.get_by_role("button", name="Edit Industry").click()
    expect(page.locator("#f-industry")).to_be_focused()
    desk.change("companies", made, industry="Shipping")
    page.locator("#f-industry").fill("Farming")
    page.keyboard.press("Enter")
    expect(page.locator(".inline [role=alert]")).to_contain_text("Somebody else")
    assert desk.api.get(f"/companies/{made}").json()["data"]["attributes"]["industry"] == "Shipping"


def test_a_cell_of_a_list_is_changed_by_mouse_and_by_key(page: Page, desk: Desk):
    made = desk.make("companies", name="Zcell Company", company_type="prospect")
    page.goto("/ui/companies?q=Zcell")
    cell = page.locator("td[data-edit=company_type]")
    cell.hover()
    page.get_by_role("button", name="Edit", exact=True).click()
    cell.locator("select").select_option("client")
    cell.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    expect(cell.locator("select")).to_have_count(0)
    expect(cell).to_contain_text("Client")
    assert desk.api.get(f"/companies/{made}").json()["data"]["attributes"]["company_type"] == "client"
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("F2")
    expect(page.locator("td psa-form")).to_have_count(1)
    page.locator("td").get_by_role("button", name="Cancel").click()
    expect(page.locator("td psa-form")).to_have_count(0)
