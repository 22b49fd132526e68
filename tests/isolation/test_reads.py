"""Every query parameter of the OpenAPI document, with other people's ids and words as values (S28)."""

import re
from collections.abc import Collection
from uuid import UUID, uuid4

import pytest

from psa_sdk.testing import Client
from psa_sdk.testing.battery.house import API, report, seen

from .estate import CANARY, Estate, echoes, random

WORD = "Quixoticnothing"
"""A word that no record has, as long as the canary."""


async def parameters(estate: Estate) -> dict[str, list[tuple[str, dict]]]:
    """Return the query parameters of each readable path, with their schemas."""
    answer = await (await estate.kit.admin()).get("/openapi.json", headers={"Accept": "*/*"})
    document = answer.json()
    components = document["components"]["parameters"]
    found: dict[str, list[tuple[str, dict]]] = {}
    for path, item in document["paths"].items():
        if "get" not in item or not path.startswith(API):
            continue
        given = [
            components[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
            for one in item["get"].get("parameters", ())
        ]
        found[path] = [(one["name"], one["schema"]) for one in given if one["in"] == "query"]
    return found


def target_of(estate: Estate, path: str, parameter: str) -> str | None:
    """Return the resource whose id a filter takes."""
    resource = source_of(estate, path)
    if resource is None:
        return None
    name = parameter.removeprefix("filter[").partition("]")[0]
    relations = estate.installation.relations(resource)
    return relations[name].target if name in relations else resource if name == "id" else None


def source_of(estate: Estate, path: str) -> str | None:
    """Return the resource that a list shows, through a relationship or not."""
    head, _, tail = path.removeprefix(API).removesuffix(".csv").partition("/{id}/")
    for name, resource in estate.installation.resources.items():
        if resource.url == head:
            tail = tail.removeprefix("relationships/")
            related = estate.installation.relations(name).get(tail)
            return related.target if related is not None else None if tail else name
    return None


def repeated(filters: list[str]) -> set[str]:
    """Return the operators that can be passed over: they are one code, so each column takes one beside equality."""
    columns: dict[str, list[str]] = {}
    for name in filters:
        column, operator, _ = name.partition("][")
        if operator:
            columns.setdefault(column, []).append(name)
    return {
        name
        for turn, operators in enumerate(columns.values())
        for name in operators
        if name != operators[turn % len(operators)]
    }


def questions(
    estate: Estate, path: str, known, foreign: dict[str, UUID], *, turn: int = 0, thorough: bool = False
) -> list[tuple[str, str, str]]:
    """Return (parameter, value that names what is foreign, value that names nothing).

    A list is asked everything; a list of what is related and an export, which are the same statements with another
    beginning or end, take a few, and one inclusion by `turn`.
    """
    found: list[tuple[str, str, str]] = []
    whole = thorough or ("{id}" not in path and not path.endswith(".csv"))
    passed = repeated([name for name, schema in known if schema.get("format") == "uuid"])
    for name, schema in known:
        if name in passed:
            continue
        if name == "filter[q]" or (name.endswith("[contains]") and whole):
            found.append((name, CANARY, WORD))
        elif schema.get("format") == "uuid" and (whole or len(found) < 2):
            target = target_of(estate, path, name)
            id = foreign.get(target or "") or next(iter(foreign.values()))
            found.append((name, str(id), str(random())))
        elif name == "page[total]":
            found.append((name, "true", "true"))
        elif name == "include":
            source = source_of(estate, path)
            relations = list(estate.installation.relations(source)) if source else []
            if relations and not whole:
                relations = [relations[turn % len(relations)]]
            found += [(name, one, one) for one in relations]
    return found


async def walk(
    estate: Estate,
    client: Client,
    mine: dict[str, UUID],
    foreign: dict[str, UUID],
    heads: Collection[str] = (),
    *,
    thorough: bool = False,
) -> tuple[list[str], int]:
    """Ask every question, or those about some collections; returns faults and how much was asked."""
    faults, asked = list[str](), 0
    ids = {str(id) for id in foreign.values()}
    for turn, (path, known) in enumerate((await parameters(estate)).items()):
        resource = re.sub(r"/\{id\}.*", "", path.removeprefix(API))
        if heads and resource.removesuffix(".csv") not in heads:
            continue
        names = [name for name, one in estate.installation.resources.items() if one.url == resource]
        own = next((mine[name] for name in names if name in mine), random())
        url = path.replace("{id}", str(own))
        if "{" in url:
            continue
        for name, theirs, nobodys in questions(estate, path, known, foreign, turn=turn, thorough=thorough):
            if echoes(path) and "[ne]" in name:
                continue
            accept = {"Accept": "*/*"}
            # What changes by itself between two requests, such as when somebody was last seen, is no leak: a
            # difference counts when it is there again.
            for _ in range(2):
                answers = [await client.get(url, params={name: theirs}, headers=accept)]
                # What names nobody has one answer.
                answers += [
                    answers[0]
                    if theirs == nobodys
                    else await client.get(url, params={name: nobodys}, headers=accept)
                ]
                asked += 1
                texts = [
                    answer.text.replace(value, "{value}")
                    for answer, value in zip(answers, (theirs, nobodys), strict=True)
                ]
                if _same(answers[0], texts[0]) == _same(answers[1], texts[1]):
                    break
            shown = answers[0].text.replace(theirs, "")
            if not echoes(path) and (CANARY in shown or any(id in shown for id in ids - {theirs})):
                faults.append(f"GET {path}?{name}={theirs} shows a foreign record: {shown[:300]}")
            elif answers[0].status_code != answers[1].status_code or _same(answers[0], texts[0]) != _same(
                answers[1], texts[1]
            ):
                faults.append(
                    f"GET {path}?{name}= tells {theirs} from {nobodys}: {texts[0][:200]} against {texts[1][:200]}"
                )
            elif answers[0].status_code >= 500:
                faults.append(f"GET {path}?{name}={theirs}: {answers[0].text[:200]}")
    return faults, asked


# Cursors are sealed over the filter's value, so each is its own.
CURSOR = re.compile(r"page(?:\[|%5B)(?:after|before)(?:\]|%5D)=[^\"&]+")


def _same(answer, text: str) -> str:
    return CURSOR.sub("", text.replace(answer.headers.get("x-request-id", "-"), ""))


async def test_staff_learn_nothing_of_another_tenant_by_asking(estate, pytestconfig):
    """TEN-01: filters, search, totals, includes, related lists, linkage, exports and activity."""
    thorough = pytestconfig.getoption("--thorough")
    faults, asked = await walk(
        estate, await estate.kit.admin(), estate.own, estate.foreign, thorough=thorough
    )
    report(faults)
    assert asked > 300


@pytest.mark.parametrize("role", ["client admin", "client user"])
async def test_clients_learn_nothing_of_another_company_by_asking(estate, role, pytestconfig):
    """The same questions from the portal, about another client of the same provider."""
    secret = {name: id for name, id in estate.other_company.items() if name in PRIVATE}
    thorough = pytestconfig.getoption("--thorough")
    faults, asked = await walk(estate, estate.clients[role], estate.own_company, secret, thorough=thorough)
    report(faults)
    assert asked > 50


PRIVATE = ("companies", "contacts", "sites", "tickets", "comments", "contact-emails", "company-domains")


async def test_a_cursor_of_another_tenant_is_no_cursor(estate):
    """Cursors are bound to tenant, resource, sort and filters."""
    neighbour, admin = await estate.neighbour.admin(), await estate.kit.admin()
    for _ in range(2):
        await estate.neighbour.make("companies")
        await estate.kit.make("companies")
    faults: list[str] = []
    for resource in estate.installation.resources.values():
        if "list" not in resource.verbs:
            continue
        first = (await neighbour.get(resource.url, params={"page[size]": 1})).json()
        link = (first.get("links") or {}).get("next")
        if not link:
            continue
        cursor = re.search(r"page%5Bafter%5D=([^&]+)|page\[after\]=([^&]+)", link)
        assert cursor, link
        given = cursor[1] or cursor[2]
        for client, query in ((admin, {}), (neighbour, {"sort": "created_at", "filter[id]": str(uuid4())})):
            answer = await client.get(resource.url, params={"page[size]": 1, "page[after]": given, **query})
            if answer.status_code != 400 or answer.json()["errors"][0]["code"] != "invalid_cursor":
                faults.append(
                    f"{resource.url} takes a foreign cursor: {answer.status_code} {answer.text[:200]}"
                )
    report(faults)


async def test_what_is_seen_is_independent_of_conditional_headers(estate):
    """ETags and versions tell nothing of a foreign record: If-Match and If-None-Match change no answer."""
    admin, faults = await estate.kit.admin(), list[str]()
    for name, resource in estate.installation.resources.items():
        if "get" not in resource.verbs:
            continue
        for headers in ({"If-None-Match": 'W/"1"'}, {"If-None-Match": "*"}):
            answers = [
                await admin.get(f"{resource.url}/{id}", headers=headers)
                for id in (estate.foreign[name], random())
            ]
            if answers[0].status_code != 404 or answers[1].status_code != 404:
                faults.append(
                    f"{resource.url} with {headers}: {answers[0].status_code}, {answers[1].status_code}"
                )
        for verb in {"update": ("PATCH",), "delete": ("DELETE",)}.get(
            "update" if "update" in resource.verbs else "", ()
        ):
            for version in ('W/"1"', 'W/"99"', "*"):
                seen_ = []
                for id in (estate.foreign[name], random()):
                    body = f'{{"data":{{"type":"{name}","id":"{id}","attributes":{{}}}}}}'.encode()
                    answer = await admin.request(
                        verb, f"{resource.url}/{id}", content=body, headers={"If-Match": version}
                    )
                    seen_.append(seen(answer, id))
                if seen_[0] != seen_[1]:
                    faults.append(f"{verb} {resource.url} with If-Match {version}: {seen_}")
    report(faults)


async def test_the_audit_log_holds_own_entries_only(estate):
    """Its texts repeat what was asked, so it is judged by the rows' tenants."""
    admin = await estate.kit.admin()
    await (await estate.neighbour.admin()).get("/companies.csv", headers={"Accept": "text/csv"})
    answer = await admin.get("/audit-logs", params={"page[size]": 100})
    ids = [UUID(item["id"]) for item in answer.json()["data"]]
    rows = await estate.installation.rows(
        "SELECT DISTINCT tenant_id FROM psa.audit_entry WHERE id = ANY ($1::uuid[])", ids
    )
    assert [row["tenant_id"] for row in rows] == [estate.kit.tenant_id]
