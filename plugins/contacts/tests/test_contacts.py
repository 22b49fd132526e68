"""Contacts: addresses, numbers, the primary one, and forgetting a person."""

import asyncio

import pytest

from .desk import codes, pointers


async def test_an_address_belongs_to_one_active_contact(desk):
    """CRM-03: without case, Unicode composed, IDN in one form, over all addresses of all contacts."""
    ada = await desk.contact(email="Ada@Bücher.example")
    await desk.made("contact-emails", {"address": "j\u00f6rg@example.com"}, {"contact": ada})
    for address in ("ADA@bücher.example", "ada@xn--bcher-kva.example", "jo\u0308rg@example.com"):
        answer = await desk.admin.post("/contacts", {"first_name": "Bea", "email": address})
        assert answer.status_code == 409, address
        assert codes(answer) == ["already_taken"]
        assert answer.json()["errors"][0]["meta"]["contact"] == str(ada)
    assert await desk.contact(email="ada+tickets@bücher.example")
    other = await desk.contact()
    answer = await desk.admin.post(
        f"/contacts/{other}/emails", {"address": "ada@bücher.example"}, type="contact-emails"
    )
    assert (answer.status_code, codes(answer)) == (409, ["already_taken"])


async def test_the_address_of_an_archived_contact_offers_its_restoration(desk):
    """CRM-03"""
    ada = await desk.contact(email="gone@example.com")
    assert (await desk.admin.delete(f"/contacts/{ada}")).status_code == 204
    answer = await desk.admin.post("/contacts", {"first_name": "Ada", "email": "Gone@example.com"})
    assert (answer.status_code, codes(answer)) == (409, ["archived_contact_has_address"])
    restore = answer.json()["errors"][0]["meta"]["restore"]
    assert (await desk.admin.post(restore)).status_code == 200
    assert (await desk.attributes("contacts", ada))["archived_at"] is None
    assert codes(await desk.admin.post("/contacts", {"first_name": "X", "email": "gone@example.com"})) == [
        "already_taken"
    ]


async def test_a_contact_whose_address_went_elsewhere_is_not_restored_over_it(desk):
    """CRM-03"""
    ada = await desk.contact(email="moved@example.com")
    await desk.admin.delete(f"/contacts/{ada}")
    bea = await desk.contact()
    assert (await desk.admin.patch(f"/contacts/{bea}", {"email": "moved@example.com"})).status_code == 200
    answer = await desk.admin.post(f"/contacts/{ada}/restore")
    assert (answer.status_code, codes(answer)) == (409, ["already_taken"])
    assert "moved@example.com" in answer.text


async def test_parallel_creates_with_one_address_make_one_contact(desk):
    """CRM-03"""
    answers = await asyncio.gather(
        *(
            desk.admin.post("/contacts", {"first_name": f"N{n}", "email": "race@example.com"})
            for n in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_the_main_address_and_the_contact_agree(desk):
    ada = await desk.contact(email="main@example.com")
    second = await desk.made("contact-emails", {"address": "second@example.com"}, {"contact": ada})
    [main] = await desk.ids("/contact-emails", **{"filter[contact]": str(ada), "filter[is_main]": "true"})
    assert codes(await desk.admin.delete(f"/contact-emails/{main}")) == ["main_address"]
    assert (
        await desk.admin.patch(f"/contact-emails/{main}", {"address": "new@example.com"})
    ).status_code == 200
    assert (await desk.attributes("contacts", ada))["email"] == "new@example.com"
    assert (await desk.admin.patch(f"/contacts/{ada}", {"email": "second@example.com"})).status_code == 200
    assert (await desk.attributes("contact-emails", second))["is_main"]
    assert await desk.ids(f"/contacts/{ada}/emails") == [str(second)]
    assert (await desk.admin.patch(f"/contacts/{ada}", {"email": None})).status_code == 200
    assert await desk.ids(f"/contacts/{ada}/emails") == []


async def test_all_faults_of_a_contact_are_named_at_once(desk):
    """API-01"""
    answer = await desk.admin.post(
        "/contacts", {"first_name": "", "email": "nobody", "phone": "call me", "timezone": "Mars/Olympus"}
    )
    assert answer.status_code == 422
    assert set(pointers(answer)) == {
        f"/data/attributes/{name}" for name in ("first_name", "email", "phone", "timezone")
    }


async def test_telephone_numbers_are_stored_in_e164_and_found_by_any_fragment(desk):
    """CRM-12"""
    ada = await desk.contact(phone="(212) 555-1234", mobile="+49 170 9876543")
    attributes = await desk.attributes("contacts", ada)
    assert (attributes["phone"], attributes["mobile"]) == ("+12125551234", "+491709876543")
    for asked in ("555 12", "5551", "212-555", "+1 212 555 1234", "0 9876", "2125551234"):
        assert str(ada) in await desk.ids("/contacts", **{"filter[q]": asked}), asked
    assert await desk.ids("/contacts", **{"filter[q]": "555 99"}) == []


async def test_the_tenant_says_where_local_numbers_are(desk):
    """CRM-12"""
    answer = await desk.admin.patch(
        "/settings/contacts", {"values": {"default_region": "DE"}}, type="settings"
    )
    assert answer.status_code == 200, answer.text
    ada = await desk.contact(phone="030 901820")
    assert (await desk.attributes("contacts", ada))["phone"] == "+4930901820"
    await desk.admin.patch("/settings/contacts", {"values": {"default_region": "US"}}, type="settings")


async def primaries(desk, company) -> list[str]:
    return await desk.ids("/contacts", **{"filter[company]": str(company), "filter[is_primary]": "true"})


async def test_a_company_has_exactly_one_primary_contact(desk):
    """CRM-06"""
    company, other = await desk.company(), await desk.company()
    ada, bea, cleo = [await desk.contact(company) for _ in range(3)]
    assert await primaries(desk, company) == [str(ada)]
    assert (await desk.admin.patch(f"/contacts/{cleo}", {"is_primary": True})).status_code == 200
    assert await primaries(desk, company) == [str(cleo)]
    assert (await desk.admin.delete(f"/contacts/{cleo}")).status_code == 204
    assert await primaries(desk, company) == [str(ada)]
    answer = await desk.admin.patch(f"/contacts/{ada}", relationships={"company": other})
    assert answer.status_code == 200, answer.text
    assert await primaries(desk, company) == [str(bea)]
    assert await primaries(desk, other) == [str(ada)]


async def test_parallel_primaries_leave_one(desk):
    """CRM-06"""
    company = await desk.company()
    people = [await desk.contact(company) for _ in range(4)]
    answers = await asyncio.gather(
        *(desk.admin.patch(f"/contacts/{person}", {"is_primary": True}) for person in people)
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len(await primaries(desk, company)) == 1


async def test_custom_fields_are_typed_unique_filterable_and_hidden_when_removed(desk):
    """CRM-11"""
    fields = [
        {"key": "badge", "label": "Badge", "kind": "number"},
        {"key": "tier", "label": "Tier", "kind": "select", "options": [{"id": "gold", "label": "Gold"}]},
        {"key": "desk", "label": "Desk", "kind": "text", "is_unique": True},
    ]
    made = [await desk.made("custom-fields", {"resource": "contacts", **one}) for one in fields]
    ada = await desk.contact(custom_fields={"badge": 7, "tier": "gold", "desk": "A1"})
    answer = await desk.admin.post(
        "/contacts", {"first_name": "Bea", "custom_fields": {"badge": "x", "tier": "tin", "shoe": 1}}
    )
    assert answer.status_code == 422
    assert set(pointers(answer)) == {
        f"/data/attributes/custom_fields/{key}" for key in ("badge", "tier", "shoe")
    }
    twice = await desk.admin.post("/contacts", {"first_name": "Bea", "custom_fields": {"desk": "A1"}})
    assert twice.status_code in {409, 422}
    assert await desk.ids("/contacts", **{"filter[custom_fields.badge]": "7"}) == [str(ada)]
    renamed = [{"id": "gold", "label": "Golden"}]
    assert (
        await desk.admin.patch(f"/custom-fields/{made[1]}", {"options": renamed, "label": "Level"})
    ).status_code == 200
    assert (await desk.attributes("contacts", ada))["custom_fields"]["tier"] == "gold"
    assert (await desk.admin.patch(f"/custom-fields/{made[0]}", {"key": "other"})).status_code == 422
    assert (await desk.admin.delete(f"/custom-fields/{made[0]}")).status_code == 204
    assert "badge" not in (await desk.attributes("contacts", ada))["custom_fields"]
    listed = await desk.admin.get("/contacts", params={"filter[email]": f"{ada}"})
    assert "badge" not in listed.text
    again = await desk.made("custom-fields", {"resource": "contacts", **fields[0]})
    assert (await desk.attributes("contacts", ada))["custom_fields"]["badge"] == 7
    assert (await desk.admin.delete(f"/custom-fields/{again}")).status_code == 204


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_read_only_attributes_are_refused(desk, method: str):
    """API-03"""
    ada = await desk.contact()
    send = desk.admin.patch if method == "PATCH" else desk.admin.put
    for name, value in (("is_portal_user", True), ("name", "X"), ("archived_at", None)):
        answer = await send(f"/contacts/{ada}", {"first_name": "Ada", name: value})
        assert (answer.status_code, codes(answer)) == (403, ["read_only"])


async def test_a_whole_record_can_be_put_under_an_id_of_the_clients(desk):
    """API-03"""
    from psa_sdk.tables import new_id

    wanted = new_id()
    content = (
        b'{"data":{"type":"contacts","id":"%s","attributes":{"first_name":"Own"}}}' % str(wanted).encode()
    )
    answer = await desk.admin.request("POST", "/contacts", content=content)
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["id"] == str(wanted)
    await desk.admin.patch(f"/contacts/{wanted}", {"title": "Owner", "tags": ["a"]})
    assert (await desk.admin.put(f"/contacts/{wanted}", {"first_name": "New"})).status_code == 200
    attributes = await desk.attributes("contacts", wanted)
    assert (attributes["first_name"], attributes["title"], attributes["tags"]) == ("New", None, [])


SECRETS = ("Zenobia", "zenobia@example.com", "+12125557788", "Quuxley")


async def test_an_anonymised_contact_leaves_no_trace_in_records_and_search(desk):
    """CRM-13"""
    company = await desk.company()
    ada = await desk.contact(
        company, first_name="Zenobia", last_name="Quuxley", email="zenobia@example.com", phone="+12125557788"
    )
    double = await desk.contact(company, first_name="Zenobia", email="zenobia@home.example")
    assert (await desk.admin.post(f"/contacts/{ada}/merge", {"source": str(double)})).status_code == 200
    granted = await desk.admin.post(f"/contacts/{ada}/portal-access", {"role": "client_user"})
    assert granted.status_code == 200, granted.text
    account = granted.json()["data"]["relationships"]["portal_user"]["data"]["id"]
    await desk.admin.patch(f"/contacts/{ada}", {"phone": "+12125557799"})
    answer = await desk.admin.post(f"/contacts/{ada}/anonymise", {"reason": "Request 17"})
    assert answer.status_code == 200, answer.text
    await desk.kit.drain()
    for secret in SECRETS:
        for contact in (ada, double):
            shown = await desk.admin.get(f"/contacts/{contact}", params={"filter[archived]": "true"})
            assert shown.status_code == 200
            assert secret not in shown.text
        assert secret not in (await desk.admin.get(f"/users/{account}")).text
        assert await desk.ids("/contacts", **{"filter[q]": secret, "filter[archived]": "true"}) == []
    assert await desk.ids(f"/contacts/{ada}/emails") == []
    written = await desk.kit.installation.rows(
        "SELECT e::text AS entry FROM psa.audit_entry e WHERE tenant_id = $1", desk.kit.tenant_id
    )
    assert len(written) > 10
    assert not [
        row for row in written if any(secret.casefold() in row["entry"].casefold() for secret in SECRETS)
    ]
    actions = await desk.kit.installation.rows(
        "SELECT detail::text AS detail FROM psa.audit_entry WHERE action = 'anonymise' AND record_id = $1",
        ada,
    )
    assert "Request 17" in actions[0]["detail"]
