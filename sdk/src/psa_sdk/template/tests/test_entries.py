"""Entries through the API, as staff, clients and other tenants use them."""

from uuid import UUID

from psa_sdk.testing import Kit

ENTRIES = "{{kebab}}-entries"


async def test_an_entry_is_made_and_found(kit: Kit) -> None:
    admin = await kit.admin()
    company = (await kit.make("companies")).id
    made = await admin.post(f"/{ENTRIES}", {"title": "Look at the roof"}, {"company": company})
    assert made.status_code == 201, made.text
    found = await admin.get(f"/companies/{company}/{{name}}_entries")
    assert [entry["attributes"]["title"] for entry in found.json()["data"]] == ["Look at the roof"]


async def test_a_technician_changes_only_what_they_own(kit: Kit) -> None:
    technician = await kit.staff(roles=("technician",))
    own = (await kit.make(ENTRIES, owner=await technician.account_id())).id
    other = (await kit.make(ENTRIES)).id
    assert (await technician.patch(f"/{ENTRIES}/{own}", {"status": "done"})).status_code == 200
    assert (await technician.patch(f"/{ENTRIES}/{other}", {"status": "done"})).status_code == 404


async def test_clients_see_their_own_company_only(kit: Kit) -> None:
    own, other = (await kit.make("companies")).id, (await kit.make("companies")).id
    entry = (await kit.make(ENTRIES, company=own)).id
    await kit.make(ENTRIES, company=other)
    client = await kit.portal(own)
    assert [UUID(one["id"]) for one in (await client.get(f"/{ENTRIES}")).json()["data"]] == [entry]


async def test_bringing_an_entry_to_an_end_leaves_a_trace(kit: Kit) -> None:
    admin, entry = await kit.admin(), (await kit.make(ENTRIES)).id
    await admin.patch(f"/{ENTRIES}/{entry}", {"status": "done"})
    await kit.drain()
    entries = (await admin.get(f"/{ENTRIES}/{entry}/activity")).json()["data"]
    assert "{{name}}.celebrated" in str(entries)
