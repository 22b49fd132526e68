"""The routes of resources over HTTP."""

import csv
import datetime
import io

import pytest

from psa_kernel.jsonapi.openapi import paths

from .conftest import ADMIN, somebody
from .library import Author, Book, Placing, Review, Shelf, numbered

API = "/api/v1"
WHEN = datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.UTC)


@pytest.fixture
async def site(served):
    await served.add(Author, id=numbered(1), first_name="Ada", last_name="Quill")
    await served.add(Author, id=numbered(2), first_name="=cmd", last_name="Reed", mentor=numbered(1))
    await served.add(
        Book,
        id=numbered(11),
        title="-1+1",
        author=numbered(1),
        pages=-5,
        notes="-5.20",
        tags=["@a", "b"],
        custom_fields='{"room": 1}',
        due_at=WHEN,
    )
    await served.add(Book, id=numbered(12), title="Zed", author=numbered(2), archived_at=WHEN)
    await served.add(Shelf, id=numbered(21), name="North")
    await served.add(Placing, shelf=numbered(21), book=numbered(11))
    await served.add(Review, id=numbered(31), subject_type="books", subject_id=numbered(11), body="good")
    return served


def book(**attributes):
    return {
        "data": {
            "type": "books",
            "attributes": {"title": "New", **attributes},
            "relationships": {"author": {"data": {"type": "authors", "id": str(numbered(1))}}},
        }
    }


async def test_a_record_is_read_once_until_it_changes(site):
    """API-01, X-07"""
    answer = await site.call("GET", f"{API}/books/{numbered(11)}")
    assert answer.status_code == 200
    assert answer.headers["etag"] == 'W/"1"'
    assert "Authorization" in answer.headers["vary"]
    again = await site.call("GET", f"{API}/shelves/{numbered(21)}", if_none_match='W/"7", W/"1"')
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == 'W/"1"'
    other = await site.call("GET", f"{API}/shelves/{numbered(21)}", if_none_match='W/"2"')
    assert other.status_code == 200
    included = await site.call("GET", f"{API}/shelves/{numbered(21)}?include=books", if_none_match='W/"1"')
    assert included.status_code == 200


async def test_a_record_is_created_changed_replaced_and_deleted(site):
    """API-03, X-07"""
    made = await site.call("POST", f"{API}/books?include=author&fields[books]=title,author", book(pages=3))
    assert made.status_code == 201, made.text
    assert made.json()["data"]["attributes"] == {"title": "New"}
    assert made.json()["included"][0]["id"] == str(numbered(1))
    url = made.headers["location"]
    assert made.headers["etag"] == 'W/"1"'
    made_id = made.json()["data"]["id"]

    change = {"data": {"type": "books", "id": made_id, "attributes": {"title": "Newer"}}}
    stale = await site.call("PATCH", url, change, if_match='W/"9"')
    assert stale.status_code == 412
    malformed = await site.call("PATCH", url, change, if_match="9")
    assert malformed.status_code == 400
    changed = await site.call("PATCH", url, change, if_match='W/"1"')
    assert changed.status_code == 200, changed.text
    assert changed.json()["data"]["attributes"]["title"] == "Newer"
    assert changed.headers["etag"] == 'W/"2"'

    whole = book()
    whole["data"]["id"] = made_id
    replaced = await site.call("PUT", url, whole, if_match='W/"2"')
    assert replaced.status_code == 200, replaced.text
    assert replaced.json()["data"]["attributes"]["pages"] is None

    assert (await site.call("DELETE", url)).status_code == 204
    assert (await site.call("GET", url)).status_code == 404
    assert (await site.call("GET", f"{url}?filter[archived]=true")).status_code == 200
    shelf = f"{API}/shelves/{numbered(21)}"
    assert (await site.call("DELETE", shelf, if_match='W/"4"')).status_code == 412
    assert (await site.call("DELETE", shelf)).status_code == 204
    assert (await site.call("GET", shelf)).status_code == 404


async def test_relationships_are_read_at_their_own_urls(site):
    """API-01"""
    url = f"{API}/books/{numbered(11)}"
    author = await site.call("GET", f"{url}/author?fields[authors]=last_name")
    assert author.json()["data"]["attributes"] == {"last_name": "Quill"}
    editor = await site.call("GET", f"{url}/editor")
    assert editor.json()["data"] is None
    linkage = await site.call("GET", f"{url}/relationships/author")
    assert linkage.json()["data"] == {"type": "authors", "id": str(numbered(1))}
    assert linkage.json()["links"] == {"self": f"{url}/relationships/author", "related": f"{url}/author"}
    assert (await site.call("GET", f"{url}/relationships/editor")).json()["data"] is None
    shelves = await site.call("GET", f"{url}/relationships/shelves")
    assert shelves.json()["data"] == [{"type": "shelves", "id": str(numbered(21))}]
    inverse = await site.call("GET", f"{API}/authors/{numbered(1)}/books?sort=title&page[size]=1")
    assert [item["id"] for item in inverse.json()["data"]] == [str(numbered(11))]
    assert inverse.json()["links"]["self"].startswith(f"{API}/authors/{numbered(1)}/books?")
    back = await site.call("GET", f"{API}/shelves/{numbered(21)}/books")
    assert len(back.json()["data"]) == 1
    archived = await site.call("GET", f"{API}/authors/{numbered(2)}/books?filter[archived]=any")
    assert len(archived.json()["data"]) == 1
    review = await site.call("GET", f"{API}/reviews/{numbered(31)}")
    assert review.json()["data"]["relationships"]["subject"]["data"] == {
        "type": "books",
        "id": str(numbered(11)),
    }
    for path in ("publisher", "relationships/publisher", "relationships/author?sort=x"):
        assert (await site.call("GET", f"{url}/{path}")).status_code in {400, 404}
    assert (await site.call("GET", f"{API}/books/{numbered(99)}/author")).status_code == 404
    assert (await site.call("GET", f"{API}/books/{numbered(99)}/relationships/shelves")).status_code == 404


async def test_relationships_are_changed_at_their_own_urls(site):
    url = f"{API}/books/{numbered(11)}/relationships"
    change = {"data": {"type": "authors", "id": str(numbered(2))}}
    answer = await site.call("PATCH", f"{url}/editor", change)
    assert answer.status_code == 204, answer.text
    assert (await site.call("GET", f"{url}/editor")).json() | change == (
        await site.call("GET", f"{url}/editor")
    ).json()
    shelf = {"data": [{"type": "shelves", "id": str(numbered(21))}]}
    assert (await site.call("DELETE", f"{url}/shelves", shelf)).status_code == 204
    assert (await site.call("GET", f"{url}/shelves")).json()["data"] == []
    assert (await site.call("POST", f"{url}/shelves", shelf)).status_code == 204
    assert (await site.call("GET", f"{url}/shelves")).json()["data"] == shelf["data"]
    assert (await site.call("PATCH", f"{url}/reviews", shelf)).status_code == 405


async def test_a_child_is_created_below_its_parent(site):
    body = {"data": {"type": "reviews", "attributes": {"body": "fine"}}}
    answer = await site.call("POST", f"{API}/books/{numbered(11)}/reviews", body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].startswith(f"{API}/reviews/")
    listed = await site.call("GET", f"{API}/books/{numbered(11)}/reviews")
    assert len(listed.json()["data"]) == 2
    assert (await site.call("POST", f"{API}/books/{numbered(99)}/reviews", body)).status_code == 404
    assert (await site.call("POST", f"{API}/authors/{numbered(1)}/reviews", body)).status_code == 405


async def test_who_may_create_and_not_read_learns_where_it_is(site):
    site.principal = somebody("library.books.create", "library.authors.read")
    answer = await site.call("POST", f"{API}/books", book())
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["data"]) == {"type", "id", "links"}
    assert answer.json()["data"]["links"]["self"] == answer.headers["location"]


async def test_an_export_is_complete_harmless_and_audited(site):
    """CRM-09"""
    for number in range(3):
        await site.add(Shelf, name=f"S{number:04}")
    answer = await site.call("GET", f"{API}/books.csv?filter[archived]=any&sort=title")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="books.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 2
    first = rows[0]
    assert first["title"] == "'-1+1"
    assert first["pages"] == "-5"
    assert first["notes"] == "-5.20"
    assert first["tags"] == "'@a,b"
    assert first["custom_fields"] == '{"room": 1}'
    assert first["due_at"] == "2026-03-01T09:30:00+00:00"
    assert first["author"] == str(numbered(1))
    assert first["editor"] == ""
    assert first["is_rare"] == "false"
    authors = list(
        csv.DictReader(
            io.StringIO(
                (
                    await site.call(
                        "GET", f"{API}/authors.csv?fields[authors]=full_name,mentor&sort=last_name"
                    )
                ).text
            )
        )
    )
    assert [row["full_name"] for row in authors] == ["Ada Quill", "'=cmd Reed"]
    assert list(authors[0]) == ["id", "mentor", "full_name"]
    async with site.unit() as unit:
        entries = await unit.connection.fetch(
            "SELECT resource, detail FROM psa.audit_entry WHERE action = 'export' ORDER BY occurred_at"
        )
    assert [entry["resource"] for entry in entries] == ["books", "authors"]
    assert (await site.call("GET", f"{API}/books.csv?page[size]=3")).status_code == 400
    site.here = site.elsewhere
    assert (await site.call("GET", f"{API}/books.csv")).text.count("\r\n") == 1
    site.principal = somebody("library.authors.read")
    assert (await site.call("GET", f"{API}/books.csv")).status_code == 403


async def test_a_long_export_arrives_in_parts(site):
    async with site.unit() as unit:
        await unit.connection.execute(
            "INSERT INTO library.shelf (name) SELECT 'S' || n FROM generate_series(1, 1300) n"
        )
    chunks = []
    async with site.client.stream("GET", f"{API}/shelves.csv") as answer:
        chunks = [chunk async for chunk in answer.aiter_bytes()]
    assert b"".join(chunks).count(b"\r\n") == 1302


async def test_errors_are_documents(site):
    for method, path, status in (
        ("GET", f"{API}/books/{numbered(99)}", 404),
        ("GET", f"{API}/books/nonsense", 404),
        ("GET", f"{API}/books?colour=red", 400),
        ("POST", f"{API}/books/{numbered(11)}", 405),
        ("GET", f"{API}/nothing", 404),
    ):
        answer = await site.call(method, path)
        assert answer.status_code == status
        assert answer.json()["errors"][0]["status"] == str(status)
    assert site.principal is ADMIN


def routes_of(app):
    return {
        (method, route.path_format)
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method not in {"OPTIONS", "HEAD"}
    }


async def test_the_openapi_paths_are_the_routes(served):
    """API-05"""
    documented, components = paths(served.kernel.registry)
    assert {(method.upper(), path) for path, item in documented.items() for method in item} == routes_of(
        served.app
    )
    schemas = components["schemas"]
    assert {"BooksAttributes", "BooksList", "BooksCreate", "AuthorsLinkage"} <= schemas.keys()
    assert schemas["BooksAttributes"]["properties"]["status"]["enum"] == ["draft", "printed", "lost"]
    assert "stars" in schemas["BooksAttributes"]["properties"]
    used = set()

    def collect(node):
        if isinstance(node, dict):
            if "$ref" in node:
                used.add(node["$ref"])
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(documented)
    collect(components)
    known = {f"#/components/{group}/{name}" for group, items in components.items() for name in items}
    assert used - known == {"#/components/responses/Error"}
    ids = [operation["operationId"] for item in documented.values() for operation in item.values()]
    assert len(ids) == len(set(ids))
