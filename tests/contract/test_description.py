"""Answers keep to the OpenAPI document, whatever is asked: schemathesis in this process (API-05, S37)."""

import asyncio
import re
from collections import Counter
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from psa_kernel.jsonapi.openapi import paths as compiled
from psa_sdk.testing import Client, Kit, Person
from psa_sdk.testing.asgi import answer_of

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@schemathesis.serializer("message/rfc822")
def _as_it_is(_: Any, value: Any) -> bytes:
    """What isn't JSON is sent as bytes, whatever was generated."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


METHODS = ("get", "post", "patch", "put", "delete")
INSIDE = re.compile(r"Traceback|asyncpg|psycopg|/site-packages/|psa_kernel|File \"|SELECT |syntax error")
"""What only those who run the server may read."""
ENDING = ("/auth/", "/portal/", "/sessions", "/end-sessions", "/users")
"""Operations after which a log-in may be over."""


class Examiner:
    """Sends generated cases as one person, from the thread in which they are generated."""

    def __init__(self, kit: Kit, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self.kit, self.client, self.loop = kit, client, loop
        self.faults: dict[str, str] = {}
        self.sent = Counter[str]()
        self.own = {resource.url: kit.records[name] for name, resource in kit.installation.resources.items()}

    async def send(self, case: Case) -> httpx.Response:
        """Send a case; of each operation's, every other one names a record that exists, the first one too."""
        head = case.path.removeprefix("/api/v1").partition("/{")[0]
        if "id" in case.path_parameters and head in self.own and self.sent[case.operation.label] % 2:
            case.path_parameters["id"] = str(self.own[head])
        facts = case.as_transport_kwargs(base_url="http://localhost")
        prepared = requests.Request(
            **{
                name: facts.get(name)
                for name in ("method", "url", "headers", "params", "json", "data", "files", "cookies")
            }
        ).prepare()
        client = self.client
        if client.person is not None and any(part in case.path for part in ENDING):
            given = {name: getattr(client.person, name) for name in client.person.__struct_fields__}
            client = Client(
                self.kit.installation,
                Person(**{**given, "name": case.operation.label[:190], "contact_id": None}),
            )
        headers = {
            name: value if isinstance(value, str) else value.decode("latin-1")
            for name, value in prepared.headers.items()
            if name.lower() not in {"authorization", "x-tenant", "user-agent", "connection", "cookie"}
        }
        assert client.person is not None
        headers["Authorization"] = f"Bearer {await self.kit.installation.credential(client.person)}"
        body: Any = prepared.body
        request = httpx.Request(
            str(prepared.method),
            str(prepared.url),
            headers={name: value.encode("utf-8", "surrogatepass") for name, value in headers.items()},  # pyright: ignore[reportArgumentType]
            content=body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body,
        )
        return await answer_of(self.kit.installation.app, request)

    def examine(self, case: Case) -> None:
        """Send a case and note what contradicts the description."""
        self.sent[case.operation.label] += 1
        answer = asyncio.run_coroutine_threadsafe(self.send(case), self.loop).result(30)
        if INSIDE.search(answer.text) and "openapi.json" not in case.path and "/docs" not in case.path:
            self.faults.setdefault(case.operation.label, f"shows its inside: {answer.text[:300]}")
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            told = "; ".join(f"{type(one).__name__}: {one}"[:500] for one in failures.exceptions)
            self.faults.setdefault(
                case.operation.label,
                f"{answer.request.method} {answer.request.url} {answer.request.content[:300]!r}\n   {answer.status_code} {answer.text[:300]}\n   {told}",
            )

    def chosen(self, document: dict[str, Any], *, thorough: bool) -> dict[tuple[str, str], int]:
        """Return (path, method) of the operations to examine, each with its place in the document.

        All of them when thorough. Otherwise every fifth one that is for this person, one in ten of a client's
        that administrators ask as well, and one in 40 of those that are the same code, compiled for each resource
        or refusing this person at the door.
        """
        same, _ = compiled(self.kit.installation.kernel.registry)
        audience = self.client.person.audience if self.client.person else "staff"
        audiences = {
            (one.method, re.sub(r":[a-z]+\}", "}", one.path)): one.audience
            for one in self.kit.installation.endpoints
        }
        found: dict[tuple[str, str], int] = {}
        operations = [
            (path, method) for path, item in document["paths"].items() for method in item if method in METHODS
        ]
        for index, (path, method) in enumerate(operations):
            whose = audiences.get((method.upper(), path), "")
            alike = path in same or whose not in {audience, "both"}
            step = 40 if alike else 10 if audience == "portal" and whose == "both" else 5
            if thorough or index % step == 0:
                found[path, method] = index
        return found

    def all(self, document: dict[str, Any], examples: int, *, thorough: bool) -> None:
        """Examine the chosen operations, each by cases that keep to the description or by ones that don't, in turns.

        By both when thorough, or where nothing can be wrong.
        """
        chosen = self.chosen(document, thorough=thorough)
        paths = {
            path: {name: part for name, part in item.items() if name not in METHODS or (path, name) in chosen}
            for path, item in document["paths"].items()
            if any((path, method) in chosen for method in item)
        }
        for turn, found in enumerate(
            schemathesis.openapi.from_dict({**document, "paths": paths}).get_all_operations()
        ):
            operation = found.ok()
            modes = [GenerationMode.POSITIVE]
            if operation.query or operation.body or operation.path_parameters:
                modes.append(GenerationMode.NEGATIVE)
            for mode in modes if thorough else [modes[turn % len(modes)]]:

                @seed(20261120)
                @settings(
                    max_examples=examples,
                    database=None,
                    deadline=None,
                    derandomize=False,
                    suppress_health_check=list(HealthCheck),
                )
                @given(operation.as_strategy(generation_mode=mode))
                def one(case: Case) -> None:
                    self.examine(case)

                one()


async def examine(kit: Kit, client: Client, examples: int, *, thorough: bool) -> None:
    admin = await kit.admin()
    document = (await admin.get("/openapi.json", headers={"Accept": "*/*"})).json()
    examiner = Examiner(kit, client, asyncio.get_running_loop())
    await asyncio.to_thread(examiner.all, document, examples, thorough=thorough)
    assert not examiner.faults, "\n".join(f"{label}: {fault}" for label, fault in examiner.faults.items())
    assert len(examiner.sent) >= len(examiner.chosen(document, thorough=thorough)) * 0.9


@pytest.mark.timeout(600)
async def test_what_an_administrator_is_answered_is_described(own_kit):
    await examine(own_kit, await own_kit.admin(), 2, thorough=False)


@pytest.mark.timeout(600)
async def test_what_a_client_is_answered_is_described(own_kit):
    company = (await own_kit.make("companies")).id
    client = await own_kit.portal(
        company, contact_id=(await own_kit.make("contacts", company=company)).id, admin=True
    )
    await examine(own_kit, client, 1, thorough=False)


@pytest.mark.thorough
@pytest.mark.timeout(1800)
async def test_thoroughly_what_an_administrator_is_answered_is_described(own_kit):
    await examine(own_kit, await own_kit.admin(), 15, thorough=True)
