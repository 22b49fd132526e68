"""The import wizard in a real browser: from a file to records, and what was refused back out."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser

FILE = (
    "Company name;Kind;Web\n"
    "Zimported Alpha;client;https://alpha.example.com\n"
    "Zimported Beta;client;nowhere\n"
    "Zimported Gamma;partnership;\n"
    "Zimported Delta;prospect;https://delta.example.com\n"
).encode("cp1252")


def test_a_file_becomes_records_and_refused_rows_come_back_with_reasons(page: Page, desk: Desk):
    page.goto("/ui/companies")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Import from CSV").click()
    expect(page.get_by_label("What the rows are")).to_have_value("companies")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("[data-fault=file]")).not_to_be_empty()
    page.get_by_label("File").set_input_files({"name": "clients.csv", "mimeType": "text/csv", "buffer": FILE})
    page.get_by_role("button", name="Upload").click()
    expect(page).to_have_url(re.compile("/ui/imports/"))

    # Headers that don't tell are mapped by hand.
    expect(page.locator(".notice")).to_contain_text("Name")
    page.get_by_role("combobox", name="Company name").select_option("name")
    page.get_by_role("combobox", name="Kind").select_option("company_type")
    page.get_by_role("combobox", name="Web").select_option("website")
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("[data-count=created]")).to_have_text("2")
    expect(page.locator("[data-count=skipped]")).to_have_text("2")
    refused = page.get_by_role("region", name="Refused rows").locator("tbody tr")
    expect(refused.nth(0)).to_contain_text("Web")
    expect(refused.nth(1)).to_contain_text("Kind")
    assert desk.api.get("/companies?filter[q]=Zimported").json()["data"] == []

    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("status").filter(has_text="The import is done")).to_be_visible()
    expect(page.locator("[data-count=created]")).to_have_text("2")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download refused rows").click()
    content = downloading.value.path().read_text("utf-8-sig")
    assert content.splitlines()[0] == "Company name;Kind;Web;Problem"
    assert [line.split(";")[0] for line in content.splitlines()[1:]] == ["Zimported Beta", "Zimported Gamma"]
    names = {
        one["attributes"]["name"] for one in desk.api.get("/companies?filter[q]=Zimported").json()["data"]
    }
    assert names == {"Zimported Alpha", "Zimported Delta"}


def test_what_is_no_csv_is_refused_at_its_field(page: Page):
    page.goto("/ui/imports/new?resource=companies")
    page.get_by_label("File").set_input_files(
        {"name": "x.csv", "mimeType": "text/csv", "buffer": b"\x00\x01"}
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("[data-fault=file]")).to_contain_text("NUL")
