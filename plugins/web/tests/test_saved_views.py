"""Saved views: one's own, a group's, everybody's, over the API and as tabs of lists."""

from pathlib import Path
from uuid import UUID

import pytest_asyncio

import psa_web
from psa_sdk.testing import Client, Kit

from .conftest import read, send

PATH = "/ui/users"


@pytest_asyncio.fixture
async def tenant(kit: Kit) -> Kit:
    """A tenant of the test's own."""
    return await Kit.open(kit.installation)


async def group(admin: Client, name: str, *members: Client) -> UUID:
    made = await admin.post("/groups", {"name": name})
    assert made.status_code == 201, made.text
    team = UUID(made.json()["data"]["id"])
    await include(admin, team, *members)
    return team


async def include(admin: Client, team: UUID, *members: Client) -> None:
    """Make these, and nobody else, the members of a group."""
    people = [await member.account_id() for member in members]
    answer = await admin.patch(f"/groups/{team}", relationships={"members": people})
    assert answer.status_code == 200, answer.text


async def technicians(kit: Kit, *names: str) -> list[Client]:
    return [await kit.staff(roles=("technician",), name=name) for name in names]


async def saved(client: Client, name: str, **more: object) -> UUID:
    team = more.pop("team", None)
    linked = {"team": team} if team else None
    answer = await client.post("/saved-views", {"resource": "users", "name": name, **more}, linked)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["data"]["id"])


async def seen(client: Client) -> set[str]:
    """Return the names that somebody sees over the API, which are those of the tabs."""
    answer = await client.get("/saved-views")
    assert answer.status_code == 200, answer.text
    return {item["attributes"]["name"] for item in answer.json()["data"]}


async def test_a_view_is_seen_by_those_whom_it_is_for_as_long_as_they_belong_to_the_group(tenant):
    admin = await tenant.admin()
    ada, bea, cleo = await technicians(tenant, "Ada", "Bea", "Cleo")
    team = await group(admin, "Second line", ada, bea)
    await saved(ada, "Adas own")
    shared = await saved(ada, "Teams", team=team, query="q=x")
    await saved(ada, "All of us", is_for_everybody=True)
    assert await seen(ada) == {"Adas own", "Teams", "All of us"}
    assert await seen(bea) == {"Teams", "All of us"}
    assert await seen(cleo) == await seen(admin) == {"All of us"}
    assert (await cleo.get(f"/saved-views/{shared}")).status_code == 404

    page = (await read(bea, PATH)).text
    assert "Adas own" not in page
    assert 'title="Shared with Second line"' in page
    assert 'title="Shared with everybody"' in page
    await include(admin, team, ada)
    assert await seen(bea) == {"All of us"}
    assert "Shared with Second line" not in (await read(bea, PATH)).text
    assert (await admin.delete(f"/groups/{team}")).status_code == 204
    assert await seen(ada) == {"Adas own", "Teams", "All of us"}, "what was shared is its owner's again"


async def test_only_who_shared_a_view_or_holds_the_right_changes_and_deletes_it(tenant):
    ada, bea = await technicians(tenant, "Ada", "Bea")
    boss = await tenant.staff(roles=("manager",))
    view = await saved(ada, "Busy", is_for_everybody=True)
    for refused in (
        await bea.patch(f"/saved-views/{view}", {"name": "Mine"}),
        await bea.delete(f"/saved-views/{view}"),
    ):
        assert refused.status_code in {403, 404}, refused.text
    assert (await send(bea, f"{PATH}/views/{view}/delete")).status_code in {403, 404}
    assert (await ada.patch(f"/saved-views/{view}", {"name": "Busier"})).status_code == 200
    assert f"/views/{view}/delete" not in (await read(bea, PATH)).text
    assert (await boss.patch(f"/saved-views/{view}", {"name": "Busiest"})).status_code == 200
    assert (await send(boss, f"{PATH}/views/{view}/delete")).status_code == 200
    assert await seen(ada) == set()
    told = await tenant.installation.rows(
        "SELECT action FROM psa.audit_entry WHERE record_id = $1 ORDER BY id", view
    )
    assert [row["action"] for row in told] == ["created", "updated", "updated", "deleted"]


async def test_nobody_shares_with_a_group_of_others_or_twice_or_for_another(tenant):
    admin = await tenant.admin()
    ada, bea = await technicians(tenant, "Ada", "Bea")
    team = await group(admin, "Third line", bea)
    other = await admin.post("/groups", {"name": "Own"})
    for attributes, linked, pointer in (
        ({}, {"team": team}, "/data/relationships/team"),
        ({"resource": "nothing"}, None, "/data/attributes/resource"),
    ):
        document = {"resource": "users", "name": "X", **attributes}
        answer = await ada.post("/saved-views", document, linked)
        assert answer.status_code == 422, answer.text
        assert [error["source"]["pointer"] for error in answer.json()["errors"]] == [pointer]
    twice = await bea.post(
        "/saved-views", {"resource": "users", "name": "X", "is_for_everybody": True}, {"team": team}
    )
    assert twice.status_code == 422
    assert other.status_code == 201
    forged = await send(ada, f"{PATH}/views", name="X", query="q=x", audience=str(team))
    assert (forged.status_code, forged.json()["faults"][0]["field"]) == (422, "team")
    assert await seen(bea) == set()


async def test_the_dialog_saves_for_oneself_a_group_or_everybody_and_replaces_ones_own(tenant):
    admin = await tenant.admin()
    ada, bea = await technicians(tenant, "Ada", "Bea")
    team = await group(admin, "Fourth line", ada, bea)
    assert f'<option value="{team}">' in (await read(ada, PATH)).text
    for audience, others in (("", set()), (str(team), {"Mine"}), ("everybody", {"Mine"}), ("", set())):
        answer = await send(ada, f"{PATH}/views", name="Mine", query=f"?q={audience}", audience=audience)
        assert answer.status_code == 200, answer.text
        assert (await seen(ada), await seen(bea)) == ({"Mine"}, others)
    nameless = await send(ada, f"{PATH}/views", name=" ", query="", audience="")
    assert (nameless.status_code, nameless.json()["faults"][0]["field"]) == (422, "name")
    clerk = await tenant.staff("auth.users.read")
    assert "save-view" not in (await read(clerk, PATH)).text


async def test_no_other_tenant_and_no_client_sees_a_view(tenant):
    ada = (await technicians(tenant, "Ada"))[0]
    view = await saved(ada, "All of us", is_for_everybody=True)
    company = (await tenant.make("companies")).id
    client = await tenant.portal(company, admin=True)
    assert (await client.get("/saved-views")).status_code in {403, 404}
    stranger = await (await Kit.open(tenant.installation)).admin()
    assert await seen(stranger) == set()
    assert (await stranger.get(f"/saved-views/{view}")).status_code == 404


async def test_a_list_asks_no_more_for_many_views_than_for_few(tenant):
    async def asked() -> int:
        async with tenant.statements() as sent:
            assert (await read(ada, PATH)).status_code == 200
        return len(sent)

    admin = await tenant.admin()
    ada = (await technicians(tenant, "Ada"))[0]
    team = await group(admin, "Fifth line", ada)
    await saved(ada, "One", team=team)
    await read(ada, PATH)
    few = await asked()
    for number in range(10):
        await saved(ada, f"More {number}", team=team)
    assert await asked() <= few


async def test_views_that_were_settings_become_rows(tenant):
    """The migration of views that were kept with their owners' settings."""
    ada = (await technicians(tenant, "Ada"))[0]
    owner = await ada.account_id()
    migration = (Path(psa_web.__file__).parent / "migrations/0001_saved_views.sql").read_text()
    value = '{"users": [{"name": "Old", "query": "q=1"}, {"name": "Old", "query": "q=2"}]}'
    async with tenant.unit() as ctx:
        await ctx.db.execute(
            "INSERT INTO psa.setting (plugin, key, account, value) VALUES ('web', 'views', $1, $2::text::jsonb)",
            owner,
            value,
        )
        await ctx.db.execute(migration[migration.index("WITH held") :])
        assert not await ctx.db.fetch("SELECT FROM psa.setting WHERE plugin = 'web'")
    assert await seen(ada) == {"Old"}
