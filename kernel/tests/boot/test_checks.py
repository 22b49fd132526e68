"""Everything that is wrong is named, at once, with both claimants (KRN-03)."""

from typing import ClassVar, Protocol

import msgspec
import pytest

from psa_kernel.boot import BootError, load
from psa_kernel.boot.web_routes import web_routes
from psa_kernel.config import Config
from psa_kernel.testing.plugins import module, table
from psa_sdk import (
    Extension,
    Manifest,
    Permission,
    Resource,
    Settings,
    ToMany,
    ToOne,
    actor,
    before,
    changes,
    every,
    get,
    on,
    post,
    provide,
)
from psa_sdk.events import Event
from psa_sdk.routes import PUBLIC
from psa_sdk.tables import Instant, Ref, Sealed, Text
from psa_sdk.web import WebAsset, WebRoute


class Named(msgspec.Struct):
    name: str


def problems(*manifests: Manifest, **hooks: object) -> str:
    """Return what boot says about plugins that can't start together."""
    with pytest.raises(BootError) as caught:
        load(Config(), [module(manifest, **hooks) for manifest in manifests], only=())
    return str(caught.value)


def starts(*manifests: Manifest, **hooks: object):
    return load(Config(), [module(manifest, **hooks) for manifest in manifests], only=())


def things(owner: str = "visits", name: str = "visits", **options: object) -> Manifest:
    """Return a plugin with one resource on one table."""
    made = table(owner, "visit", name=Text(), secret=Sealed(), planned_at=Instant(null=True))
    options.setdefault("read", Named)
    options.setdefault("write", Named)
    extra = options.pop("manifest", {})
    return Manifest(
        name=owner,
        title=owner,
        tables=(made,),
        resources=(Resource(name=name, table=made, **options),),
        **extra,
    )


def test_two_plugins_claiming_one_thing_are_both_named():
    class Done(Event, frozen=True, kw_only=True):
        """Something is done."""

        name: ClassVar[str] = "one.done"

    @get("/things/{id:uuid}", permission="one.things.see")
    async def one(ctx, id): ...

    @get("/things/{thing:uuid}", permission="one.things.see")
    async def other(ctx, thing): ...

    permission = Permission(name="one.things.see", title="See")
    text = problems(
        Manifest(name="one", title="1", routes=(one,), permissions=(permission,), events=(Done,)),
        Manifest(name="two", title="2", routes=(other,), permissions=(permission,), events=(Done,)),
    )
    assert "two: claims the route GET /things/{}, which one claims too" in text
    assert "two: claims the permission one.things.see, which one claims too" in text
    assert "two: claims the event one.done, which one claims too" in text


def test_two_plugins_claiming_one_resource_and_table_are_both_named():
    text = problems(things("one", "visits"), things("two", "visits"))
    assert "two: claims the resource visits, which one claims too" in text


def test_a_route_in_the_way_of_a_resource_is_named():
    @get("/visits", permission="desk.visits.read")
    async def mine(ctx): ...

    text = problems(
        things(),
        Manifest(
            name="desk",
            title="D",
            routes=(mine,),
            permissions=(Permission(name="desk.visits.read", title="See"),),
        ),
    )
    assert "visits: claims the route GET /visits, which desk claims too" in text


def test_attributes_filters_and_sorts_must_be_columns():
    class Wrong(msgspec.Struct):
        colour: str

    other = table("visits", "other", size=Text())
    text = problems(things(read=Wrong, write=Wrong, filters=(other.size, "ghost.name"), sorts=(other.size,)))
    assert "reads colour" in text
    assert "writes colour" in text
    assert "filters by Other.size" in text
    assert "ghost is no to-one relationship" in text
    assert "sorts by Other.size" in text


def test_what_is_sealed_is_neither_filtered_nor_sorted():
    made = table("visits", "visit", name=Text(), secret=Sealed())
    resource = Resource(
        name="visits", table=made, read=Named, write=Named, filters=(made.secret,), sorts=(made.secret,)
    )
    text = problems(Manifest(name="visits", title="V", tables=(made,), resources=(resource,)))
    assert text.count("which is sealed") == 2


def test_the_server_alone_sets_what_it_owns():
    class Greedy(msgspec.Struct):
        version: int

    assert "writes version, which only the server sets" in problems(things(write=Greedy))


def test_the_portal_writes_no_more_than_staff():
    class More(msgspec.Struct):
        planned_at: str

    assert "lets the portal write planned_at" in problems(things(portal_write=More))


def test_a_relationship_needs_a_reference_to_its_target():
    made = table("visits", "visit", name=Text(), site=Ref("sites"))
    relations = (ToOne("place", "visits", made.site), ToOne("name_of", "visits", made.name))
    resource = Resource(name="visits", table=made, read=Named, write=Named, relations=relations)
    text = problems(Manifest(name="visits", title="V", tables=(made,), resources=(resource,)))
    assert "goes to visits and its column site to sites" in text
    assert "name, which is no Ref" in text


def test_relationships_to_absent_plugins_are_left_out():
    made = table("visits", "visit", name=Text(), company=Ref("companies"))
    resource = Resource(
        name="visits",
        table=made,
        read=Named,
        write=Named,
        relations=(
            ToOne("company", "companies", made.company, inverse="visits"),
            ToMany("notes", "notes", made.company),
        ),
        filters=("company.name",),
    )
    registry = starts(Manifest(name="visits", title="V", tables=(made,), resources=(resource,)))
    assert registry.relations("visits") == {}
    assert registry.resources["visits"].filters == ()


def test_the_other_side_gains_the_inverse_and_extensions_appear():
    base = things("companies", "companies")
    made = table("visits", "visit", name=Text(), company=Ref("companies"))
    resource = Resource(
        name="visits",
        table=made,
        read=Named,
        write=Named,
        relations=(ToOne("company", "companies", made.company, inverse="visits"),),
    )
    satellite = table("visits", "travel", distance=Text(), company=Ref("companies"))

    class Travel(msgspec.Struct):
        distance: str

    extension = Extension(resource="companies", table=satellite, column=satellite.company, read=Travel)
    registry = starts(
        base,
        Manifest(
            name="visits",
            title="V",
            requires=("companies",),
            tables=(made, satellite),
            resources=(resource,),
            extensions=(extension,),
        ),
    )
    assert registry.relations("companies")["visits"].source == "visits"
    assert [item.read for item in registry.extensions["companies"]] == [Travel]
    assert registry.table_resource["visits.travel"] == "companies"


def test_two_plugins_adding_one_attribute_to_a_resource_are_refused():
    satellite = table("visits", "travel", name=Text(), company=Ref("companies"))
    extension = Extension(resource="companies", table=satellite, column=satellite.company, read=Named)
    text = problems(
        things("companies", "companies"),
        Manifest(name="visits", title="V", tables=(satellite,), extensions=(extension,)),
    )
    assert "name is declared twice" in text


def test_tables_live_in_the_schema_of_their_plugin():
    made = table("elsewhere", "visit", name=Text())
    assert "must be in the plugin's own schema visits" in problems(
        Manifest(name="visits", title="V", tables=(made,))
    )


def test_a_table_in_use_is_listed():
    made = table("visits", "visit", name=Text())
    resource = Resource(name="visits", table=made, read=Named, write=Named)
    assert "no manifest lists under tables" in problems(
        Manifest(name="visits", title="V", resources=(resource,))
    )


def test_routes_name_a_known_permission():
    @get("/visits/next", permission="visits.visits.guess")
    async def unknown(ctx): ...

    @get("/visits/last", permission="")
    async def missing(ctx): ...

    text = problems(Manifest(name="visits", title="V", routes=(unknown, missing)))
    assert "GET /visits/next needs the permission visits.visits.guess, which nobody declares" in text
    assert "GET /visits/last names no permission" in text


def test_routes_ask_only_for_what_the_kernel_can_give():
    @post("/visits/{id:uuid}/go", permission="public")
    async def go(ctx, id, weather): ...

    @get("/visits/Size", permission="public")
    async def size(ctx, body: Named, query: int): ...

    @post("/visits/sync", permission="public")
    def blocking(ctx): ...

    text = problems(Manifest(name="visits", title="V", routes=(go, size, blocking)))
    assert "asks for weather" in text
    assert "malformed path" in text
    assert "takes a body, which GET has none of" in text
    assert "takes query, which must be annotated" in text
    assert "isn't async" in text


def test_grants_of_roles_match_something():
    manifest = things(
        manifest={"roles": {"technician": ("visits.visit.*", "visits.visits.read", "elsewhere.*")}}
    )
    text = problems(manifest)
    assert "granted visits.visit.*, which matches no permission" in text
    assert text.count("matches no permission") == 1


def test_a_service_keeps_its_promise():
    class Greeter(Protocol):
        async def greet(self, name: str) -> str: ...
        async def part(self) -> None: ...

    class Rude:
        def __init__(self, ctx) -> None: ...
        def greet(self, whom: str) -> str: ...

    text = problems(Manifest(name="visits", title="V", services=(provide(Greeter, Rude),)))
    assert "lacks part" in text
    assert "greet must be async" in text
    assert "doesn't take name" in text


def test_subscribers_want_events_that_exist():
    class Unlisted(Event, frozen=True, kw_only=True):
        """Nobody lists this."""

        name: ClassVar[str] = "visits.unlisted"

    @on(Unlisted)
    async def first(ctx, event): ...

    @on(changes("ghosts"))
    async def second(ctx, event): ...

    @before("ghosts", "delete")
    async def third(ctx, change): ...

    text = problems(Manifest(name="visits", title="V", subscribers=(first, second), interceptors=(third,)))
    assert "wants Unlisted, which no installed plugin declares" in text
    assert "changes of ghosts" in text
    assert "intercepts delete of ghosts" in text


def test_work_is_async_keyword_only_and_scheduled_by_a_real_cron():
    @actor()
    async def positional(ctx, id): ...

    @actor()
    def blocking(ctx): ...

    text = problems(
        Manifest(name="visits", title="V", actors=(positional,), schedules=(every("61 * * * *", blocking),))
    )
    assert "takes id by position" in text
    assert "no manifest lists under actors" in text
    assert "no cron expression" in text


def test_a_schedule_gives_its_actor_what_it_takes():
    @actor()
    async def needy(ctx, *, city: str): ...

    @actor()
    async def unreadable(ctx, *, thing: "Nowhere"): ...  # noqa: F821

    text = problems(
        Manifest(
            name="visits",
            title="V",
            actors=(needy, unreadable),
            schedules=(every("0 6 * * *", needy), every("0 6 * * *", unreadable)),
        )
    )
    assert "needy with other arguments than it takes" in text
    assert "city" in text
    assert "annotations of the actor" in text
    assert "name 'Nowhere' is not defined" in text


def test_settings_have_defaults():
    class Needy(Settings, frozen=True, kw_only=True):
        key: str

    assert "its setting key has no default" in problems(Manifest(name="visits", title="V", settings=Needy))


def test_a_hook_that_nobody_declares_is_named():
    assert "implements the hook psa_wish" in problems(
        Manifest(name="visits", title="V"), psa_wish=lambda: None
    )


def test_a_hook_with_foreign_arguments_is_named():
    def psa_nav(principal, weather):
        return ()

    assert "weather" in problems(Manifest(name="visits", title="V"), psa_nav=psa_nav)


def test_requirements_answer_hooks_before_dependents():
    said = [
        module(Manifest(name="later", title="L", requires=("early",)), psa_health=lambda: {"who": "later"}),
        module(Manifest(name="early", title="E"), psa_health=lambda: {"who": "early"}),
    ]
    registry = load(Config(), said, only=())
    answers = [answer["who"] for answer in registry.hooks.hook.psa_health() if "who" in answer]
    assert answers == ["early", "later"]


def test_every_problem_is_told_at_once():
    @get("/visits/next", permission="visits.visits.guess")
    async def unknown(ctx): ...

    text = problems(things(write=None, manifest={"routes": (unknown,)}))
    assert "no write struct" in text
    assert "visits.visits.guess" in text


def test_routes_for_browsers_can_be_served():
    async def show(*_given: object): ...

    def page(path: str, permission: str = PUBLIC) -> WebRoute:
        return WebRoute(
            plugin="visits", method="GET", path=path, permission=permission, handle=show, refuse=show
        )

    def asked(*routes: object):
        plugin = module(
            Manifest(name="visits", title="Visits"), psa_web_routes=lambda installation: list(routes)
        )
        return web_routes(load(Config(), [plugin], only=()))

    assert (
        len(asked(page("/"), page("/ui/x/"), page("/ui/{id:uuid}"), page("/ui/.well-known/{rest:path}"))) == 4
    )
    wrong = [
        page("/ui/{id:number}"), page("/{slug}/page"), page("/ui/{id}/{id:uuid}"), page("/ui/visits", "visits.look"),
        page("/ui/a/{one}"), WebAsset(path="/ui/a/{other}", handle=show),
    ]  # fmt: skip
    with pytest.raises(BootError) as caught:
        asked(*wrong)
    assert caught.value.problems == (
        "visits: the route GET /ui/{id:number} has a malformed path; it begins with a name, parameters read {id:uuid}.",
        "visits: the route GET /{slug}/page has a malformed path; it begins with a name, parameters read {id:uuid}.",
        "visits: the route GET /ui/{id}/{id:uuid} has two parameters named id.",
        "visits: the route GET /ui/visits needs the permission visits.look, which nobody declares.",
        "the route GET /ui/a/{other} is there already.",
    )
