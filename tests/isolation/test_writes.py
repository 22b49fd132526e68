"""Documents that name other people's records: in relationships, at relationship URLs, in atomic operations."""

from typing import Any
from uuid import UUID

import msgspec

from psa_sdk.testing import Client
from psa_sdk.testing.battery.house import report, seen
from psa_sdk.testing.installation import Related

from .estate import ATOMIC, OPERATIONS, Estate, atomic, random


class Asker:
    """Sends the same request about a foreign record and about none, and compares."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.faults: list[str] = []
        self.asked = 0

    async def ask(self, method: str, path: str, foreign: UUID, document: Any, *, type: str = "") -> None:
        """`document` makes the body for an id; success with a foreign record is a fault."""
        answers = []
        unknown = random()
        for id in (foreign, unknown):
            body = document(id)
            content = body if isinstance(body, bytes) else msgspec.json.encode(body)
            headers = {"Content-Type": type} if type else {}
            answers.append(
                await self.client.request(
                    method, path.replace("{id}", str(id)), content=content, headers=headers
                )
            )
        self.asked += 1
        what = f"{method} {path} with {document('…')}"
        if answers[0].is_success:
            self.faults.append(f"{what} answers {answers[0].status_code}: {answers[0].text[:200]}")
        elif seen(answers[0], foreign) != seen(answers[1], unknown) or answers[0].status_code >= 500:
            self.faults.append(
                f"{what} tells a foreign record from none: {[one.text[:300] for one in answers]}"
            )

    async def operation(self, foreign: UUID, document: Any) -> None:
        await self.ask("POST", OPERATIONS, foreign, document, type=ATOMIC)


def identifier(type: str, id: UUID, many: bool) -> Any:
    found = {"type": type, "id": str(id)}
    return [found] if many else found


Way = tuple[str, str, Any, str]
"""Method, path, what makes the document for an id, and its media type."""


async def relate(
    estate: Estate, asker: Asker, mine: dict[str, UUID], foreign: dict[str, UUID], *, thorough: bool = False
) -> None:
    """Name foreign records in every writable relationship.

    When a record is made, when it is changed, and at the relationship's own address; of the ways there are for the
    last two the relationships take turns, unless thorough.
    """
    turn = 0
    for name in estate.installation.resources:
        for relation, related in estate.installation.relations(name).items():
            if not related.writable or related.target not in foreign or name not in mine:
                continue
            turn += 1
            for ways in await _ways(estate, name, relation, related, mine[name]):
                chosen = ways if thorough else ways[turn % max(len(ways), 1) :][:1]
                for method, path, document, type in chosen:
                    await asker.ask(method, path, foreign[related.target], document, type=type)


async def _ways(
    estate: Estate, name: str, relation: str, related: Related, own: UUID
) -> tuple[list[Way], ...]:
    """Return how a record is related to another: ways to change it, its relationship, and to make one."""
    resource, many = estate.installation.resources[name], related.kind in {"many_to_many", "inverse"}
    url = f"{resource.url}/{own}"

    def linkage(id: UUID) -> dict[str, Any]:
        return {"data": identifier(related.target, id, many)}

    def changed(id: UUID) -> dict[str, Any]:
        return {"data": {"type": name, "id": str(own), "relationships": {relation: linkage(id)}}}

    def operated(id: UUID) -> Any:
        ref = {"type": name, "id": str(own), "relationship": relation}
        return atomic("update", ref, **linkage(id))

    changes, links, creations = list[Way](), list[Way](), list[Way]()
    if "update" in resource.verbs:
        if related.kind != "inverse":
            changes += [
                ("PATCH", url, changed, ""),
                (
                    "POST",
                    OPERATIONS,
                    lambda id: {"atomic:operations": [{"op": "update", **changed(id)}]},
                    ATOMIC,
                ),
            ]
        links += [
            (method, f"{url}/relationships/{relation}", linkage, "")
            for method in ("PATCH", "POST")[: 1 + many]
        ]
        links.append(("POST", OPERATIONS, operated, ATOMIC))
    if "create" in resource.verbs and related.kind != "inverse":
        attributes, _ = await estate.kit.make.parts(name)
        creations.append(
            (
                "POST",
                resource.url,
                lambda id: {
                    "data": {"type": name, "attributes": attributes, "relationships": {relation: linkage(id)}}
                },
                "",
            )
        )
    return changes, links, creations


async def operate(estate: Estate, asker: Asker, foreign: dict[str, UUID], *, thorough: bool = False) -> None:
    """Update, relate and remove foreign records themselves, by ref and by href.

    Of both ways, and of their relationships, the resources take turns, unless thorough.
    """
    for turn, (name, resource) in enumerate(estate.installation.resources.items()):
        if name not in foreign:
            continue
        for place, op in enumerate(("update", "remove")):
            data = {"data": {"type": name, "attributes": {}}} if op == "update" else {}

            def by_ref(id: UUID, op=op, name=name, data=data) -> Any:
                return atomic(op, {"type": name, "id": str(id)}, **data)

            def by_href(id: UUID, op=op, resource=resource, data=data) -> Any:
                return {"atomic:operations": [{"op": op, "href": f"/api/v1{resource.url}/{id}", **data}]}

            for way in (by_ref, by_href) if thorough else ((by_ref, by_href)[(turn + place) % 2],):
                await asker.operation(foreign[name], way)
        relations = list(estate.installation.relations(name).items())
        for relation, related in relations if thorough else relations[turn % max(len(relations), 1) :][:1]:
            empty: Any = [] if related.kind != "to_one" else None
            await asker.operation(
                foreign[name],
                lambda id, name=name, relation=relation, empty=empty: atomic(
                    "update", {"type": name, "id": str(id), "relationship": relation}, data=empty
                ),
            )


async def subjects(estate: Estate, asker: Asker, foreign: dict[str, UUID]) -> None:
    """Hang new records on foreign ones."""
    for name, resource in estate.installation.resources.items():
        if resource.subject is None or "create" not in resource.verbs:
            continue
        attributes, _ = await estate.kit.make.parts(name)
        if asker.client.person is not None and asker.client.person.audience == "portal":
            attributes.pop("note_type", None)
        for kind, theirs in foreign.items():
            await asker.ask(
                "POST",
                resource.url,
                theirs,
                lambda id, name=name, kind=kind, attributes=attributes: {
                    "data": {
                        "type": name,
                        "attributes": attributes,
                        "relationships": {"subject": {"data": {"type": kind, "id": str(id)}}},
                    }
                },
            )


async def test_staff_relate_nothing_to_another_tenant(estate, pytestconfig):
    """TEN-03, TEN-06: relationships, relationship URLs, subjects and atomic operations; nothing there changes."""
    before, thorough = await estate.rows_of(estate.neighbour), pytestconfig.getoption("--thorough")
    asker = Asker(await estate.kit.admin())
    foreign = {name: id for name, id in estate.foreign.items() if name != "tenants"}
    await relate(estate, asker, estate.own, foreign, thorough=thorough)
    await operate(estate, asker, foreign, thorough=thorough)
    await subjects(estate, asker, foreign)
    after = await estate.rows_of(estate.neighbour)
    report([*asker.faults, *(f"{table} changed." for table in before if before[table] != after[table])])
    assert asker.asked > 100


async def test_clients_relate_nothing_to_another_company(estate, pytestconfig):
    """The same from the portal, by a client administrator who was granted everything."""
    private = ("companies", "contacts", "sites", "tickets", "comments")
    secret = {name: estate.other_company[name] for name in private}
    thorough = pytestconfig.getoption("--thorough")
    for foreign in (secret, {name: estate.foreign[name] for name in private}):
        asker = Asker(estate.clients["client admin"])
        await relate(estate, asker, estate.own_company, foreign, thorough=thorough)
        await operate(estate, asker, foreign, thorough=thorough)
        await subjects(estate, asker, foreign)
        report(asker.faults)
        assert asker.asked > 30
