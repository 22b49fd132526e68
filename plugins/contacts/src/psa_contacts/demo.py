"""Demonstration data: a few hundred fictional clients with their people and sites, always the same."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psa_contacts.api import COMPANIES, CONTACTS, SITES
from psa_sdk import Context
from psa_sdk.identity import Directory
from psa_sdk.tables import new_id

COMPANY_COUNT = 240
FIRST = ("Amber", "Basil", "Clover", "Dale", "Ember", "Fern", "Garnet", "Hazel", "Indigo", "Jasper", "Kestrel", "Lark",
    "Maple", "Nova", "Opal", "Pearl", "Quill", "Robin", "Sage", "Teal", "Umber", "Vale", "Wren", "Yarrow")  # fmt: skip
LAST = ("Ashfield", "Brookstone", "Cloudwell", "Driftwood", "Elmgrove", "Foxglen", "Greymoor", "Hillcrest", "Ironbark",
    "Junipero", "Kingsley-Demo", "Longmeadow", "Millbrook", "Northwind", "Oakhollow", "Pinecliff", "Quarrydale",
    "Riverbend", "Stonebridge", "Thornbury", "Underhill", "Vinewood", "Westmarch", "Yewtree")  # fmt: skip
TRADES = (("Bakery", "Food production"), ("Dental Practice", "Healthcare"), ("Law Office", "Legal"),
    ("Logistics", "Transport"), ("Architects", "Construction"), ("Veterinary Clinic", "Healthcare"),
    ("Printworks", "Manufacturing"), ("Accountants", "Finance"), ("Garden Centre", "Retail"),
    ("Robotics", "Manufacturing"), ("Travel Agency", "Tourism"), ("Brewery", "Food production"))  # fmt: skip
CITIES = (("Sampleton", "NY", "10001", "212", "America/New_York"), ("Exampleville", "CA", "90001", "213", "America/Los_Angeles"),
    ("Demo Falls", "TX", "75001", "214", "America/Chicago"), ("Fixture Bay", "WA", "98101", "206", "America/Los_Angeles"),
    ("Mockingham", "IL", "60601", "312", "America/Chicago"))  # fmt: skip
JOBS = (("Office manager", "Administration"), ("Owner", "Management"), ("Accountant", "Finance"),
    ("Receptionist", "Administration"), ("Engineer", "Operations"), ("Team lead", "Operations"))  # fmt: skip


CLIENT = {
    "first_name": "Casey",
    "last_name": "Client-Demo",
    "email": "client@example.com",
    "title": "IT coordinator",
}
"""The first company's person who can log in to the portal."""


async def fill(ctx: Context) -> None:
    """Create the companies, then domains, sites and contacts, in a few large batches."""
    dice = random.Random("contacts")  # noqa: S311 - demonstration data must be the same everywhere
    managers = await ctx.service(Directory).holders("contacts.companies.delete")
    companies: list[dict[str, Any]] = []
    for number in range(COMPANY_COUNT):
        company = _company(dice, number)
        company["account_manager"] = dice.choice(managers).id if managers else None
        company["created_at"] = company["updated_at"] = ctx.now - timedelta(days=dice.randint(380, 1500))
        if number % 12 == 7:
            company["parent"] = companies[number - 1]["id"]
        companies.append(company)
    await ctx.records.create_many(COMPANIES, companies, history=True)
    since = {company["id"]: company["created_at"] for company in companies}
    domains = [{"company": row["id"], "domain": row["website"].removeprefix("https://")} for row in companies]
    sites = [site for row in companies for site in _sites(dice, row)]
    people = [person for number, row in enumerate(companies) for person in _people(dice, row["id"], number)]
    people.append({**CLIENT, "id": new_id(), "company": companies[0]["id"], "department": "Administration"})
    for row in (*domains, *sites, *people):
        row["created_at"] = row["updated_at"] = since[row["company"]]
    addresses = [
        {"contact": row["id"], "address": row["email"], "normalised": row["email"], "is_main": True}
        for row in people
    ]
    batches = (
        ("company-domains", domains),
        (SITES, sites),
        (CONTACTS, people),
        ("contact-emails", addresses),
    )
    for resource, rows in batches:
        await ctx.records.create_many(resource, rows, history=True)
    await _let_in(ctx, people[-1])


async def _let_in(ctx: Context, person: Mapping[str, Any]) -> None:
    """Give the demonstration's client a portal account."""
    account = await ctx.service(Directory).open_portal_account(
        email=person["email"],
        name=f"{person['first_name']} {person['last_name']}",
        role="client_admin",
        company_id=person["company"],
        contact_id=person["id"],
    )
    await ctx.records.update(CONTACTS, person["id"], {"portal_user": account.id, "is_portal_user": True})


def _company(dice: random.Random, number: int) -> dict[str, Any]:
    trade, industry = TRADES[number % len(TRADES)]
    name = f"{LAST[number // len(TRADES) % len(LAST)]} {trade}"
    prospect = number % 11 == 10
    address, area, _ = _place(dice)
    return {
        "id": new_id(),
        "name": name,
        "company_type": "prospect" if prospect else "vendor" if number % 40 == 39 else "client",
        "status": "prospect" if prospect else "active",
        "industry": industry,
        "website": f"https://client{number:03}.example.com",
        "phone": _phone(dice, area),
        "address": address,
        "tags": dice.sample(["managed", "vip", "break-fix", "cloud", "voip"], k=dice.randint(0, 2)),
        "external_id": f"DEMO-{number:04}",
    }


def _place(dice: random.Random) -> tuple[dict[str, str], str, str]:
    """Return an address, its telephone area and its time zone."""
    city, region, postal_code, area, zone = dice.choice(CITIES)
    street = f"{dice.randint(1, 999)} {dice.choice(('Main', 'Oak', 'Sample', 'River'))} Street"
    address = {"street": street, "city": city, "region": region, "postal_code": postal_code, "country": "US"}
    return address, area, zone


def _phone(dice: random.Random, area: str) -> str:
    # 555-0100 to 555-0199 are set aside for fiction.
    return f"+1{area}55501{dice.randint(0, 99):02}"


def _sites(dice: random.Random, company: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = ("Head office", "Warehouse", "Branch")[: dice.choice((1, 1, 1, 2, 3))]
    zones = {city: zone for city, _, _, _, zone in CITIES}
    sites: list[dict[str, Any]] = []
    for index, name in enumerate(names):
        address = company["address"] if index == 0 else _place(dice)[0]
        sites.append(
            {
                "company": company["id"],
                "name": name,
                "address": address,
                "phone": company["phone"] if index == 0 else None,
                "is_primary": index == 0,
                "timezone": zones[address["city"]],
            }
        )
    return sites


def _people(dice: random.Random, company_id: UUID, number: int) -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = []
    for index in range(dice.randint(2, 6)):
        # First names differ within a company, so addresses do.
        first, last = FIRST[(number + index * 5) % len(FIRST)], dice.choice(LAST)
        title, department = JOBS[index % len(JOBS)]
        people.append(
            {
                "id": new_id(),
                "company": company_id,
                "first_name": first,
                "last_name": last,
                "email": f"{first}.{last}@client{number:03}.example.com".lower(),
                "phone": _phone(dice, dice.choice(CITIES)[3]),
                "title": title,
                "department": department,
                "contact_type": ("primary", "billing", "technical")[index] if index < 3 else "other",
                "is_primary": index == 0,
            }
        )
    return people
