"""How many statements a request takes, from BEGIN to COMMIT: the same for two rows and for a hundred (KER-11)."""

from typing import Any

import pytest

from psa_sdk.testing import Kit

LISTS = (
    "/tickets?page[size]=100",
    "/tickets?page[size]=100&include=company,contact,status,priority,queue,assigned_to",
    "/companies?page[size]=100&include=parent,account_manager",
    "/contacts?page[size]=100&include=company",
)


async def counted(kit: Kit, request: Any) -> list[str]:
    """Return the statements of a request that finds what is remembered for seconds, such as the tenant's facts."""
    tries: list[list[str]] = []
    for _ in range(3):
        async with kit.statements() as found:
            answer = await request()
            assert answer.is_success, answer.text
        tries.append(list(found))
    return min(tries, key=len)


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_takes_as_many_statements_for_a_hundred_rows_as_for_two(kit: Kit, path: str) -> None:
    admin = await kit.admin()
    await more_tickets(kit, 2)
    few = await counted(kit, lambda: admin.get(path))
    await more_tickets(kit, 98)
    many = await counted(kit, lambda: admin.get(path))
    assert len(few) == len(many) <= 6, "\n".join(many)


async def test_one_record_takes_at_most_five_statements(kit: Kit) -> None:
    admin = await kit.admin()
    (ticket,) = await more_tickets(kit, 1)
    found = await counted(kit, lambda: admin.get(f"/tickets/{ticket}?include=company,contact,status"))
    assert len(found) <= 5, "\n".join(found)


@pytest.mark.psa(plugins=("contacts", "comments", "ticketing"))
async def test_a_new_ticket_takes_two_statements(kit: Kit) -> None:
    """References, requester, defaults and number; the record with its traces, events and answer."""
    assert len(found := await of_a_new_ticket(kit)) == 2, "\n".join(found)


async def test_a_new_ticket_takes_few_more_with_every_module(kit: Kit) -> None:
    """Its contract is chosen and its clocks are started in the same transaction."""
    assert len(found := await of_a_new_ticket(kit)) <= 6, "\n".join(found)


async def of_a_new_ticket(kit: Kit) -> list[str]:
    """Return the statements of a ticket that names its company and contact."""
    admin = await kit.admin()
    async with kit.unit() as unit:
        company = await unit.records.create("companies", {"name": "Elm Bakery"})
        contact = await unit.records.create("contacts", {"first_name": "Elm", "company": company})
    related = {"company": company, "contact": contact}
    return await counted(kit, lambda: admin.post("/tickets", {"title": "No dial tone"}, related))


async def more_tickets(kit: Kit, number: int) -> list[Any]:
    async with kit.unit() as unit:
        companies = await unit.records.create_many(
            "companies", [{"name": f"Client {kit.number()}"} for _ in range(number)]
        )
        contacts = await unit.records.create_many(
            "contacts", [{"first_name": f"P{kit.number()}", "company": company} for company in companies]
        )
        return await unit.records.create_many(
            "tickets",
            [
                {"title": "Printer", "company": company, "contact": contact}
                for company, contact in zip(companies, contacts, strict=True)
            ],
        )
