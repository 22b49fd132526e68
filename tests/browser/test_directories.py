"""A directory in a real browser: set up, tried, and a dry run that arrives by itself."""

import importlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .accessibility import faults
from .conftest import ROOT, Desk

pytestmark = pytest.mark.browser
PATIENCE = 30_000
"""Milliseconds for what a directory answers or the worker does."""


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """OpenLDAP's own server, as the plugin's tests start it."""
    package = types.ModuleType("directory_ldap_tests")
    package.__path__ = [str(ROOT / "plugins/directory_ldap/tests")]
    sys.modules[package.__name__] = package
    with importlib.import_module("directory_ldap_tests.slapd").running(
        tmp_path_factory.mktemp("slapd")
    ) as ready:
        yield ready


def test_a_directory_is_set_up_and_tells_what_it_would_do(page: Page, desk: Desk, slapd: Any):
    unit = slapd.unit()
    people = [
        slapd.person(unit, uid, cn=name) for uid, name in (("fay", "Fay Sample"), ("gus", "Gus Sample"))
    ]
    slapd.group(unit, "Helpdesk", people[0])
    page.goto("/ui/settings")
    page.get_by_role("link", name="Directories").first.click()
    page.goto("/ui/ldap-directories/new")
    page.get_by_label("Name", exact=True).fill("Example tree")
    page.get_by_label("Preset").select_option("openldap")
    page.get_by_role("textbox", name="Hosts").fill(f"127.0.0.1:{slapd.tls}")
    page.get_by_role("textbox", name="Hosts").press("Enter")
    page.get_by_label("User filter").fill("(uid=")
    page.get_by_label("Base DN", exact=True).fill(unit)
    page.get_by_label("Bind DN").fill("cn=reader,dc=example,dc=com")
    page.get_by_label("Bind password").fill("only reads")
    page.get_by_label("Creates accounts").check()
    page.get_by_label("Group roles").fill('{"Helpdesk": ["technician"]}')
    page.get_by_label("Ca certificates").fill(slapd.ca)
    page.get_by_role("button", name="Save").click()
    expect(page.locator('[data-fault="user_filter"]')).to_contain_text("no LDAP filter")
    page.get_by_label("User filter").fill("")
    assert faults(page) == []
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Example tree").first).to_be_visible()
    # What was just made tells so to its own page, which fetches itself anew; not in the middle of what follows.
    page.goto(page.url)
    page.get_by_role("button", name="Check connection").click()
    expect(page.locator("#ldap-checked")).to_contain_text(
        "found 2 people. Fay Sample, Gus Sample", timeout=PATIENCE
    )

    page.get_by_role("button", name="Dry run").click()
    report = page.locator("#ldap-sync")
    expect(report).to_contain_text("Fay Sample", timeout=PATIENCE)
    expect(report).to_contain_text("2 people in the directory")
    expect(report.locator("li", has_text="Gus Sample")).to_contain_text("no role")
    assert faults(page) == []
    assert desk.api.get("/users?filter[email]=fay@example.com").json()["data"] == []
    desk.change("ldap-directories", page.url.rpartition("/")[2], is_active=False)
