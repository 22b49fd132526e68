"""The walkers see what they are for: with a guard taken away, they go red."""

from uuid import UUID

import pytest

from psa_kernel.jsonapi import scopes
from psa_kernel.testing.plugins import module
from psa_sdk import Answer, Context, Manifest, get
from psa_sdk.errors import NotFound

from .estate import Estate
from .installed import SERVICE_DESK, modules, samples
from .test_reads import PRIVATE, walk
from .test_walk import staff_walk
from .test_writes import Asker, operate, relate


@get("/companies/{id:uuid}/name", permission="contacts.companies.read")
async def company_name(ctx: Context, id: UUID) -> Answer:
    """Read past resources, as a plugin may: only the database keeps tenants apart here."""
    row = await ctx.db.fetch_one("SELECT name FROM contacts.company WHERE id = $1", id)
    if row is None:
        raise NotFound("There is no such company.")
    return Answer(type="company-names", attributes={"name": row["name"]})


@pytest.fixture
async def trusting(new_kit) -> Estate:
    """An estate of its own, of the service desk alone, with a plugin that trusts in row-level security alone."""
    plugin = module(
        Manifest(name="trusting", title="Trusting", requires=("contacts",), routes=(company_name,))
    )
    known, installed = samples(SERVICE_DESK), (*modules(), plugin)
    kit = await new_kit("multi", plugins=SERVICE_DESK, modules=installed, shared=False, samples=known)
    estate = Estate(kit, await kit.neighbour(), known)
    await estate.furnish()
    return estate


async def test_the_walk_goes_red_without_row_level_security(trusting):
    """With it, the same plugin's route is sound."""
    routes = [one for one in trusting.operations if one.plugin == "trusting"]
    assert routes
    assert not await staff_walk(trusting, routes)
    await trusting.installation.rows("ALTER TABLE contacts.company DISABLE ROW LEVEL SECURITY")
    assert any("/companies/{id:uuid}/name" in fault for fault in await staff_walk(trusting, routes))
    assert await trusting.installation.isolation_problems()


async def test_the_walk_goes_red_without_portal_scopes(trusting, monkeypatch):
    """Either guard alone holds: the scope in the statement, and the database's own policy for clients."""
    guarded = scopes._visible

    def everything(unit, name, verbs, within):
        return (
            scopes.EVERYTHING if unit.principal.audience == "portal" else guarded(unit, name, verbs, within)
        )

    secret = {name: id for name, id in trusting.other_company.items() if name in PRIVATE}
    client = trusting.clients["client admin"]
    heads = {trusting.installation.resources[name].url for name in secret}
    monkeypatch.setattr(scopes, "_visible", everything)
    faults, _ = await walk(trusting, client, trusting.own_company, secret, heads)
    assert not faults, "The database's policy holds alone."
    for row in await trusting.installation.rows("SELECT * FROM pg_policies WHERE policyname = 'company'"):
        await trusting.installation.rows(f'DROP POLICY company ON "{row["schemaname"]}"."{row["tablename"]}"')
    bare = ("/companies", "/sites", "/tickets", "/contacts")
    faults, _ = await walk(trusting, client, trusting.own_company, secret, bare)
    for name in bare:
        assert any(name in fault for fault in faults), name
    asker = Asker(client)
    await relate(trusting, asker, {"tickets": trusting.own_company["tickets"]}, secret)
    await operate(trusting, asker, secret)
    assert asker.faults
