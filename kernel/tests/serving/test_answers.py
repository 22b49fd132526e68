"""What routes take and answer, and how every failure is told."""

import re

import pytest

from .conftest import JSON_API

ID = "0198c0c0-0000-7000-8000-000000000001"
PLAN = f"/api/v1/visits/{ID}/plan"


def errors(answer) -> list[dict]:
    """Return the errors of a document, having checked what all of them have."""
    assert answer.headers["content-type"] == JSON_API
    found = answer.json()["errors"]
    for error in found:
        assert error["status"] == str(answer.status_code)
        assert re.fullmatch(r"[a-z0-9_]+", error["code"])
        assert error["title"]
        assert error["detail"]
        assert error["meta"]["request_id"] == answer.headers["x-request-id"]
    return found


async def test_an_answer_is_a_document(desk):
    answer = await desk.anonymous.get("/api/v1/visits/hello?page[size]=7&kind=a&kind=b")
    assert answer.headers["content-type"] == JSON_API
    assert answer.json() == {
        "jsonapi": {"version": "1.1"},
        "data": {"type": "greetings", "id": "greetings", "attributes": {"size": 7, "kind": ["a", "b"]}},
        "links": {"self": "/api/v1/visits/hello"},
        "meta": {"kept": True},
    }


async def test_a_list_of_answers_is_a_document(desk):
    client = await desk.admin()
    document = (await client.get("/api/v1/visits/plain")).json()
    assert [item["id"] for item in document["data"]] == ["one", "two"]
    assert document["links"]["next"] == "/more"


async def test_a_record_is_answered_with_the_resources_document(desk):
    client = await desk.admin()
    answer = await client.get("/api/v1/visits/me?fields[users]=email")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["attributes"] == {"email": "admin@acme.example"}
    assert answer.headers["etag"].startswith('W/"')


async def test_wrong_and_unknown_parameters_are_told_at_once(desk):
    answer = await desk.anonymous.get("/api/v1/visits/hello?page[size]=1000&colour=red")
    assert answer.status_code == 400
    assert {error["source"]["parameter"] for error in errors(answer)} == {"page[size]", "colour"}


async def test_a_route_without_parameters_refuses_any(desk):
    client = await desk.admin()
    answer = await client.get("/api/v1/visits/plain?colour=red")
    assert (answer.status_code, errors(answer)[0]["source"]) == (400, {"parameter": "colour"})


async def test_wrong_missing_and_unknown_attributes_are_told_at_once(desk):
    answer = await desk.anonymous.post(PLAN, json={"data": {"attributes": {"hours": "two", "colour": 1}}})
    assert answer.status_code == 422
    pointers = {error["source"]["pointer"] for error in errors(answer)}
    assert {"/data/attributes/hours", "/data/attributes/colour"} <= pointers
    assert len(errors(answer)) == 3


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("GET", "/api/v1/users/not-a-uuid", 404, "no_such_route"),
        ("DELETE", "/api/v1/visits/hello", 405, "method_not_allowed"),
        ("TRACE", "/api/v1/visits/hello", 405, "method_not_allowed"),
        ("BREW", "/api/v1/visits/hello", 405, "method_not_allowed"),
        ("GET", "/api/v1/visits/secret", 401, "unauthenticated"),
        ("POST", "/api/v1/visits/write", 401, "unauthenticated"),
        ("GET", "/api/v1/users", 401, "unauthenticated"),
    ],
)
async def test_every_refusal_is_a_document(desk, method, path, status, code):
    answer = await desk.anonymous.request(method, path)
    assert (answer.status_code, errors(answer)[0]["code"]) == (status, code)
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    if status == 405:
        assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", JSON_API, 400, "malformed_json"),
        (b'{"data": {"attributes": {"title": "a", "title": "b"}}}', JSON_API, 400, "malformed_json"),
        (b'{"data": {"attributes": {"title": "a", "hours": NaN}}}', JSON_API, 400, "malformed_json"),
        (b"\xff\xfe", JSON_API, 400, "malformed_json"),
        (b"[]", JSON_API, 400, "malformed_document"),
        (b"[" * 5000 + b"]" * 5000, JSON_API, 400, "too_deep"),
        (b" " * 1_100_000, JSON_API, 413, "too_large"),
        (b"title=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", f"{JSON_API}; charset=utf-8", 415, "unsupported_media_type"),
        (b"{}", f'{JSON_API}; ext="https://jsonapi.org/ext/atomic"', 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=latin-1", 415, "unsupported_media_type"),
    ],
)
async def test_bad_bodies_are_refused(desk, body, content_type, status, code):
    answer = await desk.anonymous.post(PLAN, content=body, headers={"content-type": content_type})
    assert (answer.status_code, errors(answer)[0]["code"]) == (status, code)


async def test_a_body_that_grows_beyond_the_limit_is_refused(desk):
    async def endless():
        for _ in range(40):
            yield b" " * 65536

    answer = await desk.anonymous.post(PLAN, content=endless(), headers={"content-type": JSON_API})
    assert answer.status_code == 413


async def test_uploads_have_the_limit_of_their_route(desk):
    client = await desk.admin()
    sent = {"content-type": "application/octet-stream"}
    answer = await client.post("/api/v1/visits/upload", content=b"x" * 4_000_000, headers=sent)
    assert answer.text == "4000000"

    async def endless():
        for _ in range(100):
            yield b" " * 65536

    answer = await client.post("/api/v1/visits/upload", content=endless(), headers=sent)
    assert (answer.status_code, errors(answer)[0]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("text/html", 200),
        (JSON_API, 200),
        (f'{JSON_API}; profile="https://example.com/p"', 200),
        (f"{JSON_API}; charset=utf-8", 406),
        (f"{JSON_API}; charset=utf-8, {JSON_API}", 200),
        (f'{JSON_API}; ext="https://example.com/e", text/html', 406),
        (f"{JSON_API}; q=0", 406),
    ],
)
async def test_accept_is_honoured_as_the_specification_says(desk, accept, status):
    answer = await desk.anonymous.get("/api/v1/visits/hello", headers={"accept": accept})
    assert answer.status_code == status


async def test_plain_json_is_taken_and_answered_as_json_api(desk):
    answer = await desk.anonymous.post(PLAN, json={"data": {"attributes": {"title": "a"}}})
    assert (answer.status_code, answer.headers["content-type"]) == (201, JSON_API)


async def test_a_failure_of_ours_tells_nothing_and_is_logged(desk, capsys):
    client = await desk.admin()
    answer = await client.post("/api/v1/visits/write", json={"data": {"attributes": {"title": "crash"}}})
    assert (answer.status_code, errors(answer)[0]["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.text
    output = capsys.readouterr()
    assert "hunter2" in output.out + output.err


async def test_a_statement_that_takes_too_long_is_told_so(desk):
    client = await desk.admin()
    answer = await client.get("/api/v1/visits/slow")
    assert (answer.status_code, errors(answer)[0]["code"]) == (503, "too_slow")


async def test_head_answers_like_get_without_a_body(desk):
    answer = await desk.anonymous.head("/api/v1/visits/hello")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == JSON_API


async def test_staff_have_no_business_on_portal_routes(desk):
    client = await desk.admin()
    answer = await client.get("/api/v1/visits/clients")
    assert (answer.status_code, errors(answer)[0]["code"]) == (401, "wrong_audience")


async def test_too_many_header_fields_are_refused(desk):
    answer = await desk.anonymous.get("/api/v1/visits/hello", headers={f"x-{n}": "y" for n in range(200)})
    assert (answer.status_code, errors(answer)[0]["code"]) == (431, "headers_too_large")
