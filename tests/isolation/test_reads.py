"""Every query parameter of the OpenAPI document, with other people's ids and words as values (S28)."""

import re
from collections.abc import Collection
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from psa_sdk.testing import Client
from psa_sdk.testing.battery.house import API, report, seen

from .estate import CANARY, Estate, echoes, random

T = TypeVar("T")
Question = tuple[str, str, str]
WORD = "Quixoticnothing"
"""A word that no record has, as long as the canary."""


async def parameters(estate: Estate) -> dict[str, list[tuple[str, dict]]]:
    """Return the query parameters of each readable path, with their schemas."""
    answer = await (await estate.kit.admin()).get("/openapi.json", headers={"Accept": "*/*"})
    document = msgspec.json.decode(answer.content)
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


def repeated(filters: list[str], turn: int, *, thorough: bool) -> set[str]:
    """Return the operators that can be passed over: they are one code, so two columns take one beside equality.

    When thorough, each column does.
    """
    columns: dict[str, list[str]] = {}
    for name in filters:
        column, operator, _ = name.partition("][")
        if operator:
            columns.setdefault(column, []).append(name)
    kept = {operators[(turn + at) % len(operators)] for at, operators in enumerate(columns.values())}
    kept = kept if thorough else set(_share(sorted(kept), turn, 2))
    return {name for operators in columns.values() for name in operators} - kept


def questions(
    estate: Estate,
    path: str,
    known,
    foreign: dict[str, UUID],
    *,
    turn: int = 0,
    joined: bool = False,
    thorough: bool = False,
) -> list[Question]:
    """Return (parameter, value that names what is foreign, value that names nothing).

    A list is asked everything; a list of what is related and an export, which are the same statements with another
    beginning or end, take one by `turn`: of the first two ids, the search, the total and an inclusion. `joined` asks for all inclusions at once, for those who may have them all.
    """
    found: list[Question] = []
    whole = thorough or ("{id}" not in path and not path.endswith(".csv"))
    uuids = [name for name, schema in known if schema.get("format") == "uuid"]
    passed = repeated(uuids, turn, thorough=thorough)
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
            if joined:
                relations = [",".join(relations)] if relations else []
            found += [(name, one, one) for one in relations]
    return _share(found, turn, len(found) if whole else 1)


def _share(found: list[T], turn: int, count: int) -> list[T]:
    """Return so many, beginning with another one each turn."""
    start = turn % max(len(found), 1)
    return [*found[start:], *found[:start]][:count]


async def walk(
    estate: Estate,
    client: Client,
    mine: dict[str, UUID],
    foreign: dict[str, UUID],
    heads: Collection[str] = (),
    *,
    turn: tuple[int, int] = (0, 1),
    thorough: bool = False,
) -> tuple[list[str], int]:
    """Ask every question, or those about some collections; returns faults and how much was asked.

    `turn` is (which, of how many): so many clients take turns asking, each its share about each path.
    """
    faults, asked = list[str](), 0
    ids = {str(id) for id in foreign.values()}
    portal = client.person is not None and client.person.audience == "portal"
    for number, (path, known) in enumerate((await parameters(estate)).items()):
        resource = re.sub(r"/\{id\}.*", "", path.removeprefix(API))
        if heads and resource.removesuffix(".csv") not in heads:
            continue
        names = [name for name, one in estate.installation.resources.items() if one.url == resource]
        own = next((mine[name] for name in names if name in mine), random())
        url = path.replace("{id}", str(own))
        if "{" in url:
            continue
        joined = not portal and not thorough
        found = questions(estate, path, known, foreign, turn=number, joined=joined, thorough=thorough)
        if not thorough and portal and not estate.open_to_clients("GET", path):
            found = _share(found, number, 1)
        if not thorough:
            found = found[(number + turn[0]) % turn[1] :: turn[1]]
        nothing = Nothing(client, url, reused=not thorough)
        for name, theirs, nobodys in found:
            if echoes(path) and "[ne]" in name:
                continue
            asked += 1
            answer, otherwise = await nothing.against(name, theirs, nobodys)
            shown = answer.text.replace(theirs, "")
            if not echoes(path) and (CANARY in shown or any(id in shown for id in ids - {theirs})):
                faults.append(f"GET {path}?{name}={theirs} shows a foreign record: {shown[:300]}")
            elif otherwise is not None:
                faults.append(
                    f"GET {path}?{name}= tells {theirs} from {nobodys}: {answer.text[:200]} against {otherwise[:200]}"
                )
            elif answer.status_code >= (400 if name == "include" and joined else 500):
                faults.append(f"GET {path}?{name}={theirs}: {answer.text[:200]}")
    return faults, asked


class Nothing:
    """Asks one address about what is foreign and about nothing.

    What is equal to nothing is the same empty list for each parameter, so `reused` asks for it once; a difference
    counts against the parameter's own answer only.
    """

    def __init__(self, client: Client, url: str, *, reused: bool) -> None:
        self._client, self._url, self._reused = client, url, reused
        self._empty: dict[str, str] = {}

    async def against(
        self, name: str, theirs: str, nobodys: str, *, again: bool = True
    ) -> tuple[httpx.Response, str | None]:
        """Return the answer about what is foreign, and what is said about nothing where that differs.

        What changes by itself between two requests, such as when somebody was last seen, is no leak: a difference
        counts when it is there again.
        """
        answer, equal = await self._ask(name, theirs), _EQUAL.match(name)
        kind = equal[1] if equal else None
        told = said(answer, name, theirs)
        if theirs == nobodys or (kind is not None and told == self._empty.get(kind)):
            return answer, None
        nothing = said(await self._ask(name, nobodys), name, nobodys)
        if self._reused and kind is not None:
            self._empty[kind] = nothing
        if again and told != nothing:
            return await self.against(name, theirs, nobodys, again=False)
        return answer, nothing if told != nothing else None

    async def _ask(self, name: str, value: str) -> httpx.Response:
        return await self._client.get(self._url, params={name: value}, headers={"Accept": "*/*"})


_EQUAL = re.compile(r"^filter\[[^\]]+\](\[in\]|\[contains\]|)$")
# Cursors are sealed over the filter's value, so each is its own.
CURSOR = re.compile(r"page(?:\[|%5B)(?:after|before)(?:\]|%5D)=[^\"&]+")


def said(answer: httpx.Response, name: str, value: str) -> str:
    """Return what an answer says, the question and the request's own left out."""
    text = answer.text.replace(value, "{value}").replace(quote(name), "{name}").replace(name, "{name}")
    text = CURSOR.sub("", text.replace(answer.headers.get("x-request-id", "-"), ""))
    return f"{answer.status_code} {text}"


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
    """The same questions from the portal, about another client of the same provider; the roles take turns."""
    secret = {name: id for name, id in estate.other_company.items() if name in PRIVATE}
    thorough = pytestconfig.getoption("--thorough")
    turn = list(estate.clients).index(role), len(estate.clients)
    faults, asked = await walk(
        estate, estate.clients[role], estate.own_company, secret, turn=turn, thorough=thorough
    )
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


async def test_what_is_seen_is_independent_of_conditional_headers(estate, pytestconfig):
    """ETags and versions tell nothing of a foreign record: If-Match and If-None-Match change no answer.

    The resources take turns with the versions.
    """
    admin, faults, thorough = await estate.kit.admin(), list[str](), pytestconfig.getoption("--thorough")
    for turn, (name, resource) in enumerate(estate.installation.resources.items()):
        if "get" not in resource.verbs:
            continue
        versions = ['W/"1"', 'W/"99"', "*"]
        asked = [
            ("GET", "If-None-Match", version) for version in _share(versions, turn, 3 if thorough else 1)
        ]
        if "update" in resource.verbs:
            asked += [("PATCH", "If-Match", one) for one in _share(versions, turn + 1, 3 if thorough else 1)]
        for verb, header, version in asked:
            answers: list[tuple[int, str]] = []
            for id in (estate.foreign[name], random()):
                body = f'{{"data":{{"type":"{name}","id":"{id}","attributes":{{}}}}}}'.encode()
                answer = await admin.request(
                    verb,
                    f"{resource.url}/{id}",
                    content=body if verb == "PATCH" else None,
                    headers={header: version},
                )
                answers.append(seen(answer, id))
            if answers[0] != answers[1] or (verb == "GET" and answers[0][0] != 404):
                faults.append(f"{verb} {resource.url} with {header} {version}: {answers}")
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
