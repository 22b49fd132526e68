"""The operator's routes: complete, audited, and for nobody else."""

import pytest
from pyotp.totp import TOTP

from psa_kernel.builtin.auth.authenticate import identify
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import ensure_single, provision
from psa_sdk.documents import Documents
from psa_sdk.errors import Forbidden

ADMIN = {"admin_email": "admin@example.com", "admin_password": "a long enough passphrase"}


@pytest.fixture
async def kernel(rewound_kernel):
    return await rewound_kernel(first=ADMIN)


@pytest.fixture
async def operator(kernel, new_client):
    return await new_client(kernel)


async def test_a_tenant_is_made_shown_changed_suspended_and_deleted(kernel, operator, new_client):
    made = await operator.post(
        "/tenants", {"slug": "north", "name": "North IT", "timezone": "Asia/Tokyo", **ADMIN}
    )
    assert made.status_code == 201, made.text
    document = made.json()["data"]
    assert document["type"] == "tenants"
    assert document["attributes"]["status"] == "active"
    path = f"/tenants/{document['id']}"
    assert made.headers["Location"] == f"/api/v1{path}"
    assert "passphrase" not in made.text
    theirs = await new_client(kernel, tenant="north")
    assert (await theirs.get("/users")).status_code == 200

    changed = await operator.patch(path, {"name": "North", "currency": "EUR"})
    assert changed.json()["data"]["attributes"]["name"] == "North"
    replaced = await operator.call(
        "PUT", path, {"name": "N", "timezone": "UTC", "currency": "USD", "locale": "en-GB"}
    )
    assert replaced.json()["data"]["attributes"]["locale"] == "en-GB"
    assert (await operator.call("PUT", path, {"name": "N"})).status_code == 422

    suspended = await operator.post(f"{path}/suspend", {"reason": "unpaid"})
    assert suspended.json()["data"]["attributes"]["status"] == "suspended"
    refused = await theirs.patch("/settings/tenancy", {"values": {"name": "X"}})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "tenant_suspended")
    assert (await operator.post(f"{path}/activate")).json()["data"]["attributes"]["status"] == "active"
    assert (await theirs.get("/users")).status_code == 200

    deleted = await operator.call("DELETE", path)
    assert deleted.json()["data"]["attributes"]["status"] == "deleting"
    assert deleted.json()["data"]["attributes"]["delete_after"]
    assert (await operator.get(f"{path}/usage")).status_code == 200

    log = (await operator.get(f"/audit-logs?filter[record_id]={document['id']}&sort=occurred_at")).json()[
        "data"
    ]
    assert [entry["attributes"]["action"] for entry in log] == [
        "tenant_provisioned",
        "tenant_changed",
        "tenant_changed",
        "tenant_suspended",
        "tenant_activated",
        "tenant_deletion_planned",
    ]
    assert log[3]["attributes"]["ip"] == "192.0.2.7"
    assert log[3]["attributes"]["detail"] == {"reason": "unpaid"}


async def test_a_tenant_is_deleted_and_exported_with_a_fresh_proof_of_the_second_factor_only(
    kernel, operator
):
    """AUTH-12: by the API, and by pages, which ask the same routes from inside."""
    path = f"/tenants/{await provision(kernel, slug='north', name='North IT')}"
    made = (await operator.post("/auth/mfa/setup")).json()["data"]["attributes"]
    confirmed = await operator.post("/auth/mfa/verify", {"code": TOTP(made["secret"]).now()})
    assert confirmed.status_code == 200, confirmed.text
    token = confirmed.json()["data"]["attributes"]["access_token"]
    if token:
        operator.http.headers["Authorization"] = f"Bearer {token}"

    async def proven(minutes: int) -> None:
        async with kernel.unit(SINGLE_TENANT) as unit:
            await unit.db.execute(
                "UPDATE psa.session SET proven_at = now() - make_interval(mins => $1)", minutes
            )

    async def asked() -> list[int]:
        exported = await operator.post(f"{path}/export", {}, headers={"Accept": "*/*"})
        return [exported.status_code, (await operator.call("DELETE", path)).status_code]

    await proven(6)
    assert await asked() == [403, 403]
    bearer = operator.http.headers["Authorization"].removeprefix("Bearer ")
    async with kernel.unit(SINGLE_TENANT, principal=await identify(kernel, bearer, "192.0.2.7")) as unit:
        with pytest.raises(Forbidden, match="second factor"):
            await unit.service(Documents).call("DELETE", path)
    assert (await operator.get(path)).json()["data"]["attributes"]["status"] == "active"
    await proven(4)
    assert await asked() == [200, 200]
    made = await operator.post("/api-keys", {"name": "Script", "scopes": ["*"]})
    operator.http.headers["Authorization"] = f"Bearer {made.json()['data']['attributes']['secret']}"
    assert await asked() == [403, 403], "a key proves nothing"


async def test_everything_wrong_with_a_new_tenant_is_named(operator):
    answer = await operator.post("/tenants", {"slug": "A B", "name": "", "currency": "euro", "colour": 1})
    assert answer.status_code == 422
    assert {error["source"]["pointer"] for error in answer.json()["errors"]} >= {
        "/data/attributes/name",
        "/data/attributes/currency",
        "/data/attributes/colour",
    }
    assert (await operator.post("/tenants", {"slug": "main", "name": "X"})).status_code == 409


async def test_the_list_is_paged_and_searched(kernel, operator):
    for slug in ("alpha", "beta", "gamma"):
        await provision(kernel, slug=slug, name=f"{slug.title()} IT")
    first = (await operator.get("/tenants?page[size]=2")).json()
    assert [item["attributes"]["slug"] for item in first["data"]] == ["alpha", "beta"]
    rest = (await operator.http.get(first["links"]["next"], headers={"Accept": "*/*"})).json()
    assert [item["attributes"]["slug"] for item in rest["data"]] == ["gamma", "main"]
    found = (await operator.get("/tenants?filter[q]=BETA")).json()["data"]
    assert [item["attributes"]["slug"] for item in found] == ["beta"]
    assert (await operator.get("/tenants?filter[colour]=red")).status_code == 400


async def test_another_tenants_administrator_finds_no_such_routes(kernel, new_client):
    await provision(kernel, slug="north", name="North IT", **ADMIN)
    theirs = await new_client(kernel, tenant="north")
    for method, path, body in (
        ("GET", "/tenants", None),
        ("POST", "/tenants", {"slug": "x", "name": "X"}),
        ("GET", f"/tenants/{SINGLE_TENANT}", None),
        ("POST", f"/tenants/{SINGLE_TENANT}/suspend", {}),
        ("DELETE", f"/tenants/{SINGLE_TENANT}", None),
    ):
        answer = await theirs.call(method, path, body)
        assert answer.status_code in {403, 404}, (method, path, answer.text)
    assert await kernel.directory.by_slug("x") is None


async def test_there_are_no_tenant_routes_with_one_tenant(new_kernel, new_client):
    """TEN-14."""
    kernel = await new_kernel(multi_tenant=False)
    await ensure_single(kernel, **ADMIN)
    client = await new_client(kernel)
    assert (await client.get("/tenants")).status_code == 404
    assert (
        "/api/v1/tenants"
        not in (await client.get("/openapi.json", headers={"Accept": "*/*"})).json()["paths"]
    )
