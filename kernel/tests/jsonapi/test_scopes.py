"""Who sees what: grants with object scopes, hooks, subjects, the portal and disabled modules."""

import pytest

from psa_kernel.jsonapi.read import count_records
from psa_kernel.jsonapi.scopes import Fragment, both, either, visible_sql
from psa_sdk import hookimpl
from psa_sdk.errors import BadRequest, Forbidden, NotFound

from .conftest import ADMIN, CLIENT, somebody
from .library import Author, Book, Placing, Review, Shelf, numbered


async def fill(library):
    for number, client in ((1, CLIENT), (2, None)):
        await library.add(Author, id=numbered(number), first_name="A", last_name=f"L{number}", client=client)
    for number, status, author in ((11, "printed", 1), (12, "draft", 2), (13, "draft", 1)):
        await library.add(
            Book, id=numbered(number), title=f"B{number}", status=status, author=numbered(author)
        )
        await library.add(
            Review, id=numbered(number + 20), subject_type="books", subject_id=numbered(number), body="b"
        )
    await library.add(
        Review, id=numbered(41), subject_type="authors", subject_id=numbered(1), body="internal"
    )
    await library.add(Review, id=numbered(42), subject_type="shelves", subject_id=numbered(5), body="?")
    await library.add(Shelf, id=numbered(51), name="North")
    await library.add(Placing, shelf=numbered(51), book=numbered(11))
    await library.add(Placing, shelf=numbered(51), book=numbered(12))
    return library


@pytest.fixture(scope="module")
async def stock(library):
    return await fill(library)


def ids(document):
    return [item["id"][-2:] for item in document["data"]]


async def test_an_object_scope_limits_lists_records_counts_includes_and_relationships(stock):
    wide = somebody("library.*", "library.books.read@printed")
    reader = somebody("library.authors.read", "library.shelves.read", "library.books.read@printed")
    assert len((await stock.list("books", principal=wide))["data"]) == 3
    assert ids(await stock.list("books", principal=reader)) == ["0b"]
    document = await stock.list("books", "page[total]=true", principal=reader)
    assert document["meta"]["page"]["total"] == 1
    async with stock.unit(reader) as unit:
        assert await count_records(unit, "books") == 1
        assert await count_records(unit, "books", "filter[status]=draft") == 0
    with pytest.raises(NotFound) as hidden:
        await stock.get("books", numbered(12), principal=reader)
    with pytest.raises(NotFound) as unknown:
        await stock.get("books", numbered(99), principal=reader)
    assert str(hidden.value).replace("0c", "xx") == str(unknown.value).replace("63", "xx")
    with pytest.raises(NotFound):
        await stock.related("books", numbered(12), "author", principal=reader)
    with pytest.raises(NotFound):
        await stock.linkage("books", numbered(12), "author", principal=reader)
    document = await stock.list("shelves", "include=books", principal=reader)
    assert [item["id"][-2:] for item in document["included"]] == ["0b"]
    assert len(document["data"][0]["relationships"]["books"]["data"]) == 1
    assert ids(await stock.related("shelves", numbered(51), "books", principal=reader)) == ["0b"]
    assert ids(await stock.linkage("shelves", numbered(51), "books", principal=reader)) == ["0b"]


async def test_several_scopes_add_up(stock):
    reader = somebody("library.books.read@printed", "library.books.read@authored", id=numbered(2))
    assert ids(await stock.list("books", "sort=id", principal=reader)) == ["0b", "0c"]
    nobody = somebody("library.books.read@unknown")
    assert ids(await stock.list("books", principal=nobody)) == []


async def test_a_scope_of_a_write_narrows_what_may_be_written(stock):
    writer = somebody("library.books.read", "library.books.update@authored", id=numbered(2))
    async with stock.unit(writer) as unit:
        sql, values = visible_sql(unit, "books", 1, "update")
        rows = await unit.connection.fetch(
            f'SELECT id FROM library.book AS "book" WHERE $1::int = 1 AND {sql}', 1, *values
        )
        assert [row["id"] for row in rows] == [numbered(12)]
    async with stock.unit(ADMIN) as unit:
        assert visible_sql(unit, "books", 3) == ("true", ())


async def test_without_the_permission_nothing_is_read_or_included(stock):
    reader = somebody("library.books.read")
    with pytest.raises(Forbidden):
        await stock.list("authors", principal=reader)
    with pytest.raises(Forbidden):
        await stock.get("authors", numbered(1), principal=reader)
    with pytest.raises(Forbidden) as caught:
        await stock.list("books", "include=author,shelves", principal=reader)
    assert [fault.parameter for fault in caught.value.faults] == ["include", "include"]
    with pytest.raises(Forbidden):
        await stock.related("books", numbered(11), "author", principal=reader)


async def test_another_tenant_sees_nothing(stock):
    """TEN-03"""
    assert ids(await stock.list("books", tenant_id=stock.elsewhere)) == []
    for call in (
        stock.get("books", numbered(11), tenant_id=stock.elsewhere),
        stock.related("books", numbered(11), "author", tenant_id=stock.elsewhere),
        stock.related("books", numbered(11), "shelves", tenant_id=stock.elsewhere),
        stock.linkage("books", numbered(11), "shelves", tenant_id=stock.elsewhere),
    ):
        with pytest.raises(NotFound):
            await call


async def test_rows_that_hang_on_a_record_are_seen_with_it(stock):
    reader = somebody("library.reviews.read", "library.books.read@printed")
    assert ids(await stock.list("reviews", "sort=id", principal=reader)) == ["1f"]
    everything = somebody("library.*")
    assert ids(await stock.list("reviews", "sort=id", principal=everything)) == ["1f", "20", "21", "29"]
    nothing = somebody("library.reviews.read")
    assert ids(await stock.list("reviews", principal=nothing)) == []
    document = await stock.get("books", numbered(11), "include=reviews", principal=reader)
    assert len(document["included"]) == 1
    client = somebody("library.*", audience="portal", company=CLIENT)
    assert ids(await stock.list("reviews", principal=client)) == ["1f"]


async def test_clients_dont_find_by_custom_fields_that_they_dont_see(own_library):
    stock = await fill(own_library)
    await stock.add(
        Book,
        id=numbered(15),
        title="B15",
        status="printed",
        author=numbered(1),
        custom_fields='{"room": "12"}',
    )
    client = somebody("library.*", audience="portal", company=CLIENT)
    assert ids(await stock.list("books", "filter[custom_fields.room]=12")) == ["0f"]
    assert ids(await stock.list("books", "filter[custom_fields.room]=12", principal=client)) == []


async def test_a_portal_principal_never_reaches_what_has_no_portal_scope(stock):
    client = somebody("library.*", audience="portal", company=CLIENT)
    assert ids(await stock.list("books", principal=client)) == ["0b"]
    assert ids(await stock.list("authors", principal=client)) == ["01"]
    for query in (
        "include=editor",
        "include=shelves",
        "fields[shelves]=name",
        "filter[stars]=1",
        "sort=stars",
    ):
        with pytest.raises(BadRequest):
            await stock.list("books", query, principal=client)
    for relation in ("editor", "shelves", "critic"):
        with pytest.raises(NotFound):
            await stock.related("books", numbered(11), relation, principal=client)
    with pytest.raises(NotFound):
        await stock.get("shelves", numbered(51), principal=client)
    with pytest.raises(BadRequest):
        await stock.list("books", "filter[author.mentor.last_name]=x", principal=client)


async def test_a_disabled_module_is_gone_and_so_is_what_it_adds(stock):
    off = frozenset(("ratings",))
    document = await stock.get("books", numbered(11), disabled=off)
    assert "stars" not in document["data"]["attributes"]
    assert "critic" not in document["data"]["relationships"]
    with pytest.raises(BadRequest):
        await stock.list("books", "filter[stars]=1", disabled=off)
    with pytest.raises(NotFound) as caught:
        await stock.list("books", disabled=frozenset(("library",)))
    assert caught.value.code == "module_disabled"


async def test_a_scope_hook_narrows_everything(stock):
    class Narrow:
        @hookimpl
        def psa_scope(self, principal, resource):
            return (lambda who: Book.title == "B13") if resource == "books" else None

    hooks = stock.kernel.registry.hooks
    plugin = Narrow()
    hooks.register(plugin)
    try:
        assert ids(await stock.list("books")) == ["0d"]
        assert ids(await stock.related("shelves", numbered(51), "books")) == []
    finally:
        hooks.unregister(plugin)


def test_fragments_combine():
    one, two = Fragment("a = $1", (1,)), Fragment("b = $1 OR c = $2", (2, 3))
    assert both(one, Fragment(), two) == Fragment("(a = $1) AND (b = $2 OR c = $3)", (1, 2, 3))
    assert either(one, Fragment()) == Fragment()
    assert either(one) == one
    assert either() == Fragment("false")
