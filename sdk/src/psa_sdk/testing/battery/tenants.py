"""Another tenant's records are like records that don't exist (TEN-01, TEN-06, TEN-07). Multi tenancy only."""

from uuid import UUID

import msgspec

from psa_sdk.resources import Resource
from psa_sdk.tables import Ref, new_id
from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import House, name_of, report, seen
from psa_sdk.testing.installation import Endpoint


class TenantChecks:
    """Checks that nothing crosses the border between tenants."""

    async def test_another_tenants_ids_in_paths_are_like_unknown_ones(self, house: House) -> None:
        """Every route and verb answers about another tenant's record as about none; bodies name it too."""
        booted(house)
        neighbour, faults = await house.kit.neighbour(), list[str]()
        for endpoint in house.endpoints:
            resource = house.resource_of(endpoint)
            if "{" in endpoint.path and resource is not None:
                foreign = (await house.record(resource, neighbour)).id
                faults += await _differs(house, endpoint, foreign)
        for resource in house.resources:
            if "get" in resource.verbs:
                foreign = await house.record(resource.name, neighbour)
                answer = await (await neighbour.admin()).get(f"{resource.url}/{foreign.id}")
                if answer.status_code != 200:
                    faults.append(f"{resource.name} of another tenant was changed: {answer.text[:200]}")
        report(faults)

    async def test_another_tenants_ids_in_bodies_are_like_unknown_ones(self, house: House) -> None:
        """An action on an own record that is told another tenant's id answers as if told an unknown one."""
        booted(house)
        faults: list[str] = []
        for endpoint in house.endpoints:
            resource = house.resource_of(endpoint)
            if house.route(endpoint) is None or resource is None:
                continue
            for target in _targets(house, endpoint, resource):
                faults += await _tells(house, endpoint, resource, target)
        report(faults)

    async def test_another_tenants_ids_in_relationships_are_like_unknown_ones(self, house: House) -> None:
        """A document that relates to another tenant's record is refused as one that relates to nothing."""
        booted(house)
        faults: list[str] = []
        for resource in house.resources:
            if "create" not in resource.verbs:
                continue
            attributes, given = await house.kit.make.parts(resource.name)
            for name, relation in house.installation.relations(resource.name).items():
                if relation.kind == "to_one" and relation.writable:
                    fault = await _relates(house, resource, attributes, given, name, relation.target)
                    faults += [fault] if fault else []
        report(faults)

    async def test_another_tenants_ids_in_filters_find_nothing(self, house: House) -> None:
        """Filtering by another tenant's record gives the empty list that an unknown id gives, total included."""
        booted(house)
        neighbour, admin, faults = await house.kit.neighbour(), await house.kit.admin(), list[str]()
        for resource in house.resources:
            if "list" not in resource.verbs:
                continue
            for item in resource.filters:
                if not isinstance(item, Ref) or item.target not in house.installation.resources:
                    continue
                foreign, unknown = (await _foreign(house, item.target)), new_id()
                answers = [
                    await admin.get(
                        resource.url, params={f"filter[{name_of(item)}]": str(asked), "page[total]": "true"}
                    )
                    for asked in (foreign, unknown)
                ]
                if seen(answers[0], foreign) != seen(answers[1], unknown):
                    faults.append(f"{resource.url} tells another tenant's {item.target} from an unknown id.")
        assert neighbour.tenant_id != house.kit.tenant_id
        report(faults)

    async def test_lists_and_reports_hold_nothing_of_another_tenant(self, house: House) -> None:
        """What is read without naming a record stays the same while another tenant works."""
        booted(house)
        neighbour, admin = await house.kit.neighbour(), await house.kit.admin()
        for resource in house.resources:
            await house.record(resource.name)
        reads = [one for one in house.endpoints if one.method == "GET" and "{" not in one.path]
        earlier, before = [
            {one.path: await admin.get(one.path, headers=house.headers(one)) for one in reads}
            for _ in range(2)
        ]
        made = [(await neighbour.make(resource.name)).id for resource in house.resources]
        faults: list[str] = []
        for one in reads:
            after = await admin.get(one.path, headers=house.headers(one))
            # What changes by being read, such as a log, is judged by the ids alone.
            steady = seen(earlier[one.path], new_id()) == seen(before[one.path], new_id())
            if steady and seen(after, new_id()) != seen(before[one.path], new_id()):
                faults.append(f"GET {one.path} changed while another tenant worked.")
            faults += [
                f"GET {one.path} shows another tenant's record."
                for record in made
                if str(record) in after.text
            ]
        report(faults)

    async def test_included_and_related_records_are_the_tenants_own(self, house: House) -> None:
        """Whatever a document holds with all its includes belongs to the tenant."""
        booted(house)
        admin, faults = await house.kit.admin(), list[str]()
        neighbour = await house.kit.neighbour()
        for resource in house.resources:
            await house.record(resource.name, neighbour)
            await house.record(resource.name)
            if "list" not in resource.verbs:
                continue
            include = ",".join(house.installation.relations(resource.name))
            answer = await admin.get(resource.url, params={"include": include} if include else {})
            assert answer.status_code == 200, f"GET {resource.url}?include={include}: {answer.text}"
            found = answer.json()
            shown: dict[str, set[UUID]] = {}
            for item in (*found["data"], *found.get("included", ())):
                shown.setdefault(item["type"], set()).add(UUID(item["id"]))
            for type_, ids in shown.items():
                table = house.installation.resources[type_].table._meta
                rows = await house.installation.rows(
                    f'SELECT id FROM "{table.schema}"."{table.tablename}" WHERE id = ANY($1) AND tenant_id = $2',
                    list(ids),
                    house.kit.tenant_id,
                )
                faults += [
                    f"{resource.url} holds {type_} {one} of another tenant."
                    for one in ids - {row["id"] for row in rows}
                ]
        report(faults)


async def _differs(house: House, endpoint: Endpoint, foreign: UUID) -> list[str]:
    """Compare an endpoint's answers about another tenant's record and about none."""
    admin, unknown = await house.kit.admin(), new_id()
    neighbour = await (await house.kit.neighbour()).admin()
    headers = house.headers(endpoint)
    if endpoint.method == "GET":
        # Whoever keeps answers in memory has this one now.
        await neighbour.get(house.path(endpoint, foreign), headers=headers)
    answers = [
        await admin.request(
            endpoint.method, house.path(endpoint, asked), content=house.body(endpoint, asked), headers=headers
        )
        for asked in (foreign, unknown)
    ]
    if seen(answers[0], foreign) == seen(answers[1], unknown):
        return []
    told = " against ".join(f"{answer.status_code} {answer.text[:300]}" for answer in answers)
    return [f"{endpoint.method} {endpoint.path} tells another tenant's record from an unknown id: {told}"]


def _targets(house: House, endpoint: Endpoint, resource: str) -> list[str]:
    """Return the resources whose ids an action's body may ask for: by the relationships' names, or its own."""
    probe = new_id()
    body = house.body(endpoint, probe) or b""
    if str(probe).encode() not in body:
        return []
    related = house.installation.relations(resource)
    named = {relation.target for name, relation in related.items() if f'"{name}":'.encode() in body}
    return sorted(named | {resource})


async def _tells(house: House, endpoint: Endpoint, resource: str, target: str) -> list[str]:
    admin, foreign, unknown = await house.kit.admin(), await _foreign(house, target), new_id()
    told: list[tuple[int, str]] = []
    for asked in (foreign, unknown):
        # Each on a record of its own: an action may change what it is about.
        own = (await house.kit.make(resource)).id
        answer = await admin.request(
            endpoint.method,
            house.path(endpoint, own),
            content=house.body(endpoint, asked),
            headers=house.headers(endpoint),
        )
        status, text = seen(answer, asked)
        told.append((status, "" if answer.is_success else text.replace(str(own), "{own}")))
    if told[0] == told[1]:
        return []
    return [
        f"{endpoint.method} {endpoint.path} tells another tenant's {target} in its body from an unknown id: {told}"
    ]


async def _relates(
    house: House,
    resource: Resource,
    attributes: dict[str, object],
    given: dict[str, object],
    name: str,
    target: str,
) -> str:
    admin, foreign, unknown = await house.kit.admin(), await _foreign(house, target), new_id()
    answers = [
        await admin.post(resource.url, attributes, {**given, name: asked}, type=resource.name)  # pyright: ignore[reportArgumentType]
        for asked in (foreign, unknown)
    ]
    if answers[0].is_success:
        return f"{resource.name} could be made with another tenant's {target} as {name}."
    if seen(answers[0], foreign) != seen(answers[1], unknown):
        return (
            f"POST {resource.url} tells another tenant's {target} (as {name}) from an unknown id: "
            f"{msgspec.json.encode([answer.text[:300] for answer in answers]).decode()}"
        )
    return ""


async def _foreign(house: House, resource: str) -> UUID:
    neighbour = await house.kit.neighbour()
    if resource == "users":
        return await (await neighbour.admin()).account_id()
    return (await house.record(resource, neighbour)).id
