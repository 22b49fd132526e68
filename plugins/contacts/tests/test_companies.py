"""Companies: their tree, their mail domains, and what happens when they go."""

import asyncio
from types import ModuleType
from uuid import UUID

import pytest

from psa_sdk import Manifest, before, hookimpl
from psa_sdk.errors import Conflict
from psa_sdk.tables import new_id

from .desk import codes, pointers


async def reparent(desk, company, parent):
    return await desk.admin.patch(f"/companies/{company}", relationships={"parent": parent})


async def chain(desk, length: int) -> list[UUID]:
    found: list[UUID] = []
    for level in range(length):
        relationships = {"parent": found[-1]} if found else None
        found.append(await desk.made("companies", {"name": f"Level {level + 1}"}, relationships))
    return found


async def test_a_company_is_never_below_itself(desk):
    """CRM-01"""
    a, b, c = await chain(desk, 3)
    for parent in (c, b, a):
        answer = await reparent(desk, a, parent)
        assert answer.status_code == 422, answer.text
        assert codes(answer) == ["hierarchy_cycle"]
        assert pointers(answer) == ["/data/relationships/parent"]
    assert await desk.ids(f"/companies/{a}/children") == [str(b)]
    assert await desk.ids(f"/companies/{b}/children") == [str(c)]


async def test_the_tree_is_at_most_ten_levels_deep(desk):
    """CRM-01: also when a subtree is hung somewhere."""
    levels = await chain(desk, 10)
    answer = await desk.admin.post("/companies", {"name": "Eleventh"}, {"parent": levels[-1]})
    assert answer.status_code == 422
    assert codes(answer) == ["hierarchy_too_deep"]
    top, _ = await chain(desk, 2)
    assert (await reparent(desk, top, levels[7])).status_code == 200
    assert (await reparent(desk, top, levels[8])).status_code == 422


async def test_parallel_changes_build_no_cycle(desk):
    """CRM-01"""
    for _ in range(5):
        a, b = await desk.company(), await desk.company()
        answers = await asyncio.gather(reparent(desk, a, b), reparent(desk, b, a))
        assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_the_longest_domain_tells_the_company(desk):
    """CRM-04"""
    acme, it = await desk.company(name="Acme"), await desk.company(name="Acme IT")
    await desk.made("company-domains", {"domain": "acme.example"}, {"company": acme})
    await desk.made("company-domains", {"domain": "@IT.Acme.Example."}, {"company": it})
    known = await desk.contact(acme, email="known@it.acme.example")
    from psa_contacts.api import ContactBook

    async with desk.kit.unit() as ctx:
        book = ctx.service(ContactBook)
        assert (await book.resolve_sender("x@mail.it.acme.example")).company_id == it
        assert (await book.resolve_sender("X@ACME.example")).company_id == acme
        assert (await book.resolve_sender("x@notacme.example")).company_id is None
        found = await book.resolve_sender("Known@IT.acme.example")
        assert (found.contact.id, found.company_id) == (known, acme)


@pytest.mark.parametrize("domain", ["gmail.com", "GMX.de", "@outlook.com"])
async def test_public_mail_services_belong_to_no_company(desk, domain: str):
    """CRM-04"""
    company = await desk.company()
    answer = await desk.admin.post(
        f"/companies/{company}/domains", {"domain": domain}, type="company-domains"
    )
    assert answer.status_code == 422
    assert codes(answer) == ["public_domain"]


async def test_a_domain_belongs_to_one_company(desk):
    """CRM-04"""
    one, other = await desk.company(), await desk.company()
    await desk.made("company-domains", {"domain": "one.example"}, {"company": one})
    answer = await desk.admin.post("/company-domains", {"domain": "ONE.example"}, {"company": other})
    assert answer.status_code == 409


@before("companies", "delete")
async def keep_invoiced(ctx, change):
    """Stand for billing: a company with this name has invoices."""
    if change.old["name"] == "Invoiced":
        raise Conflict("Company has invoices.", code="has_financial_history")


def billing() -> ModuleType:
    module = ModuleType("psa_test_billing")
    module.__file__ = __file__

    @hookimpl
    def psa_manifest() -> Manifest:
        return Manifest(
            name="test_billing", title="Billing", requires=("contacts",), interceptors=(keep_invoiced,)
        )

    module.psa_manifest = psa_manifest
    return module


async def test_a_plugin_keeps_a_company_from_being_deleted(new_kit):
    """CRM-07"""
    kit = await new_kit("single", modules=(billing(),))
    admin = await kit.admin()
    kept, free = [await kit.make("companies", name=name) for name in ("Invoiced", "Free")]
    answer = await admin.delete(f"/companies/{kept.id}")
    assert answer.status_code == 409
    assert codes(answer) == ["has_financial_history"]
    assert (await admin.delete(f"/companies/{free.id}")).status_code == 204


async def test_an_archived_company_is_hidden_and_can_be_restored(desk):
    """X-11"""
    company = await desk.company(name="Shelved")
    assert (await desk.admin.delete(f"/companies/{company}")).status_code == 204
    assert await desk.ids("/companies", **{"filter[name]": "Shelved"}) == []
    assert await desk.ids("/companies", **{"filter[name]": "Shelved", "filter[archived]": "true"}) == [
        str(company)
    ]
    answer = await desk.admin.get(f"/companies/{company}")
    assert (answer.status_code, codes(answer)) == (404, ["archived"])
    shown = await desk.admin.get(answer.json()["errors"][0]["meta"]["see"])
    assert shown.json()["data"]["attributes"]["archived_at"] is not None
    assert (await desk.admin.post(f"/companies/{company}/restore")).status_code == 200
    assert await desk.ids("/companies", **{"filter[name]": "Shelved"}) == [str(company)]


async def test_the_first_site_is_primary_and_the_place_is_handed_on(desk):
    """CRM-06"""
    company = await desk.company()
    first = await desk.made("sites", {"name": "First"}, {"company": company})
    second = await desk.made("sites", {"name": "Second"}, {"company": company})
    assert (await desk.attributes("sites", first))["is_primary"]
    assert not (await desk.attributes("sites", second))["is_primary"]
    answer = await desk.admin.patch(f"/sites/{first}", {"is_primary": False})
    assert (answer.status_code, codes(answer)) == (409, ["primary_required"])
    assert (await desk.admin.patch(f"/sites/{second}", {"is_primary": True})).status_code == 200
    assert not (await desk.attributes("sites", first))["is_primary"]
    assert (await desk.admin.delete(f"/sites/{second}")).status_code == 204
    assert (await desk.attributes("sites", first))["is_primary"]


async def test_a_relationship_to_another_tenant_is_one_to_nothing(desk):
    """X-08"""
    neighbour = await desk.kit.neighbour()
    foreign = (await neighbour.make("companies")).id
    answers = [
        await desk.admin.post("/contacts", {"first_name": "Ada"}, {"company": company})
        for company in (foreign, new_id())
    ]
    told = [
        [(error["status"], error["code"], error["detail"]) for error in a.json()["errors"]] for a in answers
    ]
    assert answers[0].status_code == answers[1].status_code == 404
    assert told[0] == told[1]
