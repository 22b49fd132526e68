"""Bad input gets one clear error for each fault, all at once, and leaves nothing behind."""

import msgspec
import pytest

from psa_sdk.tables import new_id
from psa_sdk.testing.battery.house import API, report

JSON_API = "application/vnd.api+json"


async def counting(kit) -> str:
    """Return the statement that counts the rows of every table of a tenant; made once."""
    if hasattr(kit, "statement"):
        return kit.statement
    tables = await kit.installation.rows(
        "SELECT c.table_schema AS s, c.table_name AS t FROM information_schema.columns c"
        " JOIN information_schema.tables b USING (table_schema, table_name)"
        " WHERE c.column_name = 'tenant_id' AND b.table_type = 'BASE TABLE'"
        " AND c.table_name NOT IN ('access_log', 'audit_seal', 'usage')"
    )
    kit.statement = " UNION ALL ".join(
        f'SELECT \'{row["s"]}.{row["t"]}\' AS name, count(*) AS n FROM "{row["s"]}"."{row["t"]}" WHERE tenant_id = $1'
        # Security alerts about the test's own people may still be on their way.
        + (" AND actor_kind <> 'system'" if row["t"] in {"audit_entry", "outbox"} else "")
        for row in tables
    )
    return kit.statement


async def counts(kit) -> dict[str, int]:
    """Return the number of rows of every table of the tenant; logs of access and what the system notes apart."""
    rows = await kit.installation.rows(await counting(kit), kit.tenant_id)
    return {row["name"]: row["n"] for row in rows}


@pytest.fixture
async def unchanged(kit):
    """Nothing is stored by the whole test."""
    await (await kit.admin()).account_id()
    before = await counts(kit)
    yield
    assert await counts(kit) == before


def wrong(text: str) -> bytes:
    return text.encode()


DEEP = b'{"data":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
BODIES = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "two documents": (b"{}{}", 400),
    "a list": (b"[]", 400),
    "a number": (b"1", 400),
    "null": (b"null", 400),
    "no data": (b"{}", 400),
    "data of the wrong type": (b'{"data":"x"}', 400),
    "a list of data": (b'{"data":[]}', 400),
    "deep": (DEEP, 400),
    "deep text": (b'{"data":{"type":"companies","attributes":{"name":"' + b"[" * 300 + b'"}}}', 422),
    "NaN": (b'{"data":{"type":"companies","attributes":{"name":NaN}}}', 400),
    "Infinity": (b'{"data":{"type":"companies","attributes":{"name":Infinity}}}', 400),
    "broken UTF-8": (b'{"data":{"type":"companies","attributes":{"name":"\xff"}}}', 400),
    "half a surrogate": (b'{"data":{"type":"companies","attributes":{"name":"\\ud800"}}}', 422),
    "a huge number": (b'{"data":{"type":"companies","attributes":{"name":' + b"9" * 5000 + b"}}}", 400),
    "a huge exponent": (b'{"data":{"type":"companies","attributes":{"name":1e400}}}', 400),
    "NUL": (b'{"data":{"type":"companies","attributes":{"name":"a\\u0000b"}}}', 422),
    "attributes as list": (b'{"data":{"type":"companies","attributes":[]}}', 400),
    "relationships as text": (b'{"data":{"type":"companies","relationships":"x"}}', 400),
    "another type": (b'{"data":{"type":"tickets","attributes":{"name":"x"}}}', 409),
    "no type": (b'{"data":{"attributes":{"name":"x"}}}', 422),
    "a key twice": (b'{"data":{"type":"companies","attributes":{"name":"x","name":"y"}}}', 400),
    "too large": (b'{"data":{"type":"companies","attributes":{"name":"' + b"x" * (1 << 20) + b'"}}}', 413),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_broken_body_is_refused(kit, unchanged, name):
    body, expected = BODIES[name]
    admin = await kit.admin()
    record = kit.records["companies"]
    for method, path in (
        ("POST", "/companies"),
        ("PATCH", f"/companies/{record}"),
        ("PUT", f"/companies/{record}"),
    ):
        answer = await admin.request(method, path, content=body, headers={"Content-Type": JSON_API})
        assert 400 <= answer.status_code < 500, answer.text
        errors = answer.json()["errors"]
        assert all(error["detail"] and error["code"] for error in errors)
        if method == "POST":
            assert answer.status_code == expected, answer.text


async def test_every_fault_of_a_document_is_told_at_once(kit, unchanged):
    """API-07: each with its pointer."""
    document = {
        "data": {
            "type": "companies",
            "attributes": {
                "name": 5,
                "status": "nonsense",
                "phone": ["x"],
                "created_at": "2026-01-01T00:00:00Z",
                "nothing_of_the_kind": True,
                "a/b~c": 1,
            },
            "relationships": {
                "parent": {"data": {"type": "tickets", "id": "x"}},
                "account_manager": {"data": {"type": "users", "id": str(new_id())}},
                "domains": {"data": []},
                "nobody": {"data": None},
            },
        }
    }
    answer = await (await kit.admin()).request("POST", "/companies", content=msgspec.json.encode(document))
    pointers = {error["source"]["pointer"] for error in answer.json()["errors"]}
    assert 400 <= answer.status_code < 500
    assert pointers == {
        "/data/attributes/name",
        "/data/attributes/status",
        "/data/attributes/phone",
        "/data/attributes/created_at",
        "/data/attributes/nothing_of_the_kind",
        "/data/attributes/a~1b~0c",
        "/data/relationships/parent/data/type",
        "/data/relationships/account_manager/data",
        "/data/relationships/domains",
        "/data/relationships/nobody",
    }


async def test_every_fault_of_a_query_is_told_at_once(kit, unchanged):
    query = {
        "filter[nothing]": "1",
        "filter[status]": "nonsense",
        "filter[created_at][gte]": "yesterday",
        "filter[name][like]": "x",
        "sort": "-nothing",
        "include": "nobody",
        "fields[companies]": "nothing",
        "fields[nothings]": "x",
        "page[size]": "1000",
        "page[number]": "2",
        "page[total]": "maybe",
        "page[after]": "x",
        "page[before]": "x",
        "nothing": "1",
    }
    answer = await (await kit.admin()).get("/companies", params=query)
    assert answer.status_code == 400
    parameters = {error["source"]["parameter"] for error in answer.json()["errors"]}
    assert parameters >= query.keys() - {"page[after]"}


@pytest.mark.parametrize("cursor", ["x", "%00", "a" * 5000, "../../etc/passwd", "ä", "eyJhIjoxfQ"])
async def test_a_made_up_cursor_is_refused(kit, unchanged, cursor):
    answer = await (await kit.admin()).get("/companies", params={"page[after]": cursor})
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == ["invalid_cursor"]


async def test_a_changed_cursor_is_refused(kit):
    for _ in range(3):
        await kit.make("companies")
    admin = await kit.admin()
    first = (await admin.get("/companies", params={"page[size]": 1})).json()["links"]["next"]
    head, _, cursor = first.rpartition("=")
    for changed in (cursor[:-1], cursor + "A", cursor[5:], cursor.swapcase()):
        answer = await admin.get(f"{head}={changed}")
        assert answer.status_code == 400, answer.text
    assert (await admin.get(f"{head}={cursor}&sort=-name")).status_code == 400
    assert (await admin.get(first)).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/vnd.api+json; charset=utf-8", 415),
        ('application/vnd.api+json; ext="https://example.com/unknown"', 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
        (";;;", 415),
        ("application/json", 422),
    ],
)
async def test_other_media_types_are_refused(kit, unchanged, kind, status):
    body = b'{"data":{"type":"companies","attributes":{}}}'
    answer = await (await kit.admin()).request(
        "POST", "/companies", content=body, headers={"Content-Type": kind}
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "accept", ['application/vnd.api+json; ext="x"', "application/vnd.api+json; charset=utf-8"]
)
async def test_other_answers_are_not_to_be_had(kit, accept):
    assert (await (await kit.admin()).get("/companies", headers={"Accept": accept})).status_code == 406


async def test_unsupported_methods_are_told_with_those_that_are(kit, unchanged, pytestconfig):
    """S38: 405 with Allow, on every documented path.

    What is no method of any path is refused before the path is looked at: one path in sixteen is asked so.
    """
    admin, faults = await kit.admin(), list[str]()
    document = (await admin.get("/openapi.json", headers={"Accept": "*/*"})).json()
    for turn, (path, item) in enumerate(document["paths"].items()):
        known = {method.upper() for method in item} & {"GET", "POST", "PATCH", "PUT", "DELETE"}
        url = path.replace("{id}", str(new_id()))
        if "{" in url:
            continue
        method = next((one for one in ("PUT", "DELETE", "PATCH", "POST", "GET") if one not in known), None)
        strange = ("TRACE", "PROPFIND") if turn % 16 == 0 or pytestconfig.getoption("--thorough") else ()
        for asked in (method, *strange):
            if asked is None:
                continue
            answer = await admin.request(asked, url)
            allowed = {one.strip() for one in answer.headers.get("allow", "").split(",")}
            if answer.status_code != 405 or (asked == method and not known <= allowed):
                faults.append(f"{asked} {path}: {answer.status_code}, Allow {allowed}, not {known}")
    report(faults)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", 422),
        (b"\xff\xfe\x00", 422),
        (b"name\n", None),
        (b"nothing\nx\n", None),
        (b"name,name\nx,y\n", None),
        (b'name\n"unclosed\n', None),
        (b"name,status\nx,nonsense\n", None),
        (b"name\na\x00b\n", None),
        (b"name\n" + b"x" * 200_000 + b"\n", None),
        (b"name,status\nonly one\n", None),
    ],
)
async def test_a_bad_csv_is_reported_and_nothing_is_imported(kit, unchanged, text, code):
    answer = await (await kit.admin()).request(
        "POST",
        "/companies/import/csv",
        content=text,
        headers={"Content-Type": "text/csv"},
        params={"dry_run": "true"},
    )
    assert answer.status_code < 500, answer.text
    assert code is None or 400 <= answer.status_code < 500
    if answer.status_code == 200:
        assert answer.json()["data"]["attributes"]


@pytest.mark.parametrize(
    "number", ["1e1000000", "1e-1000000", "-1e99999999", "1" * 400, "Infinity", "NaN", "sNaN", "0x1"]
)
async def test_numbers_that_no_column_holds_are_refused(kit, unchanged, number):
    """As text in a decimal attribute, as a JSON number, in a filter and in a bounded page."""
    admin, ticket = await kit.admin(), kit.records["tickets"]
    for value in (f'"{number}"', number):
        body = f'{{"data":{{"type":"tickets","id":"{ticket}","attributes":{{"estimated_hours":{value}}}}}}}'
        answer = await admin.request("PATCH", f"/tickets/{ticket}", content=body.encode())
        assert answer.status_code in {400, 422}, answer.text
    for url, name in (
        ("/tickets", "filter[number]"),
        ("/tickets", "page[size]"),
        ("/ticket-priorities", "filter[id]"),
    ):
        answer = await admin.get(url, params={name: number})
        assert answer.status_code == 400, (name, answer.text)


OWNED = {
    "id": "01890000-0000-7000-8000-000000000001",
    "tenant_id": "01890000-0000-7000-8000-000000000001",
    "version": 7,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "created_by": "01890000-0000-7000-8000-000000000001",
    "archived_at": None,
    "deleted_at": None,
}
"""Columns that are the server's own in every table."""


async def test_nothing_of_the_servers_own_can_be_assigned(kit):
    """S27, API3: every column that isn't declared writable, on every write route; each is refused, nothing changes."""
    admin, faults, asked = await kit.admin(), list[str](), 0
    for name, resource in kit.installation.resources.items():
        if resource.write is None or not resource.verbs & {"create", "update"}:
            continue
        writable = {field.encode_name for field in msgspec.structs.fields(resource.write)}
        columns = {column._meta.name for column in resource.table._meta.columns}
        owned = sorted((columns | OWNED.keys()) - writable)
        record = kit.records[name]
        before = await stored(kit, resource, record)
        routes = [(method, f"{resource.url}/{record}", {"id": str(record)}) for method in ("PATCH", "PUT")]
        routes = [
            *(routes if "update" in resource.verbs else []),
            *([("POST", resource.url, {})] if "create" in resource.verbs else []),
        ]
        for method, url, named in routes:
            # All at once: each has to be named by an error of its own.
            attributes = {field: OWNED.get(field, OWNED["id"]) for field in owned}
            content = msgspec.json.encode({"data": {"type": name, **named, "attributes": attributes}})
            answer = await admin.request(method, url, content=content)
            asked += len(owned)
            told = {error.get("source", {}).get("pointer") for error in answer.json().get("errors", ())}
            faults += [
                f"{method} {resource.url} with {field}: {answer.status_code} {answer.text[:200]}"
                for field in owned
                if answer.is_success or f"/data/attributes/{field}" not in told
            ]
        if before != await stored(kit, resource, record):
            faults.append(f"{name} changed.")
    report(faults)
    assert asked > 200


async def stored(kit, resource, record) -> list[dict]:
    """Return a record as its table holds it."""
    table = resource.table._meta
    return await kit.installation.rows(
        f'SELECT to_jsonb(r) AS row FROM "{table.schema}"."{table.tablename}" r WHERE id = $1', record
    )


async def test_unknown_parameters_of_actions_are_refused(kit, unchanged):
    """Every declared route with a body: a member that it doesn't know is a fault of its own."""
    admin, faults = await kit.admin(), list[str]()
    routes = [
        (route, name) for name, manifest in kit.installation.manifests.items() for route in manifest.routes
    ]
    asked = 0
    for route, _ in routes:
        kind = route.handle.__annotations__.get("body")
        if not isinstance(kind, type) or "{" in route.path.replace("{id:uuid}", ""):
            continue
        url = API + route.path.replace("{id:uuid}", str(new_id()))
        body = msgspec.json.encode({"data": {"attributes": {"nothing_of_the_kind": 1, "is_admin": True}}})
        answer = await admin.request(route.method, url, content=body)
        asked += 1
        if answer.is_success or answer.status_code >= 500:
            faults.append(f"{route.method} {route.path}: {answer.status_code} {answer.text[:200]}")
        elif answer.status_code == 422:
            pointers = {error.get("source", {}).get("pointer") for error in answer.json()["errors"]}
            if not {"/data/attributes/nothing_of_the_kind", "/data/attributes/is_admin"} <= pointers:
                faults.append(f"{route.method} {route.path} tells {pointers} only.")
    report(faults)
    assert asked > 10
