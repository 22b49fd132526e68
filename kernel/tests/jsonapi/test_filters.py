"""Filters: typed operators over columns, satellites, related records, tags, custom fields and words."""

import datetime
import decimal

import pytest

from psa_sdk.errors import BadRequest

from .library import Author, Book, Rating, numbered

WHEN = datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
async def books(library):
    await library.add(Author, id=numbered(1), first_name="Ada", last_name="Quill")
    await library.add(Author, id=numbered(2), first_name="Bo", last_name="Reed", mentor=numbered(1))
    await library.add(
        Book,
        id=numbered(11),
        title="Ink 100%",
        author=numbered(1),
        status="printed",
        pages=120,
        copies=3,
        price=decimal.Decimal("49.50"),
        published=WHEN.date(),
        due_at=WHEN,
        tags=["red", "blue"],
        custom_fields='{"room": "12", "floor": 3}',
    )
    await library.add(
        Book, id=numbered(12), title="paper_1", author=numbered(2), tags=["red"], notes="n", is_rare=True
    )
    await library.add(
        Book, id=numbered(13), title="Gone", author=numbered(2), tags=[], archived_at=WHEN, pages=5
    )
    await library.add(Rating, book=numbered(11), stars=4, critic=numbered(2))
    await library.add(Rating, book=numbered(12))
    return library


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("filter[title]=paper_1", [12]),
        ("filter[title][ne]=paper_1", [11]),
        ("filter[title][contains]=0%25", [11]),
        ("filter[title][contains]=R_", [12]),
        ("filter[title][contains]=R1", []),
        ("filter[title][starts]=PAPER", [12]),
        ("filter[title][in]=paper_1,none", [12]),
        ("filter[status]=printed", [11]),
        ("filter[status][in]=printed,draft", [11, 12]),
        ("filter[status][ne]=lost", [11, 12]),
        ("filter[pages][gte]=120", [11]),
        ("filter[pages][gt]=120", []),
        ("filter[pages][lt]=121&filter[pages][gt]=119", [11]),
        ("filter[pages][lte]=120", [11]),
        ("filter[pages][null]=true", [12]),
        ("filter[pages][null]=false", [11]),
        ("filter[pages][ne]=120", [12]),
        ("filter[copies][in]=3,4", [11]),
        ("filter[price]=49.5", [11]),
        ("filter[is_rare]=true", [12]),
        ("filter[published]=2026-03-01", [11]),
        ("filter[due_at]=2026-03-01T10:30:00%2B01:00", [11]),
        ("filter[due_at][lt]=2026-03-01T09:30:00Z", []),
        ("filter[tags]=red", [11, 12]),
        ("filter[tags]=red,blue", [11]),
        ("filter[tags][in]=blue,green", [11]),
        (f"filter[author]={numbered(2)}", [12]),
        (f"filter[author][in]={numbered(1)},{numbered(2)}", [11, 12]),
        ("filter[author.last_name]=Reed", [12]),
        ("filter[author.last_name][starts]=q", [11]),
        ("filter[author.mentor.last_name]=Quill", [12]),
        ("filter[author.mentor.last_name][null]=false", [12]),
        ("filter[author.last_name][null]=true", []),
        ("filter[label]=B-0003", [11]),
        ("filter[notes][null]=false", [12]),
        ("filter[stars]=4", [11]),
        ("filter[stars][ne]=4", [12]),
        ("filter[stars][null]=true", [12]),
        ("filter[stars][gte]=5", []),
        (f"filter[critic]={numbered(2)}", [11]),
        ("filter[custom_fields.room]=12", [11]),
        ("filter[custom_fields.floor]=3", [11]),
        ("filter[custom_fields.room][null]=true", [12]),
        ("filter[archived]=true", [13]),
        ("filter[archived]=any", [11, 12, 13]),
        ("filter[archived]=false", [11, 12]),
        (f"filter[id][in]={numbered(11)},{numbered(13)}", [11]),
        ("filter[q]=ink", [11]),
        ("filter[q]=nothing", []),
        ("filter[q]=pap&filter[tags]=red", [12]),
    ],
)
async def test_a_filter_selects(books, query, expected):
    """API-01"""
    document = await books.list("books", f"{query}&sort=id&page[total]=true")
    assert [item["id"] for item in document["data"]] == [str(numbered(number)) for number in expected]
    assert document["meta"]["page"]["total"] == len(expected)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("filter[pages]=many", "'many' is not an integer"),
        ("filter[pages]=99999999999", "is not an integer"),
        ("filter[status]=burnt", "none of draft, printed, lost"),
        ("filter[status][in]=printed,burnt", "none of draft, printed, lost"),
        ("filter[is_rare]=1", "true or false"),
        ("filter[published]=01.03.2026", "YYYY-MM-DD"),
        ("filter[due_at]=2026-03-01", "RFC 3339"),
        ("filter[due_at]=2026-03-01T10:00:00", "zone"),
        ("filter[author]=me", "is not a uuid"),
        ("filter[price]=NaN", "a decimal number"),
        ("filter[title][in]=", "at least one value"),
        ("filter[title][gt]=a", "there are eq, ne, in, contains, starts, null"),
        ("filter[title]=a%00b", "NUL"),
        ("filter[secret]=1", "there are archived, author"),
        ("filter[title]=a&filter[title]=b", "more than once"),
        ("filter[title]=a&filter[title][eq]=b", "given twice"),
        ("filter[archived]=maybe", "false, true, any"),
        ("filter=1", "not a parameter"),
        ("filter[title", "not a parameter"),
        ("title=x", "not a parameter"),
        ("filter[custom_fields.Room']=x", "can't be filtered by"),
        ("sort=title,title", "given twice"),
        ("include=author.books.author.books", "the most is 3"),
    ],
)
async def test_what_a_filter_can_t_mean_is_refused_with_its_parameter(books, query, says):
    with pytest.raises(BadRequest) as caught:
        await books.list("books", query)
    assert says in str(caught.value)
    assert caught.value.faults[0].parameter


async def test_more_than_utf_8_is_refused(books):
    with pytest.raises(BadRequest):
        await books.list("books", "filter[title]=%FF")
