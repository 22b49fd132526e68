"""Two tenants with records of everything installed, and two clients of the first: what the walkers walk over."""

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import msgspec

from psa_sdk.resources import Resource
from psa_sdk.tables import new_id
from psa_sdk.testing import Client, Kit, Person
from psa_sdk.testing.battery.belonging import clientele
from psa_sdk.testing.battery.house import API, House, seen
from psa_sdk.testing.factories import Sample
from psa_sdk.testing.installation import Bench, Endpoint

from .installed import modules, samples

CANARY = "Zanzibarcanary"
"""A word in the records of those whom nobody else may see."""
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_WORD = re.compile(r"[A-Z][a-z]+( [a-z]+)* \d+")
OPERATIONS = f"{API}/operations"
ATOMIC = 'application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"'
OUTSIDE = ("auth", "tenancy")
"""Plugins whose actions end sessions or switch tenants: they are asked by people of their own."""


class Estate:
    """An installation seen by one plugin's house after another; `secret` maps resources to foreign records."""

    def __init__(self, kit: Kit, neighbour: Kit, samples: Mapping[str, Sample]) -> None:
        self.kit = kit
        self.samples = samples
        self.neighbour = neighbour
        self.installation = kit.installation
        self.houses = {
            name: House(SimpleNamespace(plugin=name, samples=samples, public=(), fixed={}), kit)
            for name in kit.installation.manifests
        }
        self._by_path = {(one.method, plain(one.path)): one for one in self.operations}
        self.foreign: dict[str, UUID] = {}
        self.own: dict[str, UUID] = {}
        self.clients: dict[str, Client] = {}
        self.own_company: dict[str, UUID] = {}
        self.other_company: dict[str, UUID] = {}

    @property
    def operations(self) -> list[Endpoint]:
        """Everything of the API; pages answer with the same reads and writes, and are tested by their own plugin."""
        return [one for one in self.installation.endpoints if one.path.startswith("/api/")]

    async def furnish(self) -> None:
        """Make a record of each resource in both tenants, and two client companies in the first."""
        for name, resource in self.installation.resources.items():
            self.own[name] = (await self.kit.make(name)).id
            self.foreign[name] = await self._canary(self.neighbour, resource)
        for tenant in (self.kit, self.neighbour):
            await self._upload(tenant)
        self.foreign["tenants"] = self.neighbour.tenant_id
        self.foreign["users"] = await (await self.neighbour.admin()).account_id()
        battery = SimpleNamespace(plugin=next(iter(self.houses)), samples=self.samples, public=(), fixed={})
        everything = House(battery, self.kit)
        everything.manifest = SimpleNamespace(resources=tuple(self.installation.resources.values()))  # pyright: ignore[reportAttributeAccessIssue]
        for name in ("Own", "Other"):
            found = await clientele(everything, name)
            assert found is not None, "The walk needs companies."
            if name == "Other":
                self.other_company = found.records
                continue
            self.own_company = found.records
            self.clients["client admin"] = found.client
            contact = (await self.kit.make("contacts", company=found.company)).id
            self.clients["client user"] = await self.kit.portal(found.company, contact_id=contact)

    async def _canary(self, kit: Kit, resource: Resource) -> UUID:
        """Make a record whose free texts hold the canary, where its rules let it."""
        if (
            "create" not in resource.verbs
            or resource.write is None
            or callable(self.samples.get(resource.name))
        ):
            return (await kit.make(resource.name)).id
        attributes, _ = await kit.make.parts(resource.name)
        words = {
            name: f"{CANARY} {value}"
            for name, value in attributes.items()
            if isinstance(value, str) and (_WORD.fullmatch(value) or name in {"content", "description"})
        }
        try:
            return (await kit.make(resource.name, **words)).id
        except AssertionError:
            return (await kit.make(resource.name)).id

    async def _upload(self, kit: Kit) -> None:
        resources = self.installation.resources
        carrier = next(
            name
            for name in ("companies", "tickets", *resources)
            if "attachments" in self.installation.relations(name)
        )
        record = (self.own if kit is self.kit else self.foreign)[carrier]
        async with kit.unit() as unit:
            saved = await unit.files.save(
                f"{CANARY} {kit.slug}".encode(), name="notes.txt", subject=(carrier, record)
            )
        (self.own if kit is self.kit else self.foreign)["attachments"] = saved.id

    def house(self, endpoint: Endpoint) -> House:
        """Return the house that knows an endpoint's bodies."""
        return self.houses.get(endpoint.plugin) or next(iter(self.houses.values()))

    def asked(self, endpoint: Endpoint, records: dict[str, UUID]) -> tuple[str, UUID] | None:
        """Return the resource and the record that an endpoint's first id can name; None where it has no id."""
        if ":uuid}" not in endpoint.path:
            return None
        name = self.house(endpoint).resource_of(endpoint)
        head = endpoint.path.removeprefix(API).split("/")[1]
        for candidate in (name, head):
            if candidate is not None and candidate in records:
                return candidate, records[candidate]
        # Sessions and the like are no resources; any record's id must do.
        return head, next(iter(records.values()))

    async def ask(self, client: Client, endpoint: Endpoint, id: UUID, **options: Any) -> httpx.Response:
        """Send what an endpoint takes, naming `id` wherever it asks for one."""
        house = self.house(endpoint)
        content, headers = house.body(endpoint, id), house.headers(endpoint)
        if endpoint.path == OPERATIONS:
            content, headers = (
                atomic("remove", {"type": "companies", "id": str(id)}),
                {"Content-Type": ATOMIC},
            )
        headers = {**headers, **options.pop("headers", {})}
        return await client.request(
            endpoint.method, house.path(endpoint, id), content=content, headers=headers, **options
        )

    def open_to_clients(self, method: str, path: str) -> bool:
        """Tell whether a path of the OpenAPI document tells clients more than that it isn't theirs."""
        endpoint = self._by_path.get((method, path))
        if endpoint is None or endpoint.audience == "staff":
            return endpoint is None
        house = self.house(endpoint)
        if endpoint.public or endpoint.audience == "portal" or house.route(endpoint) is not None:
            return True
        head = endpoint.path.removeprefix(API).partition("/{")[0].removesuffix(".csv")
        return all(one.portal is not None for one in self.installation.resources.values() if one.url == head)

    def alone(self, client: Client, endpoint: Endpoint) -> Client:
        """Return a client whose log-in may end by the request."""
        assert client.person is not None
        if endpoint.plugin not in OUTSIDE:
            return client
        facts = {name: getattr(client.person, name) for name in client.person.__struct_fields__}
        # A contact has one account, so these have none.
        name = f"{endpoint.method} {endpoint.path}"[:190]
        return self.kit.person(Person(**{**facts, "name": name, "contact_id": None}))

    async def rows_of(self, kit: Kit) -> dict[str, str]:
        """Return a digest of every table's rows of a tenant, what only tells of use left out."""
        found: dict[str, str] = {}
        tables = await self.installation.rows(
            "SELECT c.table_schema AS s, c.table_name AS t FROM information_schema.columns c"
            " JOIN information_schema.tables b USING (table_schema, table_name)"
            " WHERE c.column_name = 'tenant_id' AND b.table_type = 'BASE TABLE'"
            " AND c.table_name NOT IN ('session', 'access_log', 'audit_seal', 'usage')"
        )
        for table in tables:
            name = f'"{table["s"]}"."{table["t"]}"'
            # The platform itself notes alerts and usage at its own pace.
            people = " AND actor_kind <> 'system'" if table["t"] in {"audit_entry", "outbox"} else ""
            (row,) = await self.installation.rows(
                f"SELECT count(*) || md5(coalesce(string_agg(r::text, '' ORDER BY r::text), '')) AS digest"
                f" FROM {name} AS r WHERE tenant_id = $1{people}",
                kit.tenant_id,
            )
            found[name] = row["digest"]
        return found


async def open_estate(bench: Bench) -> Estate:
    """Return the estate of all installed plugins, made once per run."""
    if "isolation" not in bench.kept:
        installed = await bench.install("multi", modules=modules())
        kit = await Kit.open(installed, samples=samples())
        estate = Estate(kit, await kit.neighbour(), samples())
        await estate.furnish()
        bench.kept["isolation"] = estate
    return bench.kept["isolation"]


def plain(path: str) -> str:
    """Return a path as the OpenAPI document has it."""
    return re.sub(r":\w+\}", "}", path)


def atomic(op: str, ref: dict[str, str], **more: Any) -> bytes:
    """Return the document of one atomic operation."""
    return msgspec.json.encode({"atomic:operations": [{"op": op, "ref": ref, **more}]})


def differs(
    endpoint: Endpoint, foreign: httpx.Response, id: UUID, unknown: httpx.Response, other: UUID
) -> list[str]:
    """Return a fault when two answers tell a foreign record from none."""
    if seen(foreign, id) == seen(unknown, other) and not leaks(foreign):
        return []
    return [
        (
            f"{endpoint.method} {endpoint.path} tells a foreign record from an unknown id: "
            f"{foreign.status_code} {foreign.text[:300]} against {unknown.status_code} {unknown.text[:300]}"
        )
    ]


def echoes(path: str) -> bool:
    """Tell whether a path shows what its readers asked before, word for word: the audit log."""
    return path.startswith(f"{API}/audit-logs")


def leaks(answer: httpx.Response) -> bool:
    """Tell whether an answer holds a word of somebody else's records."""
    if echoes(answer.request.url.path):
        return False
    return CANARY.encode() in answer.content


def random() -> UUID:
    return new_id()
