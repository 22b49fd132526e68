"""Records of a company: how a factory makes one that belongs to a given client."""

from typing import Any
from uuid import UUID

import msgspec

from psa_sdk.testing.battery.house import House
from psa_sdk.testing.client import Client
from psa_sdk.testing.factories import subject_kinds


class Clientele(msgspec.Struct, frozen=True, kw_only=True):
    """A company with a contact, and a record of each resource that can belong to it, by resource."""

    company: UUID
    contact: UUID | None
    records: dict[str, UUID]
    client: Client


async def clientele(house: House, name: str) -> Clientele | None:
    """Make a company with records of all the plugin's resources; None where there are no companies."""
    if "companies" not in house.installation.resources:
        return None
    company = (await house.kit.make("companies")).id
    records = {"companies": company}
    contact = None
    if "contacts" in house.installation.resources:
        contact = records["contacts"] = (await house.kit.make("contacts", company=company)).id
    for resource in house.resources:
        await _belonging(house, resource.name, records, ())
    client = await house.kit.portal(company, "*", contact_id=contact, admin=True, name=name)
    return Clientele(company=company, contact=contact, records=records, client=client)


async def _belonging(
    house: House, name: str, records: dict[str, UUID], within: tuple[str, ...]
) -> UUID | None:
    """Make a record that leads to the company by its relationships; None when none leads there."""
    if name in records:
        return records[name]
    resource = house.installation.resources.get(name)
    if resource is None or name in within or name in {"users", "groups", "roles", "attachments"}:
        return None
    given: dict[str, Any] = {}
    behind: dict[str, UUID] = {}
    for relation in house.installation.relations(name).values():
        if relation.kind != "to_one" or relation.target == name:
            continue
        if not relation.writable and ("create" in resource.verbs and resource.write is not None):
            if relation.target in records and relation.target != name and relation.column is not None:
                behind[relation.column._meta.name] = records[relation.target]
            continue
        if relation.target in {"companies", "contacts"} or relation.required or not _configures(house, relation.target):
            held = await _belonging(house, relation.target, records, (*within, name))
            if held is not None:
                given[relation.name] = held
    if resource.subject is not None:
        for kind in subject_kinds(house.installation.resources, name):
            held = await _belonging(house, kind, records, (*within, name))
            if held is not None:
                given["subject"] = (kind, held)
                break
    if not given and not behind:
        return None
    records[name] = (await house.kit.make(name, **given)).id
    if behind:
        # What only the plugin's own code sets, the system sets here.
        async with house.kit.unit() as unit:
            await unit.records.update(name, records[name], behind)
    return records[name]


def _configures(house: House, name: str) -> bool:
    """Tell whether a resource is the tenant's own list, such as statuses: nothing of it leads to a company."""
    return not any(
        relation.kind == "to_one" and relation.target in {"companies", "contacts"}
        for relation in house.installation.relations(name).values()
    )
