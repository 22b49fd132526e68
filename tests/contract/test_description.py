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
        transport = httpx.ASGITransport(self.kit.installation.app, client=("192.0.2.7", 4711))
        async with httpx.AsyncClient(transport=transport) as http:
            return await http.request(
                str(prepared.method),
                str(prepared.url),
                headers={name: value.encode("utf-8", "surrogatepass") for name, value in headers.items()},  # pyright: ignore[reportArgumentType]
                content=body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body,
            )

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

    def all(self, document: dict[str, Any], examples: int, *, thorough: bool) -> None:
        """Examine every operation, positive and negative; unless thoroughly, every other one.

        Of those that are the same code, compiled for each resource or refusing this person at the door, one in twelve.
        """
        schema = schemathesis.openapi.from_dict(document)
        same, _ = compiled(self.kit.installation.kernel.registry)
        audience = self.client.person.audience if self.client.person else "staff"
        open_ = {
            (one.method, re.sub(r":[a-z]+\}", "}", one.path))
            for one in self.kit.installation.endpoints
            if one.audience in {audience, "both"}
        }
        for index, found in enumerate(schema.get_all_operations()):
            operation = found.ok()
            label = operation.method.upper(), operation.full_path
            alike = operation.full_path in same or label not in open_
            if not thorough and index % (12 if alike else 2):
                continue
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                if mode is GenerationMode.NEGATIVE and not (
                    operation.query or operation.body or operation.path_parameters
                ):
                    continue

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
    assert examiner.sent.total() > len(document["paths"]) / 4


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
