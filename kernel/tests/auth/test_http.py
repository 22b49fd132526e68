"""Auth through the front door."""

from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from psa_kernel.builtin.auth.actors import find_and_request_password
from psa_kernel.builtin.auth.directory import TenantDirectory
from psa_kernel.builtin.auth.password_change import set_password
from psa_kernel.http.app import create_app
from psa_sdk.tables import new_id

from .conftest import OTHER_PASSWORD, PASSWORD, House

JSON_API = "application/vnd.api+json"


class Client:
    """An API client of one organisation; `token` is sent as the bearer."""

    def __init__(self, http: httpx.AsyncClient, tenant: str = "acme", token: str = "") -> None:
        self.http = http
        self.tenant = tenant
        self.token = token

    async def send(
        self, method: str, path: str, attributes: object = None, *, type: str = "", **members: object
    ) -> httpx.Response:
        headers = {"Accept": JSON_API, "X-Tenant": self.tenant, "User-Agent": "tests/1"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        document = None
        if attributes is not None or members:
            document = {"data": {"attributes": attributes or {}, **members}}
            if type:
                document["data"]["type"] = type
            headers["Content-Type"] = JSON_API
        return await self.http.request(method, f"/api/v1{path}", json=document, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.send("GET", path)

    async def post(self, path: str, attributes: object = None, **members: object) -> httpx.Response:
        return await self.send("POST", path, attributes, **members)

    async def log_in(
        self, email: str = "admin@acme.example", password: str = PASSWORD, prefix: str = ""
    ) -> "Client":
        answer = await self.post(f"{prefix}/auth/login", {"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        return Client(self.http, self.tenant, answer.json()["data"]["attributes"]["access_token"])


@pytest_asyncio.fixture
async def anyone(house: House) -> AsyncGenerator[Client]:
    transport = httpx.ASGITransport(create_app(house.kernel), client=("192.0.2.10", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield Client(http)


@pytest_asyncio.fixture
async def admin(anyone: Client) -> Client:
    return await anyone.log_in()


async def portal_login(house: House, anyone: Client, role: str = "client_user") -> Client:
    async with house.kernel.unit(house.acme) as unit:
        account = await TenantDirectory(unit).open_portal_account(
            email="client@example.com", name="C", role=role, company_id=new_id(), contact_id=new_id()
        )
    await set_password(house.kernel, house.acme, account.id, PASSWORD)
    return await anyone.log_in("client@example.com", prefix="/portal")


async def test_login_answers_with_a_session(anyone: Client) -> None:
    answer = await anyone.post("/auth/login", {"email": "admin@acme.example", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == JSON_API
    assert answer.headers["cache-control"] == "no-store"
    data = answer.json()["data"]
    assert data["type"] == "sessions"
    assert data["attributes"]["token_type"] == "Bearer"
    assert data["attributes"]["mfa_required"] is False
    assert set(data["attributes"]) >= {"access_token", "refresh_token", "expires_at"}


async def test_the_tenant_may_be_named_in_the_document(anyone: Client, house: House) -> None:
    body = {"email": "admin@rival.example", "password": PASSWORD, "tenant": "rival"}
    anyone.tenant = ""
    headers = {"Content-Type": JSON_API}
    answer = await anyone.http.post(
        "/api/v1/auth/login", json={"data": {"attributes": body}}, headers=headers
    )
    assert answer.status_code == 201
    token = answer.json()["data"]["attributes"]["access_token"]
    me = await anyone.http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["data"]["attributes"]["email"] == "admin@rival.example"


async def test_failures_look_alike(anyone: Client) -> None:
    """AUTH-02."""
    bodies = []
    for attributes in (
        {"email": "nobody@acme.example", "password": "wrong"},
        {"email": "admin@acme.example", "password": "wrong"},
        {"email": "admin@rival.example", "password": PASSWORD},
        {"email": "admin@rival.example", "password": PASSWORD, "tenant": "rival"},
        {"email": "admin@acme.example", "password": PASSWORD, "tenant": "unknown"},
    ):
        answer = await anyone.post("/auth/login", attributes)
        assert answer.status_code == 401
        [error] = answer.json()["errors"]
        error["meta"].pop("request_id", None)
        bodies.append(error)
    assert all(body == bodies[0] for body in bodies)


async def test_a_locked_account_says_when_to_come_back(anyone: Client) -> None:
    """AUTH-03."""
    for _ in range(5):
        await anyone.post("/auth/login", {"email": "admin@acme.example", "password": "wrong"})
    answer = await anyone.post("/auth/login", {"email": "admin@acme.example", "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"


async def test_wrong_documents_are_refused_with_pointers(anyone: Client) -> None:
    answer = await anyone.post("/auth/login", {"email": 7, "passwort": "x"})
    assert answer.status_code == 422
    pointers = {error["source"]["pointer"] for error in answer.json()["errors"]}
    assert pointers >= {"/data/attributes/email", "/data/attributes/passwort"}
    assert PASSWORD not in answer.text


async def test_refresh_and_logout(anyone: Client) -> None:
    login = await anyone.post("/auth/login", {"email": "admin@acme.example", "password": PASSWORD})
    refreshed = await anyone.post(
        "/auth/refresh", {"refresh_token": login.json()["data"]["attributes"]["refresh_token"]}
    )
    assert refreshed.status_code == 200
    client = Client(anyone.http, "acme", refreshed.json()["data"]["attributes"]["access_token"])
    assert (await client.get("/auth/me")).status_code == 200
    assert (await client.post("/auth/logout")).status_code == 204
    assert (await client.get("/auth/me")).status_code == 401
    again = await anyone.post(
        "/auth/refresh", {"refresh_token": refreshed.json()["data"]["attributes"]["refresh_token"]}
    )
    assert (again.status_code, again.json()["errors"][0]["code"]) == (401, "session_over")


async def test_everybody_sees_and_ends_their_own_sessions(anyone: Client, house: House) -> None:
    first, second = await anyone.log_in(), await anyone.log_in()
    await house.person("tech@acme.example", "technician")
    tech = await anyone.log_in("tech@acme.example")
    listed = (await first.get("/auth/sessions")).json()["data"]
    assert len(listed) == 2
    other = next(item["id"] for item in listed if not item["attributes"]["current"])
    assert (await tech.send("DELETE", f"/auth/sessions/{other}")).status_code == 404
    assert (await first.send("DELETE", f"/auth/sessions/{other}")).status_code == 204
    assert (await second.get("/auth/me")).status_code == 401
    assert (await first.send("DELETE", f"/auth/sessions/{other}")).status_code == 404


async def test_me_tells_permissions_and_takes_ones_own_profile(anyone: Client, house: House) -> None:
    await house.person("tech@acme.example", "technician")
    tech = await anyone.log_in("tech@acme.example")
    changed = await tech.send("PATCH", "/auth/me", {"phone": "+1 555 0100", "timezone": "Europe/Vienna"})
    assert changed.status_code == 200, changed.text
    me = (await tech.get("/auth/me")).json()["data"]["attributes"]
    assert me["timezone"] == "Europe/Vienna"
    assert me["roles"] == ["technician"]
    assert me["permissions"]["auth.api_keys.read"] == ["own"]
    assert me["permissions"]["auth.users.read"] == ["*"]
    assert "auth.users.update" not in me["permissions"]
    assert (await tech.send("PATCH", "/auth/me", {"email": "x@acme.example"})).status_code == 422


async def test_a_changed_password_ends_the_other_sessions(anyone: Client) -> None:
    """AUTH-22."""
    here, other = await anyone.log_in(), await anyone.log_in()
    answer = await here.post("/auth/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD})
    assert answer.status_code == 204, answer.text
    assert (await here.get("/auth/me")).status_code == 200
    assert (await other.get("/auth/me")).status_code == 401


async def test_a_forgotten_password_is_always_accepted(anyone: Client, house: House) -> None:
    """AUTH-02, AUTH-22."""
    answers = [
        await anyone.post("/auth/forgot-password", {"email": email, "tenant": tenant})
        for email, tenant in (
            ("admin@acme.example", ""),
            ("nobody@acme.example", ""),
            ("admin@acme.example", "unknown"),
        )
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    async with house.kernel.unit(house.acme) as unit:
        await find_and_request_password.run(unit, audience="staff", email="admin@acme.example")
        [row] = await unit.db.fetch("SELECT id FROM psa.password_request")
        token = (await TenantDirectory(unit).password_token(row["id"])).token
    wrong_realm = await anyone.post(
        "/portal/auth/reset-password", {"token": token, "new_password": OTHER_PASSWORD}
    )
    assert wrong_realm.status_code == 422
    weak = await anyone.post("/auth/reset-password", {"token": token, "new_password": "password12345678"})
    assert weak.json()["errors"][0]["code"] == "password_weak"
    done = await anyone.post("/auth/reset-password", {"token": token, "new_password": OTHER_PASSWORD})
    assert done.status_code == 204, done.text
    await anyone.log_in(password=OTHER_PASSWORD)


async def test_an_administrator_makes_a_user_with_roles_and_hands_over_an_invitation(
    anyone: Client, admin: Client
) -> None:
    roles = (await admin.get("/roles?filter[key]=technician")).json()["data"]
    made = await admin.post(
        "/users",
        {"name": "Tess Tester", "email": "tess@acme.example"},
        type="users",
        relationships={"roles": {"data": [{"type": "roles", "id": roles[0]["id"]}]}},
    )
    assert made.status_code == 201, made.text
    user = made.json()["data"]
    assert user["attributes"]["status"] == "invited"
    assert "hash" not in made.text
    invited = await admin.post(f"/users/{user['id']}/invitations")
    assert invited.status_code == 201, invited.text
    token = invited.json()["data"]["attributes"]["token"]
    accepted = await anyone.post("/auth/reset-password", {"token": token, "new_password": OTHER_PASSWORD})
    assert accepted.status_code == 204
    tess = await anyone.log_in("tess@acme.example", OTHER_PASSWORD)
    assert (await tess.get("/users")).status_code == 200
    assert (
        await tess.post("/users", {"name": "X", "email": "x@acme.example"}, type="users")
    ).status_code == 403
    assert (await admin.post(f"/users/{user['id']}/invitations")).status_code == 409
    for action in ("password-resets", "unlock", "end-sessions"):
        assert (await tess.post(f"/users/{user['id']}/{action}")).status_code == 403
        answer = await admin.post(f"/users/{user['id']}/{action}")
        assert answer.status_code == 204, answer.text
    assert (await tess.get("/auth/me")).status_code == 401


async def test_roles_in_a_users_document_are_guarded_too(anyone: Client, admin: Client, house: House) -> None:
    """AUTH-50, mokosh F1: by POST, PATCH and the relationship's URL."""
    await admin.post(
        "/roles",
        {"key": "helper", "title": "Helper", "grants": ["auth.users.*", "auth.roles.read"]},
        type="roles",
    )
    me = await house.person("helper@acme.example", "helper")
    helper = await anyone.log_in("helper@acme.example")
    [role] = await house.sql("SELECT id FROM psa.role WHERE key = 'admin' AND tenant_id = $1", house.acme)
    linkage = {"data": [{"type": "roles", "id": str(role["id"])}]}
    answers = [
        await helper.post(
            "/users",
            {"name": "X", "email": "x@acme.example"},
            type="users",
            relationships={"roles": linkage},
        ),
        await helper.send(
            "PATCH", f"/users/{me}", type="users", id=str(me), relationships={"roles": linkage}
        ),
        await helper.http.request(
            "POST",
            f"/api/v1/users/{me}/relationships/roles",
            json=linkage,
            headers={
                "Authorization": f"Bearer {helper.token}",
                "X-Tenant": "acme",
                "Content-Type": JSON_API,
            },
        ),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3, [answer.text for answer in answers]
    assert not await house.sql("SELECT 1 FROM psa.account WHERE email = 'x@acme.example'")


async def test_the_last_administrator_stays(admin: Client, house: House) -> None:
    """AUTH-50."""
    path = f"/users/{house.admin}"
    patched = await admin.send("PATCH", path, {"status": "disabled"}, type="users", id=str(house.admin))
    deleted = await admin.send("DELETE", path)
    emptied = await admin.send(
        "PATCH", path, type="users", id=str(house.admin), relationships={"roles": {"data": []}}
    )
    for answer in (patched, deleted, emptied):
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "last_administrator")


async def test_api_keys_are_made_shown_once_used_and_removed(
    anyone: Client, admin: Client, house: House
) -> None:
    """AUTH-30."""
    made = await admin.post(
        "/api-keys", {"name": "sync", "scopes": ["auth.users.read", "auth.api_keys.*"]}, type="api-keys"
    )
    assert made.status_code == 201, made.text
    data = made.json()["data"]
    key = Client(anyone.http, "acme", data["attributes"]["secret"])
    shown = await admin.get(f"/api-keys/{data['id']}")
    assert "secret" not in shown.text
    assert "hash" not in shown.text
    assert (await key.get("/users")).status_code == 200
    assert (await key.get("/roles")).status_code == 403
    for path, body in (
        ("/api-keys", {"name": "n", "scopes": ["*"]}),
        ("/auth/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
        ("/auth/logout", None),
    ):
        answer = await key.post(path, body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "person_needed")
    assert (await anyone.get(f"/users?api_key={key.token}")).status_code == 401
    await house.person("tech@acme.example", "technician")
    tech = await anyone.log_in("tech@acme.example")
    assert (await tech.get(f"/api-keys/{data['id']}")).status_code == 404
    assert (await tech.get("/api-keys")).json()["data"] == []
    assert (await tech.send("DELETE", f"/api-keys/{data['id']}")).status_code == 404
    assert (await admin.send("DELETE", f"/api-keys/{data['id']}")).status_code == 204
    assert (await key.get("/users")).status_code == 401


async def test_staff_and_portal_do_not_mix(anyone: Client, admin: Client, house: House) -> None:
    """AUTH-51."""
    client = await portal_login(house, anyone, "client_admin")
    assert (await client.get("/auth/me")).json()["data"]["attributes"]["audience"] == "portal"
    for path in ("/users", "/roles", "/groups", "/api-keys", f"/users/{house.admin}"):
        assert (await client.get(path)).status_code in {401, 403, 404}
    assert (await client.post("/api-keys", {"name": "n", "scopes": ["*"]})).status_code == 401
    assert (await client.get("/auth/permissions")).status_code == 401
    assert (await client.post("/auth/logout")).status_code == 401
    assert (await admin.post("/portal/auth/logout")).status_code == 401
    assert (await client.post("/portal/auth/logout")).status_code == 204
    staff_door = await anyone.post("/auth/login", {"email": "client@example.com", "password": PASSWORD})
    assert staff_door.status_code == 401


async def test_a_token_is_good_in_its_own_organisation_only(anyone: Client, admin: Client) -> None:
    """TEN-07."""
    abroad = Client(anyone.http, "rival", admin.token)
    for path in ("/users", "/auth/me"):
        answer = await abroad.get(path)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "wrong_tenant")


async def test_a_suspended_organisation_is_refused_at_the_next_request(admin: Client, house: House) -> None:
    """AUTH-21, TEN-08."""
    from psa_kernel.builtin.auth import authenticate

    await house.sql("UPDATE psa.tenant SET status = 'suspended' WHERE id = $1", house.acme)
    house.kernel.directory.forget(house.acme)
    authenticate.forget(house.kernel, house.acme)
    answer = await admin.get("/users")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "tenant_suspended")


@pytest.mark.parametrize("path", ["/users", "/roles", "/groups", "/api-keys", "/auth/me", "/auth/sessions"])
async def test_nothing_is_shown_to_nobody(anyone: Client, path: str) -> None:
    answer = await anyone.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_single_sign_on_has_no_providers_yet(anyone: Client) -> None:
    answer = await anyone.get("/auth/sso/providers")
    assert (answer.status_code, answer.json()["data"]) == (200, [])


async def test_permissions_are_listed_with_the_roles_that_hold_them(admin: Client) -> None:
    listed = {
        item["id"]: item["attributes"] for item in (await admin.get("/auth/permissions")).json()["data"]
    }
    assert "technician" in listed["auth.users.read"]["roles"]
    assert listed["auth.roles.create"]["roles"] == ["super_admin", "admin"]


async def test_groups_have_members_and_users_have_groups(admin: Client, house: House) -> None:
    made = await admin.post(
        "/groups",
        {"name": "Desk"},
        type="groups",
        relationships={"members": {"data": [{"type": "users", "id": str(house.admin)}]}},
    )
    assert made.status_code == 201, made.text
    groups = (await admin.get(f"/users/{house.admin}/groups")).json()["data"]
    assert [group["attributes"]["name"] for group in groups] == ["Desk"]
    included = (await admin.get("/users?include=roles,groups")).json()["included"]
    assert {item["type"] for item in included} == {"roles", "groups"}
