"""Demonstration data: a few hundred fictional clients with their people and sites, always the same."""

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_contacts.api import COMPANIES, CONTACTS, SITES
from psa_sdk import Context
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
CITIES = (("Sampleton", "NY", "10001"), ("Exampleville", "CA", "90001"), ("Demo Falls", "TX", "75001"),
    ("Fixture Bay", "WA", "98101"), ("Mockingham", "IL", "60601"))  # fmt: skip
JOBS = (("Office manager", "Administration"), ("Owner", "Management"), ("Accountant", "Finance"),
    ("Receptionist", "Administration"), ("Engineer", "Operations"), ("Team lead", "Operations"))  # fmt: skip


async def fill(ctx: Context) -> None:
    """Create the companies, then sites and contacts, in a few large batches."""
    dice = random.Random("contacts")  # noqa: S311 - demonstration data must be the same everywhere
    companies = [_company(dice, number) for number in range(COMPANY_COUNT)]
    ids = await ctx.records.create_many(COMPANIES, companies, history=True)
    sites: list[Mapping[str, Any]] = []
    people: list[Mapping[str, Any]] = []
    for number, (company_id, company) in enumerate(zip(ids, companies, strict=True)):
        sites += _sites(dice, company_id, company)
        people += _people(dice, company_id, number)
    await ctx.records.create_many(SITES, sites, history=True)
    contact_ids = await ctx.records.create_many(CONTACTS, people, history=True)
    addresses = [
        {"contact": contact_id, "address": row["email"], "normalised": row["email"], "is_main": True}
        for contact_id, row in zip(contact_ids, people, strict=True)
    ]
    await ctx.records.create_many("contact-emails", addresses, history=True)


def _company(dice: random.Random, number: int) -> dict[str, Any]:
    trade, industry = TRADES[number % len(TRADES)]
    name = f"{LAST[number // len(TRADES) % len(LAST)]} {trade}"
    prospect = number % 11 == 10
    return {
        "id": new_id(),
        "name": name,
        "company_type": "prospect" if prospect else "vendor" if number % 40 == 39 else "client",
        "status": "prospect" if prospect else "active",
        "industry": industry,
        "website": f"https://client{number:03}.example.com",
        "phone": f"+1212555{number % 10000:04}",
        "address": _address(dice),
        "tags": dice.sample(["managed", "vip", "break-fix", "cloud", "voip"], k=dice.randint(0, 2)),
        "external_id": f"DEMO-{number:04}",
    }


def _address(dice: random.Random) -> dict[str, str]:
    city, region, postal_code = dice.choice(CITIES)
    street = f"{dice.randint(1, 999)} {dice.choice(('Main', 'Oak', 'Sample', 'River'))} Street"
    return {"street": street, "city": city, "region": region, "postal_code": postal_code, "country": "US"}


def _sites(dice: random.Random, company_id: UUID, company: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    names = ("Head office", "Warehouse", "Branch")[: dice.choice((1, 1, 1, 2, 3))]
    return [
        {
            "company": company_id,
            "name": name,
            "address": company["address"] if index == 0 else _address(dice),
            "is_primary": index == 0,
            "timezone": "America/New_York",
        }
        for index, name in enumerate(names)
    ]


def _people(dice: random.Random, company_id: UUID, number: int) -> list[Mapping[str, Any]]:
    people: list[Mapping[str, Any]] = []
    for index in range(dice.randint(2, 6)):
        first, last = FIRST[(number + index * 5) % len(FIRST)], dice.choice(LAST)
        title, department = JOBS[index % len(JOBS)]
        people.append(
            {
                "company": company_id,
                "first_name": first,
                "last_name": last,
                "email": f"{first}.{last}.{number:03}{index}@client{number:03}.example.com".lower(),
                "phone": f"+1212556{(number * 7 + index) % 10000:04}",
                "title": title,
                "department": department,
                "contact_type": ("primary", "billing", "technical")[index] if index < 3 else "other",
                "is_primary": index == 0,
            }
        )
    return people
