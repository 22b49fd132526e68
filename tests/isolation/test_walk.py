"""Every operation of the OpenAPI document, asked by those who may not: no row, no count, no other error (S28)."""

from importlib.metadata import entry_points
from itertools import product

import pytest

from psa_sdk.routes import AUTHENTICATED
from psa_sdk.testing import Kit
from psa_sdk.testing.battery.house import API, report
from psa_sdk.testing.installation import Endpoint

from .estate import Estate, differs, leaks, plain, random
from .installed import batteries, samples


def documented(document) -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "post", "patch", "put", "delete"}
    }


def covered(estate: Estate) -> set[tuple[str, str]]:
    return {(one.method, plain(one.path)) for one in estate.operations}


def test_every_installed_plugin_is_walked():
    """A plugin joins with its conformance test, which says how its records are made."""
    installed = {point.name for point in entry_points(group="psa.plugins")}
    assert not installed - set(batteries())


async def test_the_walk_covers_every_documented_operation(estate):
    """S38: what is served is documented, what is documented is served and walked."""
    admin = await estate.kit.admin()
    answer = await admin.get("/openapi.json", headers={"Accept": "*/*"})
    own = {("GET", path) for path in (f"{API}/openapi.json", f"{API}/docs", f"{API}/docs/style.css")}
    own |= {("GET", path) for path in ("/health/live", "/health/ready", "/metrics")}
    assert documented(answer.json()) - own == covered(estate) - own


async def staff_walk(estate: Estate, endpoints: list[Endpoint]) -> list[str]:
    """Ask about the other tenant's records as an administrator, and return the faults."""
    faults: list[str] = []
    admin = await estate.kit.admin()
    for endpoint in endpoints:
        asked = estate.asked(endpoint, estate.foreign)
        foreign, unknown = asked[1] if asked else estate.foreign["users"], random()
        answer = await estate.ask(estate.alone(admin, endpoint), endpoint, foreign)
        if leaks(answer) or answer.status_code >= 500:
            faults.append(f"{endpoint.method} {endpoint.path}: {answer.status_code} {answer.text[:300]}")
        if asked:
            again = await estate.ask(estate.alone(admin, endpoint), endpoint, unknown)
            faults += differs(endpoint, answer, foreign, again, unknown)
    return faults


async def test_staff_tell_no_record_of_another_tenant_from_none(estate):
    """TEN-01, TEN-06: path and body name the other tenant's record; nothing of that tenant changes."""
    before = await estate.rows_of(estate.neighbour)
    faults = await staff_walk(estate, estate.operations)
    after = await estate.rows_of(estate.neighbour)
    report([*faults, *(f"{table} changed." for table in before if before[table] != after[table])])


@pytest.mark.parametrize("role", ["client admin", "client user"])
async def test_clients_tell_no_record_of_others_from_none(estate, role, pytestconfig):
    """Another company's and another tenant's records, in path and body of every operation.

    The roles take turns with whose records they name; where clients are turned away at the door, one of them asks.
    """
    faults: list[str] = []
    combined = list(product(estate.clients, (estate.other_company, estate.foreign)))
    for turn, endpoint in enumerate(estate.operations):
        chosen = combined[0::3] if turn % 2 else combined[1:3]
        if not estate.open_to_clients(endpoint.method, plain(endpoint.path)):
            chosen = [combined[turn % len(combined)]]
        for asker, records in combined if pytestconfig.getoption("--thorough") else chosen:
            if asker != role:
                continue
            asked = estate.asked(endpoint, records)
            foreign, unknown = asked[1] if asked else next(iter(records.values())), random()
            client = estate.alone(estate.clients[role], endpoint)
            answer = await estate.ask(client, endpoint, foreign)
            if leaks(answer) or answer.status_code >= 500:
                faults.append(f"{endpoint.method} {endpoint.path}: {answer.status_code} {answer.text[:300]}")
            if asked and asked[0] in records:
                client = estate.alone(estate.clients[role], endpoint)
                faults += differs(
                    endpoint, answer, foreign, await estate.ask(client, endpoint, unknown), unknown
                )
    report(faults)


async def test_nobody_gets_in_without_logging_in(estate):
    """401 from everything that isn't public."""
    faults: list[str] = []
    for endpoint in estate.operations:
        if endpoint.public:
            continue
        answer = await estate.ask(estate.kit.anonymous(), endpoint, random())
        if answer.status_code != 401:
            faults.append(f"{endpoint.method} {endpoint.path} answers nobody with {answer.status_code}.")
    report(faults)


@pytest.mark.parametrize("kind", ["without a role", "with a key of another scope"])
async def test_without_the_permission_everything_is_forbidden(estate, kind):
    """403 for each permission, whether a role or the key's scope lacks it; clients' routes answer 401."""
    faults: list[str] = []
    if kind == "without a role":
        client = await estate.kit.staff(name=kind)
    else:
        client = await estate.kit.api_key("settings.none.read")
    for endpoint in estate.operations:
        route = estate.house(endpoint).route(endpoint)
        if endpoint.public or (route is not None and route.permission == AUTHENTICATED):
            continue
        answer = await estate.ask(client, endpoint, random())
        expected = 401 if endpoint.audience == "portal" else 403
        if answer.status_code != expected:
            faults.append(f"{endpoint.method} {endpoint.path}: {answer.status_code} {answer.text[:200]}")
    report(faults)


async def test_a_switched_off_module_is_not_there(estate):
    """404 `module_disabled` from every operation of every plugin that can be switched off."""
    kit = await Kit.open(estate.installation, samples=samples())
    packages = estate.installation.packages
    modules = [name for name in packages if not packages[name].__name__.startswith("psa_kernel.")]
    for name in modules:
        await estate.installation.switch(kit.tenant_id, name, on=False)
    admin, faults = await kit.admin(), list[str]()
    asked = [one for one in estate.operations if one.plugin in modules]
    assert asked
    for endpoint in asked:
        # Named, since a route may look at no credential (`own_authorization`).
        answer = await estate.ask(admin, endpoint, random(), headers={"X-Tenant": kit.slug})
        if answer.status_code != 404 or answer.json()["errors"][0]["code"] != "module_disabled":
            faults.append(f"{endpoint.method} {endpoint.path}: {answer.status_code} {answer.text[:200]}")
    report(faults)
