"""Cursor pagination: every row once, in both directions, while rows change."""

import datetime
import decimal
import itertools

import pytest

from psa_kernel.jsonapi import paging, plan
from psa_sdk.errors import BadRequest

from .library import Author, Book, numbered

WHEN = datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.UTC)
SORTS = [
    "title",
    "-title",
    "due_at",
    "-due_at",
    "pages,-title",
    "-pages,title",
    "-published,due_at,-copies",
    "price",
    "-is_rare,price",
    "stars",
    "-stars,pages",
    "-id",
    "-updated_at,id",
]


async def fill(library):
    await library.add(Author, id=numbered(1), first_name="Ada", last_name="Quill")
    for number in range(60):
        await library.add(
            Book,
            id=numbered(100 + number),
            author=numbered(1),
            title=f"T{number % 7}",
            pages=None if number % 3 == 0 else number % 5,
            copies=number % 4,
            price=decimal.Decimal(number % 6),
            is_rare=number % 2 == 0,
            published=None if number % 4 == 0 else WHEN.date() - datetime.timedelta(days=number % 3),
            due_at=None if number % 5 == 0 else WHEN - datetime.timedelta(hours=number % 4),
        )
    async with library.unit() as unit:
        await unit.connection.execute(
            "INSERT INTO ratings.rating (book, stars)"
            " SELECT id, nullif(row_number() OVER (ORDER BY id) % 4, 0) FROM library.book"
            " WHERE copies > 0"
        )
    return library


@pytest.fixture(scope="module")
async def many_books(library):
    return await fill(library)


def following(link):
    return link.split("?", 1)[1]


async def walk(library, query, direction="next"):
    pages = []
    while query is not None:
        document = await library.list("books", query)
        pages.append([item["id"] for item in document["data"]])
        link = document["links"][direction]
        query = following(link) if link else None
    return pages


@pytest.mark.parametrize("sort", SORTS)
async def test_a_walk_sees_every_row_once_and_the_way_back_too(many_books, sort):
    """API-01, TIC-65"""
    whole = [item["id"] for item in (await many_books.list("books", f"sort={sort}&page[size]=100"))["data"]]
    assert len(set(whole)) == 60
    pages = await walk(many_books, f"sort={sort}&page[size]=7")
    assert [len(page) for page in pages] == [7] * 8 + [4]
    assert list(itertools.chain(*pages)) == whole

    document = await many_books.list("books", f"sort={sort}&page[size]=7")
    for _ in range(4):
        document = await many_books.list("books", following(document["links"]["next"]))
    back = await walk(many_books, following(document["links"]["prev"]), "prev")
    assert list(itertools.chain(*reversed(back))) == whole[:28]
    again = await many_books.list("books", following(document["links"]["prev"]))
    forward = await many_books.list("books", following(again["links"]["next"]))
    assert [item["id"] for item in forward["data"]] == [item["id"] for item in document["data"]]


async def test_empty_values_come_last_in_both_directions(many_books):
    for sort in ("due_at", "-due_at", "stars", "-stars"):
        items = (await many_books.list("books", f"sort={sort}&page[size]=100"))["data"]
        values = [item["attributes"][sort.lstrip("-")] for item in items]
        filled = [value for value in values if value is not None]
        assert values == sorted(filled, reverse=sort.startswith("-")) + [None] * (60 - len(filled))


async def test_rows_that_come_and_go_don_t_disturb_a_walk(own_library):
    """TIC-65"""
    many_books = await fill(own_library)
    seen = []
    document = await many_books.list("books", "sort=title&page[size]=9")
    before = {str(numbered(100 + number)) for number in range(60)}
    step = 0
    while True:
        seen += [item["id"] for item in document["data"]]
        await many_books.add(Book, author=numbered(1), title=f"T{step % 7}x")
        step += 1
        if not document["links"]["next"]:
            break
        document = await many_books.list("books", following(document["links"]["next"]))
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


async def test_includes_belong_to_the_shown_rows_only(many_books):
    """API-01: the row fetched beyond the page brings nothing along; the checker proves full linkage"""
    for query in ("include=author,critic,author.books", "include=author.books.author"):
        document = await many_books.list("books", f"{query}&page[size]=3&sort=title")
        assert len(document["data"]) == 3
        backwards = await many_books.list(
            "books",
            following(
                (await many_books.list("books", following(document["links"]["next"])))["links"]["prev"]
            ),
        )
        assert backwards["data"] == document["data"]
        assert backwards["included"] == document["included"]


async def test_an_included_to_many_relationship_is_capped_and_says_so(own_library):
    """API-02"""
    many_books = await fill(own_library)
    async with many_books.unit() as unit:
        await unit.connection.execute(
            "INSERT INTO library.book (title, author) SELECT 'more', $1 FROM generate_series(1, 80)",
            numbered(1),
        )
    document = await many_books.list("authors", "include=books")
    books = document["data"][0]["relationships"]["books"]
    assert len(books["data"]) == len(document["included"]) == 100
    assert books["meta"] == {"truncated": True}


async def test_an_include_that_leads_too_far_is_refused(many_books, monkeypatch):
    """API-02"""
    monkeypatch.setattr(paging, "MAX_INCLUDED", 59)
    with pytest.raises(BadRequest) as caught:
        await many_books.list("authors", "include=books")
    assert caught.value.code == "include_too_large"
    with pytest.raises(BadRequest):
        await many_books.get("authors", numbered(1), "include=books.author")
    monkeypatch.setattr(paging, "MAX_INCLUDED", 60)
    assert len((await many_books.list("authors", "include=books"))["included"]) == 60


async def test_a_list_is_one_statement_whatever_it_includes(many_books, monkeypatch):
    """API-02"""
    for query in ("", "include=author", "include=author.books,critic,shelves,reviews&page[total]=true"):
        statements = []
        async with many_books.unit() as unit:
            unit.connection.add_query_logger(lambda record, seen=statements: seen.append(record.query))
            await paging.page_document(
                unit, paging.catalog_of(unit.kernel.registry).shape("books"), query, "/api/v1/books"
            )
        assert len([query for query in statements if query.startswith(("SELECT", "WITH"))]) == 1


async def test_cursors_hold_for_the_same_request_in_the_same_tenant_only(many_books):
    """API-01"""
    document = await many_books.list("books", "sort=title&filter[copies]=1&page[size]=5")
    cursor = document["links"]["next"].rsplit("=", 1)[1]
    assert (await many_books.list("books", f"sort=title&filter[copies]=1&page[size]=9&page[after]={cursor}"))[
        "data"
    ]
    for query in (
        f"sort=-title&filter[copies]=1&page[after]={cursor}",
        f"sort=title&filter[copies]=2&page[after]={cursor}",
        f"sort=title&page[after]={cursor}",
        f"sort=title&filter[copies]=1&page[after]={cursor[:-2]}",
        f"sort=title&filter[copies]=1&page[after]={cursor[:-1]}{'A' if cursor[-1] != 'A' else 'B'}A",
        "page[after]=bm90aGluZw",
        "page[after]=%C3%BC",
        "page[before]=%20",
    ):
        with pytest.raises(BadRequest) as caught:
            await many_books.list("books", query)
        assert caught.value.code == "invalid_cursor"
    with pytest.raises(BadRequest):
        await many_books.list(
            "books", f"sort=title&filter[copies]=1&page[after]={cursor}", tenant_id=many_books.elsewhere
        )
    with pytest.raises(BadRequest):
        await many_books.related(
            "authors", numbered(1), "books", f"sort=title&filter[copies]=1&page[after]={cursor}"
        )


async def test_totals_are_counted_on_request_up_to_a_bound(many_books, monkeypatch):
    assert "meta" not in await many_books.list("books")
    document = await many_books.list("books", "page[total]=true&filter[copies]=1&page[size]=2")
    assert document["meta"]["page"] == {"total": 15, "estimated": False}
    second = await many_books.list("books", following(document["links"]["next"]))
    assert second["meta"]["page"]["total"] == 15
    monkeypatch.setattr(plan, "COUNTED", 11)
    monkeypatch.setattr(paging, "COUNTED", 11)
    plan.compile_plan.cache_clear()
    document = await many_books.list("books", "page[total]=true")
    assert document["meta"]["page"] == {"total": 11, "estimated": True}
    plan.compile_plan.cache_clear()


@pytest.mark.parametrize("size", ["0", "-1", "x", "1.5", "101", "٣", "9999999999"])
async def test_page_sizes_outside_the_bounds_are_refused(many_books, size):
    """API-02"""
    with pytest.raises(BadRequest) as caught:
        await many_books.list("books", f"page[size]={size}")
    assert caught.value.faults[0].parameter == "page[size]"
