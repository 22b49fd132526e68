"""Both plans give the same documents: PostgreSQL alone, and Python filling in computed attributes."""

import datetime

import pytest

from psa_kernel.jsonapi.documents import filled
from psa_kernel.jsonapi.scopes import shape_for
from psa_kernel.jsonapi.statement import SPLICE, emitted

from .library import Author, Book, numbered

QUERIES = (
    "",
    "include=mentor,books",
    "include=books.author,mentor.books",
    "fields[authors]=full_name",
    "fields[authors]=last_name,full_name,mentor&sort=-born",
    "fields[authors]=mentor",
    "page[size]=2&sort=born",
    'page[total]=true&filter[last_name]=Name "3"',
)


@pytest.fixture(scope="module")
async def by_python(library):
    for number in range(1, 8):
        await library.add(
            Author,
            id=numbered(number),
            first_name=["Ünal", "B\x02o\t", 'C"y', "D\\", ""][number % 5],
            last_name=f'Name "{number}"',
            born=None if number % 3 == 0 else datetime.date(1970, 1, number),
            mentor=numbered(number - 1) if number > 1 else None,
            created_at=datetime.datetime(2026, 1, number, tzinfo=datetime.UTC),
            updated_at=datetime.datetime(2026, 1, number, tzinfo=datetime.UTC),
        )
        await library.add(
            Book,
            id=numbered(number + 20),
            title="T",
            author=numbered(number),
            created_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
            updated_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        )
    return library


@pytest.mark.parametrize("query", QUERIES)
async def test_both_plans_give_the_same_documents(by_python, library_by_sql, query):
    by_sql = library_by_sql
    first, second = await by_python.list("authors", query), await by_sql.list("authors", query)
    while True:
        # Cursors carry a signature of the same key and values, so that even the links are equal.
        assert first == second
        link = first["links"]["next"]
        if link is None:
            break
        query = link.split("?", 1)[1]
        first, second = await by_python.list("authors", query), await by_sql.list("authors", query)
    if "page" not in query and "filter" not in query and "sort" not in query:
        assert await by_python.get("authors", numbered(3), query) == await by_sql.get(
            "authors", numbered(3), query
        )
        assert await by_python.related("books", numbered(23), "author") == await by_sql.related(
            "books", numbered(23), "author"
        )


async def test_computed_attributes_get_python_values(library):
    """Columns arrive in compute() as what they are in Python, not as JSON text."""
    async with library.unit() as unit:
        output = emitted(shape_for(unit, "authors"), {})
    text = filled(f'{{"x":1,{SPLICE}}}', '{"first_name":"A","last_name":"B"}', output)
    assert text == '{"x":1,"full_name":"A B"}'
