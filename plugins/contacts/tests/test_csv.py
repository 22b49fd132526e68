"""Contacts and companies from and to spreadsheets (CRM-08, CRM-09)."""

import pytest

from psa_sdk.testing import Kit

from .desk import Desk

FILE = """First name,Last name,E-mail,Company
Ada,Ashfield,ada@csv.example,Import Ltd
Bea,Brookstone,not an address,Import Ltd
Cleo,Cloudwell,cleo@csv.example,Import Ltd
Ada,Again,ADA@csv.example,Import Ltd
Dale,"Line
break",dale@csv.example,Import Ltd
"""


async def send(desk: Desk, path: str, text: str | bytes, **query):
    content = text.encode() if isinstance(text, str) else text
    answer = await desk.admin.request(
        "POST", path, content=content, headers={"Content-Type": "text/csv"}, params=query
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["attributes"]


def outcome(report) -> tuple[int, int, int, int]:
    return tuple(report[name] for name in ("created", "updated", "unchanged", "skipped"))


@pytest.fixture
async def fresh(new_kit) -> Desk:
    kit: Kit = await new_kit("multi")
    return Desk(kit, await kit.admin())


async def test_bad_rows_are_told_by_line_and_cost_nobody_else(fresh):
    """CRM-08: five rows, line 3 a bad address, line 5 a repeat of line 2: three created, two skipped."""
    await fresh.company(name="Import Ltd")
    dry = await send(fresh, "/contacts/import/csv", FILE, dry_run="true", **{"map[E-mail]": "email"})
    assert await fresh.ids("/contacts") == []
    real = await send(fresh, "/contacts/import/csv", FILE, **{"map[E-mail]": "email"})
    assert {**dry, "dry_run": False} == real
    assert outcome(real) == (3, 0, 0, 2)
    assert [(problem["line"], problem["code"]) for problem in real["problems"]] == [
        (3, "invalid_email"),
        (5, "duplicate_row"),
    ]
    again = await send(fresh, "/contacts/import/csv", FILE, **{"map[E-mail]": "email"})
    assert outcome(again) == (0, 0, 3, 2)
    company = (await fresh.ids("/companies"))[0]
    assert len(await fresh.ids(f"/companies/{company}/contacts")) == 3
    assert len(await fresh.ids("/contacts", **{"filter[is_primary]": "true"})) == 1


async def test_contacts_are_recognised_by_external_id_then_address(fresh):
    """CRM-08"""
    await send(fresh, "/contacts/import/csv", "external_id,first_name,email\nE1,Ada,ada@csv.example\n")
    moved = await send(
        fresh, "/contacts/import/csv", "external_id,first_name,email\nE1,Ada,new@csv.example\n"
    )
    assert outcome(moved) == (0, 1, 0, 0)
    named = await send(fresh, "/contacts/import/csv", "email,title\nNEW@csv.example,Boss\n")
    assert outcome(named) == (0, 1, 0, 0)
    [ada] = await fresh.ids("/contacts")
    assert (await fresh.attributes("contacts", ada))["title"] == "Boss"


async def test_companies_are_recognised_by_external_id_then_name(fresh):
    """CRM-08: Windows-1252 with semicolons, as spreadsheets write it."""
    content = "Name;Phone;Parent\r\nZürich AG;(212) 555-0188;\r\nSub GmbH;;Zürich AG\r\n".encode("cp1252")
    first = await send(fresh, "/companies/import/csv", content)
    # The parent is made by the same file, one line earlier.
    assert first["encoding"] == "windows-1252" or first["encoding"] == "cp1252"
    again = await send(fresh, "/companies/import/csv", content)
    assert again["created"] + first["created"] == 2
    assert outcome(await send(fresh, "/companies/import/csv", content)) == (0, 0, 2, 0)
    sub = (await fresh.ids("/companies", **{"filter[name]": "Sub GmbH"}))[0]
    parent = (await fresh.ids("/companies", **{"filter[name]": "Zürich AG"}))[0]
    assert await fresh.related("companies", sub, "parent") == parent


async def test_an_export_runs_no_formula_and_imports_again_unchanged(fresh):
    """CRM-09"""
    await fresh.contact(
        first_name="=1+1", last_name="@SUM(A1)", title="+49", phone="+12125550199", notes="-x"
    )
    answer = await fresh.admin.request("GET", "/contacts.csv", headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    row = answer.text.splitlines()[1]
    for cell in ("'=1+1", "'@SUM(A1)", "'-x"):
        assert cell in row
    assert ",=1+1" not in row
    fields = "external_id,email,first_name,last_name,title,phone,notes"
    part = await fresh.admin.request(
        "GET", "/contacts.csv", headers={"Accept": "text/csv"}, params={"fields[contacts]": fields}
    )
    report = await send(fresh, "/contacts/import/csv", part.text)
    assert outcome(report) == (0, 0, 1, 0), report
