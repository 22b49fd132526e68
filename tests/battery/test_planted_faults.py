"""The battery finds what is planted, and only that: each fault fails the check that is there for it."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec

from psa_sdk import (
    PUBLIC,
    Answer,
    AnswerList,
    Context,
    Event,
    Permission,
    Record,
    Resource,
    Settings,
    ToOne,
    get,
    post,
)
from psa_sdk.errors import NotFound
from psa_sdk.tables import Table, Text

from .garden import Garden, LeafWrite


class Report(msgspec.Struct, kw_only=True):
    title: str


def changed(resource: Resource, **changes: Any) -> Resource:
    return msgspec.structs.replace(resource, **changes)


async def test_nothing_is_found_in_a_sound_plugin(garden: Garden, judge):
    await judge(garden)


async def test_a_table_without_tenant(garden: Garden, judge):
    class Weed(Table, tablename="weed", schema="garden"):
        name = Text()

    garden.tables.append(Weed)
    found = await judge(garden, "test_the_plugin_boots")
    assert "garden.weed has no tenant" in found["test_the_plugin_boots"]


async def test_a_table_without_tenant_made_behind_the_manifests_back(garden: Garden, judge):
    garden.migration = "CREATE TABLE garden.weed (id uuid PRIMARY KEY, name text);"
    found = await judge(garden, "test_every_table_keeps_tenants_apart")
    assert "garden.weed has no required tenant_id" in found["test_every_table_keeps_tenants_apart"]


async def test_a_table_without_row_level_security(garden: Garden, judge):
    """An undeclared table has a tenant and nobody converges it."""
    garden.migration = (
        "CREATE TABLE garden.weed (tenant_id uuid NOT NULL, id uuid NOT NULL, UNIQUE (tenant_id, id));"
    )
    found = await judge(garden, "test_every_table_keeps_tenants_apart", "test_the_plugin_boots", only=False)
    assert found.keys() <= {"test_every_table_keeps_tenants_apart", "test_the_plugin_boots"}
    assert "row-level security" in "".join(found.values())


async def test_a_reference_without_the_tenant(garden: Garden, judge):
    garden.migration = (
        "ALTER TABLE garden.plant ADD UNIQUE (id);"
        "ALTER TABLE garden.leaf ADD FOREIGN KEY (plant) REFERENCES garden.plant (id);"
    )
    found = await judge(garden, "test_every_table_keeps_tenants_apart")
    assert "refers without the tenant" in found["test_every_table_keeps_tenants_apart"]


async def test_drift(garden: Garden, judge):
    garden.migration = "ALTER TABLE garden.plant ALTER COLUMN state DROP DEFAULT;"
    found = await judge(garden, "test_migrations_make_what_is_declared", only=False)
    assert "state" in found["test_migrations_make_what_is_declared"]


async def test_a_route_without_permission(garden: Garden, judge):
    @get("/plants/count", permission="")
    async def count(ctx: Context) -> Answer:
        """Count plants."""
        return Answer(type="counts", attributes={})

    garden.routes.append(count)
    found = await judge(garden, "test_the_plugin_boots")
    assert "/plants/count" in found["test_the_plugin_boots"]


async def test_a_public_route_that_nobody_named(garden: Garden, judge):
    @get("/plants/count", permission=PUBLIC)
    async def count(ctx: Context) -> Answer:
        """Count nothing."""
        return Answer(type="counts", id="1", attributes={})

    garden.routes.append(count)
    await judge(garden, "test_public_routes_are_named")


async def test_a_leak_to_another_tenant_through_memory(garden: Garden, judge):
    kept: dict[UUID, str] = {}

    @get("/plants/{id:uuid}/label", permission="garden.plants.read", returns=Report, answer_type="labels")
    async def label(ctx: Context, id: UUID) -> Answer:
        """Show a plant's label."""
        if id not in kept:
            kept[id] = (await ctx.records.get("plants", id))["title"]
        return Answer(type="labels", id=str(id), attributes=Report(title=kept[id]))

    garden.routes.append(label)
    await judge(garden, "test_another_tenants_ids_in_paths_are_like_unknown_ones")


async def test_a_leak_to_another_tenant_through_a_function(garden: Garden, judge):
    garden.migration = """
    CREATE FUNCTION garden.plants() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ BEGIN
        -- psa.current_tenant() is forgotten here
        RETURN (SELECT count(*) FROM garden.plant); END $$;
    GRANT EXECUTE ON FUNCTION garden.plants() TO psa_app;
    """

    @get("/garden/size", permission="garden.plants.read", returns=Report, answer_type="sizes")
    async def size(ctx: Context) -> Answer:
        """Count plants."""
        return Answer(
            type="sizes",
            id="1",
            attributes=Report(title=str(await ctx.db.fetch_value("SELECT garden.plants()"))),
        )

    garden.routes.append(size)
    await judge(
        garden,
        "test_every_table_keeps_tenants_apart",
        "test_lists_and_reports_hold_nothing_of_another_tenant",
    )


async def test_a_portal_leak(garden: Garden, judge):
    garden.leaves = changed(garden.leaves, portal=lambda _who: garden.Leaf.title.is_not_null())
    found = await judge(
        garden, "test_clients_see_their_own_company_only", "test_clients_change_nothing_of_another_company"
    )
    assert "another company's leaves" in found["test_clients_see_their_own_company_only"]


async def test_a_portal_that_shows_nothing(garden: Garden, judge):
    garden.plants = changed(garden.plants, portal=lambda who: garden.Plant.company == who.contact_id)
    await judge(garden, "test_clients_see_their_own_records")


async def test_an_undeclared_event(garden: Garden, judge):
    class PlantGrown(Event, frozen=True, kw_only=True):
        """A plant has grown."""

        name: ClassVar[str] = "garden.plant_grown"
        plant_id: UUID

    PlantGrown.__module__ = garden.name
    found = await judge(garden, "test_every_event_is_declared")
    assert "PlantGrown" in found["test_every_event_is_declared"]


async def test_an_event_without_a_description(garden: Garden, judge):
    class PlantGrown(Event, frozen=True, kw_only=True):
        name: ClassVar[str] = "garden.plant_grown"
        plant_id: UUID

    garden.events.append(PlantGrown)
    found = await judge(garden, "test_the_plugin_boots")
    assert "garden.plant_grown" in found["test_the_plugin_boots"]


async def test_one_statement_per_row(garden: Garden, judge):
    @get("/garden/report", permission="garden.plants.read", returns=Report, answer_type="reports")
    async def report(ctx: Context) -> AnswerList:
        """Report on every plant."""
        rows = await ctx.records.find("plants")
        return AnswerList(
            items=[
                Answer(
                    type="reports",
                    id=str(row["id"]),
                    attributes=Report(title=(await ctx.records.get("plants", row["id"]))["title"]),
                )
                for row in rows
            ]
        )

    garden.routes.append(report)
    found = await judge(garden, "test_the_number_of_statements_is_constant")
    assert "/garden/report" in found["test_the_number_of_statements_is_constant"]


async def test_a_secret_that_is_shown(garden: Garden, judge):
    @get(
        "/plants/{id:uuid}/note",
        permission="garden.plants.read",
        returns=Report,
        answer_type="notes",
        writes=True,
    )
    async def note(ctx: Context, id: UUID) -> Answer:
        """Show the secret note."""
        row = await ctx.records.get("plants", id)
        text = await ctx.reveal("plants", id, "secret_note") if row["secret_note"] else ""
        return Answer(type="notes", id=str(id), attributes=Report(title=text))

    garden.routes.append(note)
    await judge(garden, "test_secrets_are_never_shown")


async def test_a_secret_in_the_clear(garden: Garden, judge):
    class GardenSettings(Settings, frozen=True, kw_only=True):
        api_key: Annotated[str, msgspec.Meta(title="Key of the weather service")] = ""

    garden.settings = GardenSettings
    await judge(garden, "test_secrets_are_sealed")


async def test_a_permission_without_title(garden: Garden, judge):
    garden.permissions.append(Permission(name="garden.plants.water", title=""))
    await judge(garden, "test_everything_is_described")


async def test_a_write_that_is_lost(garden: Garden, judge):
    async def forget(ctx: Context, change: Any) -> None:
        change.new.pop("title", None)

    garden.plants = changed(garden.plants, before_update=forget)
    found = await judge(
        garden,
        "test_each_writable_attribute_holds_what_was_sent",
        "test_every_write_is_audited_and_told",
        only=False,
    )
    assert found.keys() <= {
        "test_each_writable_attribute_holds_what_was_sent",
        "test_every_write_is_audited_and_told",
    }
    assert "plants.title" in found["test_each_writable_attribute_holds_what_was_sent"]


async def test_an_action_that_believes_another_tenants_id(garden: Garden, judge):
    known: set[UUID] = set()

    class Graft(msgspec.Struct, kw_only=True):
        onto: UUID

    async def remember(ctx: Context, change: Any) -> None:
        known.add(change.id)

    @post("/plants/{id:uuid}/graft", permission="garden.plants.update", returns="plants")
    async def graft(ctx: Context, id: UUID, body: Graft) -> Record:
        """Graft a plant onto another."""
        await ctx.records.get("plants", id)
        if body.onto not in known:
            raise NotFound("There is no such plant.")
        return Record("plants", id)

    garden.plants = changed(garden.plants, after_write=remember)
    garden.routes.append(graft)
    await judge(garden, "test_another_tenants_ids_in_bodies_are_like_unknown_ones")


async def test_a_client_who_writes_into_another_company(garden: Garden, judge):
    """The relationship is writable in the portal and its target visible to everybody."""
    garden.plants = changed(garden.plants, portal=lambda _who: garden.Plant.title.is_not_null())
    garden.tables[1].company_key = ""
    garden.leaves = changed(
        garden.leaves,
        portal=lambda _who: garden.Leaf.title.is_not_null(),
        portal_verbs=frozenset(("list", "get", "create")),
        portal_write=LeafWrite,
        relations=(ToOne("plant", "plants", garden.Leaf.plant, required=True, portal_writable=True),),
    )
    found = await judge(
        garden,
        "test_clients_relate_nothing_of_another_company",
        "test_clients_see_their_own_company_only",
        only=False,
    )
    assert "test_clients_relate_nothing_of_another_company" in found
    assert "test_clients_see_their_own_company_only" in found


async def test_a_value_that_breaks_a_rule(garden: Garden, judge):
    async def shorten(ctx: Context, change: Any) -> None:
        if change.new.get("secret_note"):
            change.new["secret_note"].encode("latin-1")

    garden.plants = changed(garden.plants, before_update=shorten)
    found = await judge(garden, "test_strange_values_never_break_anything")
    assert "plants.secret_note breaks on" in found["test_strange_values_never_break_anything"]


async def test_a_plugin_that_is_not_there(garden: Garden, judge):
    found = await judge(garden, "test_the_plugin_boots", plugin="orchard")
    assert found == {"test_the_plugin_boots": "\norchard: is not installed"}


async def test_a_permission_that_nobody_declares(garden: Garden, judge, monkeypatch, tmp_path):
    package = tmp_path / garden.name
    package.mkdir()
    (package / "__init__.py").write_text("def check(ctx):\n    ctx.require('garden.plants.water')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    await judge(garden, "test_required_permissions_exist")


async def test_an_import_of_somebody_elses_private_module(garden: Garden, judge, monkeypatch, tmp_path):
    package = tmp_path / garden.name
    package.mkdir()
    (package / "__init__.py").write_text(
        "from psa_contacts.tables import Company\nimport psa_contacts.api\nimport psa_kernel.kernel\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    said = (await judge(garden, "test_only_public_surfaces_are_imported", only=False))[
        "test_only_public_surfaces_are_imported"
    ]
    assert "only psa_contacts.api is public" in said
    assert "psa_contacts isn't required" in said
    assert "a plugin knows the SDK only" in said
