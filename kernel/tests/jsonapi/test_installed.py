"""Every statement of every installed resource runs: lists, filters, sorts, includes, relationships, exports."""

from typing import Any

import pytest

from psa_kernel.boot import load
from psa_kernel.clock import SystemClock
from psa_kernel.config import Config
from psa_kernel.crypto import KeyRing
from psa_kernel.database.engine import bind
from psa_kernel.database.pool import open_pool
from psa_kernel.jsonapi.csv_export import selection
from psa_kernel.jsonapi.openapi import paths
from psa_kernel.jsonapi.query import MAX_SORTS, operators_of
from psa_kernel.jsonapi.scopes import shape_for
from psa_kernel.kernel import Kernel
from psa_kernel.master_key import MasterKey
from psa_kernel.testing.database import DatabaseServer, databases
from psa_sdk.errors import NotFound

from .conftest import ADMIN, CLIENT, Library, somebody
from .library import numbered

VALUES: dict[str, str] = {
    "integer": "3",
    "bigint": "3",
    "boolean": "true",
    "decimal": "3.5",
    "instant": "2026-03-01T09:30:00Z",
    "date": "2026-03-01",
    "uuid": str(numbered(1)),
}


@pytest.fixture(scope="module")
async def installed(database_server: DatabaseServer, tmp_path_factory: Any):
    registry = load(Config())
    bind([table for _, table in registry.tables], registry.table_resource)
    async with databases(database_server) as new_database:
        database = await new_database(registry, multi_tenant=True)
        pool = await open_pool(database.app, size=2)
        keys = KeyRing(MasterKey(bytes(range(32))), pool, multi_tenant=True)
        config = Config(tenancy="multi", data_dir=tmp_path_factory.mktemp("installed"))
        yield Library(Kernel(config, registry, pool=pool, redis=None, keys=keys, clock=SystemClock()))
        await pool.close()


async def run(library, name, query, principal):
    document = await library.list(name, query, principal=principal)
    assert isinstance(document["data"], list), (name, query)


@pytest.mark.parametrize("audience", ["staff", "portal"])
async def test_every_resource_answers_every_question_it_declares(installed, audience):
    client = somebody("*", audience="portal", company=CLIENT)
    principal = ADMIN if audience == "staff" else client
    registry = installed.kernel.registry
    for name, resource in registry.resources.items():
        if audience == "portal" and (resource.portal is None or "list" not in resource.portal_verbs):
            continue
        async with installed.unit(principal) as unit:
            shape = shape_for(unit, name)
            text = await unit.connection.fetch(
                (chosen := selection(unit, shape, "")).sql + " LIMIT 1", *chosen.values
            )
            assert isinstance(text, list)
        await run(installed, name, "page[total]=true", principal)
        sorts = list(shape.sorts)
        for keys in (sorts[start : start + MAX_SORTS] for start in range(0, len(sorts), MAX_SORTS)):
            await run(installed, name, f"sort={','.join(f'-{key}' for key in keys)}", principal)
        parts = [
            f"filter[{wanted.name}][{operator}]={'true' if operator == 'null' else value}"
            for wanted in shape.filters.values()
            for value in [next(filter(None, wanted.choices), VALUES.get(wanted.kind, "x"))]
            for operator in operators_of(wanted)
        ]
        for start in range(0, len(parts), 40):
            await run(installed, name, "&".join(parts[start : start + 40]), principal)
        if resource.search:
            await run(installed, name, "filter[q]=word", principal)
        for relation, found in shape.relations.items():
            with pytest.raises(NotFound):
                await installed.related(name, numbered(1), relation, principal=principal)
            with pytest.raises(NotFound):
                await installed.linkage(name, numbered(1), relation, principal=principal)
            included = [relation]
            if audience == "staff":
                async with installed.unit(principal) as unit:
                    included += [f"{relation}.{step}" for step in shape_for(unit, found.target).relations]
            await run(installed, name, f"include={','.join(included)}", principal)
        with pytest.raises(NotFound):
            await installed.get(name, numbered(1), principal=principal)


def test_every_component_that_a_path_names_exists():
    documented, components = paths(load(Config()))
    known = {f"#/components/{group}/{name}" for group, items in components.items() for name in items}
    used = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            used.update({node["$ref"]} if "$ref" in node else ())
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(documented)
    collect(components)
    assert used - known == {"#/components/responses/Error"}
