"""Clients see their own company's records and nothing else, whatever they ask and however."""

from typing import Any
from uuid import UUID

from psa_sdk.resources import Resource
from psa_sdk.tables import Ref, new_id
from psa_sdk.testing.battery.belonging import Clientele, clientele
from psa_sdk.testing.battery.declarations import booted
from psa_sdk.testing.battery.house import House, name_of, report, seen
from psa_sdk.testing.battery.tenancy_marks import IN_BOTH


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
                    house.path(endpoint, id),
                    content=house.body(endpoint, id),
                    headers=house.headers(endpoint),
                )
                for id in (foreign, unknown)
            ]
            if seen(answers[0], foreign) != seen(answers[1], unknown):
                faults.append(
                    f"{endpoint.method} {endpoint.path} tells another company's record from an unknown id: "
                    f"{answers[0].status_code} {answers[0].text[:200]} against {answers[1].status_code}"
                )
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
                faults += [f"{resource.name} shows {name} to clients." for name in shown & set(resource.portal_hidden)]
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


async def _two(house: House) -> tuple[Clientele | None, Clientele | None]:
    kept: dict[str, Any] = house.__dict__.setdefault("clienteles", {})
    if not kept:
        kept["own"], kept["other"] = await clientele(house, "Own"), await clientele(house, "Other")
    return kept["own"], kept["other"]


async def _listed(house: House, resource: Resource, own: Clientele, other: Clientele) -> list[str]:
    if "list" not in resource.portal_verbs & resource.verbs:
        return []
    foreign = {str(id) for id in other.records.values()}
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
        if total is not None and not found.get("links", {}).get("next") and _number(total) > len(found["data"]):
            faults.append(f"GET {resource.url} counts {total} and shows {len(found['data'])}.")
    answer = await own.client.get(f"{resource.url}.csv", headers={"Accept": "*/*"})
    if any(id in answer.text for id in foreign):
        faults.append(f"GET {resource.url}.csv exports another company's records.")
    return faults


async def _single(house: House, resource: Resource, own: Clientele, other: Clientele) -> list[str]:
    if resource.name not in other.records:
        return []
    foreign: UUID = other.records[resource.name]
    unknown = new_id()
    faults: list[str] = []
    for tail in ("", *(f"/{name}" for name in house.installation.relations(resource.name))):
        answers = [await own.client.get(f"{resource.url}/{id}{tail}") for id in (foreign, unknown)]
        if answers[0].is_success or seen(answers[0], foreign) != seen(answers[1], unknown):
            faults.append(
                f"GET {resource.url}/{{id}}{tail} tells another company's record from an unknown id: "
                f"{answers[0].status_code} {answers[0].text[:200]} against {answers[1].status_code}"
            )
    return faults


def _number(total: Any) -> int:
    return total if isinstance(total, int) else int(total.get("count", 0)) if isinstance(total, dict) else 0  # pyright: ignore[reportUnknownArgumentType]
