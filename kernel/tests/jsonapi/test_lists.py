"""Lists and single records as documents."""

import datetime
import decimal

import pytest

from psa_sdk.errors import BadRequest, NotFound

from .conftest import CLIENT, somebody
from .library import Author, Book, Placing, Rating, Review, Shelf, numbered

WHEN = datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
async def shelf_of_books(library):
    await library.add(Author, id=numbered(1), first_name="Ada", last_name="Quill", client=CLIENT)
    await library.add(
        Author, id=numbered(2), first_name="Bo", last_name="Reed", mentor=numbered(1), api_secret=b"x"
    )
    await library.add(
        Book,
        id=numbered(11),
        title="Ink",
        status="printed",
        pages=120,
        copies=3,
        price=decimal.Decimal("49.50"),
        published=WHEN.date(),
        due_at=WHEN,
        tags=["red", "blue"],
        custom_fields='{"room": "12"}',
        author=numbered(1),
        editor=numbered(2),
        created_at=WHEN,
        updated_at=WHEN,
    )
    await library.add(
        Book, id=numbered(12), title='Pa\'per "x" ü', author=numbered(2), created_at=WHEN, tags=[]
    )
    await library.add(Shelf, id=numbered(21), name="North")
    await library.add(Placing, shelf=numbered(21), book=numbered(11))
    await library.add(Review, id=numbered(31), subject_type="books", subject_id=numbered(11), body="good")
    await library.add(Rating, book=numbered(11), stars=4, critic=numbered(2))
    await library.add(Author, library.elsewhere, id=numbered(3), first_name="Cy", last_name="Other")
    return library


async def test_a_record_shows_its_attributes_links_and_relationships(shelf_of_books):
    """API-01"""
    document = await shelf_of_books.get("books", numbered(11))
    data = document["data"]
    assert data["id"] == str(numbered(11))
    assert data["type"] == "books"
    assert data["attributes"] == {
        "title": "Ink",
        "status": "printed",
        "pages": 120,
        "copies": 3,
        "price": "49.50",
        "is_rare": False,
        "published": "2026-03-01",
        "due_at": "2026-03-01T09:30:00+00:00",
        "tags": ["red", "blue"],
        "custom_fields": {"room": "12"},
        "notes": None,
        "label": "B-0003",
        "total": "148.50",
        "created_at": "2026-03-01T09:30:00+00:00",
        "updated_at": "2026-03-01T09:30:00+00:00",
        "archived_at": None,
        "stars": 4,
    }
    me = f"/api/v1/books/{numbered(11)}"
    assert data["links"] == {"self": me}
    assert data["relationships"]["author"] == {
        "links": {"self": f"{me}/relationships/author", "related": f"{me}/author"},
        "data": {"type": "authors", "id": str(numbered(1))},
    }
    assert "data" not in data["relationships"]["shelves"]
    assert data["relationships"]["critic"]["data"] == {"type": "authors", "id": str(numbered(2))}
    assert document["links"] == {"self": me}


async def test_a_list_shows_only_the_tenants_own(shelf_of_books):
    """TEN-01"""
    document = await shelf_of_books.list("authors", "sort=last_name")
    assert [item["attributes"]["full_name"] for item in document["data"]] == ["Ada Quill", "Bo Reed"]
    assert [item["attributes"]["api_secret"] for item in document["data"]] == [False, True]
    assert document["links"]["next"] is None
    with pytest.raises(NotFound):
        await shelf_of_books.get("authors", numbered(3))


async def test_sparse_fieldsets_hold_for_primary_and_included(shelf_of_books):
    """API-01"""
    document = await shelf_of_books.list(
        "books", "fields[books]=title,author&fields[authors]=&include=author,editor&sort=title"
    )
    assert document["data"][0]["attributes"] == {"title": "Ink"}
    assert list(document["data"][0]["relationships"]) == ["author"]
    assert {item["id"] for item in document["included"]} >= {str(numbered(1))}
    assert all(item["attributes"] == {} for item in document["included"])


@pytest.mark.parametrize(
    ("include", "types"),
    [
        ("author", {"authors": 2}),
        ("author.mentor", {"authors": 2}),
        ("shelves", {"shelves": 1}),
        ("shelves.books", {"shelves": 1}),
        ("reviews", {"reviews": 1}),
        ("critic", {"authors": 1}),
        ("author.books.author", {"authors": 2}),
        ("author,editor,critic,shelves,reviews", {"authors": 2, "shelves": 1, "reviews": 1}),
    ],
)
async def test_includes_are_linked_and_unique(shelf_of_books, include, types):
    """API-01; the document checker proves uniqueness and full linkage"""
    document = await shelf_of_books.list("books", f"include={include}")
    found = {}
    for item in document["included"]:
        found[item["type"]] = found.get(item["type"], 0) + 1
    assert found == types
    assert (await shelf_of_books.get("books", numbered(11), f"include={include}"))["included"]


async def test_all_faults_of_a_query_are_named_at_once(shelf_of_books):
    """API-01"""
    with pytest.raises(BadRequest) as caught:
        await shelf_of_books.list(
            "books",
            "filter[colour]=red&filter[pages][like]=3&filter[pages]=many&sort=weight&include=publisher"
            "&fields[books]=smell&fields[boats]=x&page[size]=0&colour=red&page[number]=2",
        )
    assert [fault.parameter for fault in caught.value.faults] == [
        "filter[colour]",
        "filter[pages][like]",
        "filter[pages]",
        "sort",
        "include",
        "fields[books]",
        "fields[boats]",
        "colour",
        "page[number]",
        "page[size]",
    ]


async def test_portal_principals_see_their_rows_without_hidden_fields(shelf_of_books):
    client = somebody("library.*", audience="portal", company=CLIENT)
    document = await shelf_of_books.list("books", "include=author", principal=client)
    assert [item["attributes"]["title"] for item in document["data"]] == ["Ink"]
    assert "price" not in document["data"][0]["attributes"]
    assert "stars" not in document["data"][0]["attributes"]
    assert set(document["data"][0]["relationships"]) == {"author", "reviews"}
    assert [item["attributes"]["full_name"] for item in document["included"]] == ["Ada Quill"]
    with pytest.raises(NotFound):
        await shelf_of_books.list("shelves", principal=client)
    with pytest.raises(BadRequest):
        await shelf_of_books.list("books", "filter[price]=1", principal=client)
