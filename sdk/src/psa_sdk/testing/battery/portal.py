"""Clients see their own company's records and nothing else, whatever they ask and however."""

from typing import Any
from uuid import UUID

from psa_sdk.resources import Resource
from psa_sdk.tables import Ref, new_id
from psa_sdk.testing import values
from psa_sdk.testing.battery.belonging import Clientele, clientele
from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import House, name_of, report, seen
from psa_sdk.testing.battery.tenancy_marks import IN_BOTH
from psa_sdk.testing.factories import subject_kinds


class PortalChecks:
    """Checks of the portal scope, with a client administrator who was granted every permission."""

    @IN_BOTH
    async def test_clients_see_their_own_company_only(self, house: House) -> None:
        """Not in lists, totals, single records, includes, related lists, filters, search or exports."""
        booted(house)
        own, other = await _two(house)
        if own is None or other is None:
            return
        faults: list[str] = []
        for resource in house.resources:
            if resource.portal is not None:
                faults += await _listed(house, resource, own, other)
                faults += await _single(house, resource, own, other)
        report(faults)

    @IN_BOTH
    async def test_clients_see_their_own_records(self, house: House) -> None:
        """A client administrator finds the company's records that the portal scope promises."""
        booted(house)
        own, _ = await _two(house)
        if own is None:
            return
        faults: list[str] = []
        for resource in house.resources:
            if resource.portal is None or resource.name in house.battery.portal_unseen:
                continue
            if resource.name not in own.records or "get" not in resource.portal_verbs & resource.verbs:
                continue
            answer = await own.client.get(f"{resource.url}/{own.records[resource.name]}")
            if answer.status_code != 200:
                faults.append(
                    f"A client doesn't see the company's own {resource.name}: {answer.text[:200]} "
                    "(give a sample that they see, or a reason in portal_unseen)"
                )
        report(faults)

    @IN_BOTH
    async def test_clients_change_nothing_of_another_company(self, house: House) -> None:
        """Writing to another company's record answers as writing to none."""
        booted(house)
        own, other = await _two(house)
        if own is None or other is None:
            return
        faults: list[str] = []
        for endpoint in house.endpoints:
            name = house.resource_of(endpoint)
            if name is None or name not in other.records or endpoint.audience == "staff" or endpoint.public:
                continue
            foreign, unknown = other.records[name], new_id()
            answers = [
                await own.client.request(
                    endpoint.method,
                    house.path(endpoint, asked),
                    content=house.body(endpoint, asked),
                    headers=house.headers(endpoint),
                )
                for asked in (foreign, unknown)
            ]
            if seen(answers[0], foreign) != seen(answers[1], unknown):
                faults.append(
                    f"{endpoint.method} {endpoint.path} tells another company's record from an unknown id: "
                    f"{answers[0].status_code} {answers[0].text[:200]} against {answers[1].status_code}"
                )
        report(faults)

    @IN_BOTH
    async def test_clients_relate_nothing_of_another_company(self, house: House) -> None:
        """Naming another company's record in a document answers as naming none."""
        booted(house)
        own, other = await _two(house)
        if own is None or other is None:
            return
        faults: list[str] = []
        for resource in house.resources:
            if resource.portal is None or "create" not in resource.portal_verbs & resource.verbs:
                continue
            n = house.kit.number()
            attributes = values.struct(resource.portal_write, n) if resource.portal_write else {}
            subject = (next(iter(own.records)), own.company)
            for name, relation in house.installation.relations(resource.name).items():
                if relation.kind != "to_one" or relation.target not in other.records:
                    continue
                foreign, unknown = other.records[relation.target], new_id()
                answers = [
                    await own.client.post(
                        resource.url,
                        attributes,
                        {name: asked} | ({"subject": subject} if resource.subject else {}),
                        type=resource.name,
                    )
                    for asked in (foreign, unknown)
                ]
                if answers[0].is_success or seen(answers[0], foreign) != seen(answers[1], unknown):
                    faults.append(
                        f"POST {resource.url} tells another company's {relation.target} (as {name}) from an "
                        f"unknown id: {answers[0].status_code} {answers[0].text[:200]}"
                    )
            if resource.subject is not None:
                faults += await _hangs(house, resource, other, own, attributes)
        report(faults)

    @IN_BOTH
    async def test_hidden_attributes_have_no_name_in_the_portal(self, house: House) -> None:
        """What is in `portal_hidden` isn't shown, and asking for it is asking for something unknown."""
        booted(house)
        own, _ = await _two(house)
        if own is None:
            return
        faults: list[str] = []
        for resource in house.resources:
            if resource.portal is None or "list" not in resource.portal_verbs & resource.verbs:
                continue
            answer = await own.client.get(resource.url)
            for item in answer.json().get("data", ()):
                shown = item.get("attributes", {}).keys() | item.get("relationships", {}).keys()
                faults += [
                    f"{resource.name} shows {name} to clients."
                    for name in shown & set(resource.portal_hidden)
                ]
            for name in resource.portal_hidden:
                for asked in (
                    {f"fields[{resource.name}]": name},
                    {"include": name},
                    {f"filter[{name}]": "x"},
                    {"sort": name},
                ):
                    if (await own.client.get(resource.url, params=asked)).status_code != 400:
                        faults.append(f"{resource.url} knows the hidden {name} in {next(iter(asked))}.")
        report(faults)


async def _hangs(
    house: House, resource: Resource, other: Clientele, own: Clientele, attributes: dict[str, Any]
) -> list[str]:
    """Try to hang a record on each of another company's."""
    faults: list[str] = []
    for kind in subject_kinds(house.installation.resources, resource.name):
        if kind not in other.records:
            continue
        foreign, unknown = other.records[kind], new_id()
        answers = [
            await own.client.post(resource.url, attributes, {"subject": (kind, asked)}, type=resource.name)
            for asked in (foreign, unknown)
        ]
        if answers[0].is_success or seen(answers[0], foreign) != seen(answers[1], unknown):
            faults.append(
                f"POST {resource.url} about another company's {kind} answers {answers[0].text[:200]}"
            )
    return faults


async def _two(house: House) -> tuple[Clientele | None, Clientele | None]:
    kept: dict[str, Any] = house.__dict__.setdefault("clienteles", {})
    if not kept:
        kept["own"], kept["other"] = await clientele(house, "Own"), await clientele(house, "Other")
    return kept["own"], kept["other"]


async def _listed(house: House, resource: Resource, own: Clientele, other: Clientele) -> list[str]:
    if "list" not in resource.portal_verbs & resource.verbs:
        return []
    foreign = {str(record) for record in other.records.values()}
    hidden = set(resource.portal_hidden)
    include = [
        name
        for name, relation in house.installation.relations(resource.name).items()
        if name not in hidden and house.installation.resources[relation.target].portal is not None
    ]
    queries: list[dict[str, str]] = [{"page[total]": "true"}, {"filter[q]": "a"}, {"filter[q]": "1"}]
    queries += [{"include": name} for name in include]
    queries += [
        {f"filter[{name_of(item)}]": str(other.records[item.target])}
        for item in resource.filters
        if isinstance(item, Ref) and item.target in other.records and name_of(item) not in hidden
    ]
    faults: list[str] = []
    for query in queries:
        answer = await own.client.get(resource.url, params=query)
        found = answer.json()
        items = (*found.get("data", ()), *found.get("included", ()))
        leaked = sorted({item["type"] for item in items if item["id"] in foreign})
        if leaked:
            faults.append(f"GET {resource.url} with {query} shows another company's {', '.join(leaked)}.")
        total = found.get("meta", {}).get("page", {}).get("total")
        if (
            total is not None
            and not found.get("links", {}).get("next")
            and _number(total) > len(found["data"])
        ):
            faults.append(f"GET {resource.url} counts {total} and shows {len(found['data'])}.")
    answer = await own.client.get(f"{resource.url}.csv", headers={"Accept": "*/*"})
    if any(record in answer.text for record in foreign):
        faults.append(f"GET {resource.url}.csv exports another company's records.")
    return faults


async def _single(house: House, resource: Resource, own: Clientele, other: Clientele) -> list[str]:
    if resource.name not in other.records:
        return []
    foreign: UUID = other.records[resource.name]
    unknown = new_id()
    faults: list[str] = []
    for tail in ("", *(f"/{name}" for name in house.installation.relations(resource.name))):
        answers = [await own.client.get(f"{resource.url}/{asked}{tail}") for asked in (foreign, unknown)]
        if answers[0].is_success or seen(answers[0], foreign) != seen(answers[1], unknown):
            faults.append(
                f"GET {resource.url}/{{id}}{tail} tells another company's record from an unknown id: "
                f"{answers[0].status_code} {answers[0].text[:200]} against {answers[1].status_code}"
            )
    return faults


def _number(total: Any) -> int:
    return total if isinstance(total, int) else int(total.get("count", 0)) if isinstance(total, dict) else 0  # pyright: ignore[reportUnknownArgumentType]
