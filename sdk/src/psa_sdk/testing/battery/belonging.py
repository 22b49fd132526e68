"""Records of a company: how a factory makes one that belongs to a given client."""

from typing import Any
from uuid import UUID

import msgspec

from psa_sdk.testing.battery.house import House
from psa_sdk.testing.client import Client
from psa_sdk.testing.factories import subject_kinds
from psa_sdk.testing.installation import Related

_NOBODYS = frozenset(("users", "groups", "roles", "attachments"))


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
    if name not in house.installation.resources or name in within or name in _NOBODYS:
        return None
    given, behind = dict[str, Any](), dict[str, UUID]()
    for relation in _leading(house, name):
        held = await _belonging(house, relation.target, records, (*within, name))
        if held is None:
            continue
        if _sent(house, name, relation):
            given[relation.name] = held
        elif relation.column is not None:
            behind[relation.column._meta.name] = held
    subject = await _subject(house, name, records, within)
    given |= {"subject": subject} if subject else {}
    if not given and not behind:
        return None
    records[name] = (await house.kit.make(name, **given)).id
    if behind:
        # What only the plugin's own code sets, the system sets here.
        async with house.kit.unit() as unit:
            await unit.records.update(name, records[name], behind)
    return records[name]


def _leading(house: House, name: str) -> list[Related]:
    """Return the to-one relationships that may lead to a company: those to lists of the tenant's don't.

    What other plugins hang on the resource has rules of its own, which their batteries know.
    """
    table = house.installation.resources[name].table
    return [
        relation
        for relation in house.installation.relations(name).values()
        if relation.kind == "to_one"
        and relation.target != name
        and (relation.column is None or relation.column._meta.table is table)
        and (_sent(house, name, relation) or relation.target in {"companies", "contacts"})
        and (
            _needed(relation)
            or relation.target in {"companies", "contacts"}
            or _leads(house, relation.target)
        )
    ]


def _needed(relation: Related) -> bool:
    return relation.required or (relation.column is not None and not relation.column._meta.null)


def _sent(house: House, name: str, relation: Related) -> bool:
    """Tell whether the factory can send a relationship; rows it writes itself take any."""
    resource = house.installation.resources[name]
    return relation.writable or "create" not in resource.verbs or resource.write is None


async def _subject(
    house: House, name: str, records: dict[str, UUID], within: tuple[str, ...]
) -> tuple[str, UUID] | None:
    if house.installation.resources[name].subject is None:
        return None
    for kind in subject_kinds(house.installation.resources, name):
        held = await _belonging(house, kind, records, (*within, name))
        if held is not None:
            return kind, held
    return None


def _leads(house: House, name: str) -> bool:
    """Tell whether a resource refers to companies or contacts itself."""
    return any(
        relation.kind == "to_one" and relation.target in {"companies", "contacts"}
        for relation in house.installation.relations(name).values()
    )
