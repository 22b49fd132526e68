"""Documents that name other people's records: in relationships, at relationship URLs, in atomic operations."""

from typing import Any
from uuid import UUID

import msgspec

from psa_sdk.testing import Client
from psa_sdk.testing.battery.house import report, seen

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


async def relate(estate: Estate, asker: Asker, mine: dict[str, UUID], foreign: dict[str, UUID]) -> None:
    """Name foreign records in every writable relationship, in each way there is."""
    for name, resource in estate.installation.resources.items():
        for relation, related in estate.installation.relations(name).items():
            target, many = related.target, related.kind in {"many_to_many", "inverse"}
            if not related.writable or target not in foreign or name not in mine:
                continue
            theirs, own, url = foreign[target], mine[name], f"{resource.url}/{mine[name]}"

            def linked(id: UUID, relation=relation, target=target, many=many) -> dict[str, Any]:
                return {relation: {"data": identifier(target, id, many)}}

            def changed(id: UUID, name=name, own=own, linked=linked) -> dict[str, Any]:
                return {"data": {"type": name, "id": str(own), "relationships": linked(id)}}

            if "update" in resource.verbs:
                if related.kind != "inverse":
                    await asker.ask("PATCH", url, theirs, changed)
                    await asker.operation(
                        theirs,
                        lambda id, changed=changed: {"atomic:operations": [{"op": "update", **changed(id)}]},
                    )
                for method in ("PATCH", "POST") if many else ("PATCH",):
                    await asker.ask(
                        method,
                        f"{url}/relationships/{relation}",
                        theirs,
                        lambda id, target=target, many=many: {"data": identifier(target, id, many)},
                    )
                await asker.operation(
                    theirs,
                    lambda id, name=name, own=own, relation=relation, target=target, many=many: atomic(
                        "update",
                        {"type": name, "id": str(own), "relationship": relation},
                        data=identifier(target, id, many),
                    ),
                )
            if "create" in resource.verbs and related.kind != "inverse":
                attributes, _ = await estate.kit.make.parts(name)
                await asker.ask(
                    "POST",
                    resource.url,
                    theirs,
                    lambda id, name=name, linked=linked, attributes=attributes: {
                        "data": {"type": name, "attributes": attributes, "relationships": linked(id)}
                    },
                )


async def operate(estate: Estate, asker: Asker, foreign: dict[str, UUID]) -> None:
    """Update, relate and remove foreign records themselves, by ref and by href."""
    for name, resource in estate.installation.resources.items():
        if name not in foreign:
            continue
        for op in ("update", "remove"):
            data = {"data": {"type": name, "attributes": {}}} if op == "update" else {}
            await asker.operation(
                foreign[name],
                lambda id, op=op, name=name, data=data: atomic(op, {"type": name, "id": str(id)}, **data),
            )
            await asker.operation(
                foreign[name],
                lambda id, op=op, resource=resource, data=data: {
                    "atomic:operations": [{"op": op, "href": f"/api/v1{resource.url}/{id}", **data}]
                },
            )
        for relation, related in estate.installation.relations(name).items():
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


async def test_staff_relate_nothing_to_another_tenant(estate):
    """TEN-03, TEN-06: relationships, relationship URLs, subjects and atomic operations; nothing there changes."""
    before = await estate.rows_of(estate.neighbour)
    asker = Asker(await estate.kit.admin())
    foreign = {name: id for name, id in estate.foreign.items() if name != "tenants"}
    await relate(estate, asker, estate.own, foreign)
    await operate(estate, asker, foreign)
    await subjects(estate, asker, foreign)
    after = await estate.rows_of(estate.neighbour)
    report([*asker.faults, *(f"{table} changed." for table in before if before[table] != after[table])])
    assert asker.asked > 100


async def test_clients_relate_nothing_to_another_company(estate):
    """The same from the portal, by a client administrator who was granted everything."""
    private = ("companies", "contacts", "sites", "tickets", "comments")
    secret = {name: estate.other_company[name] for name in private}
    for foreign in (secret, {name: estate.foreign[name] for name in private}):
        asker = Asker(estate.clients["client admin"])
        await relate(estate, asker, estate.own_company, foreign)
        await operate(estate, asker, foreign)
        await subjects(estate, asker, foreign)
        report(asker.faults)
        assert asker.asked > 30
