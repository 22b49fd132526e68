"""The audit log over HTTP: searched, exported, and each record's activity."""

import csv
import io
import json

import pytest

from psa_kernel.builtin.audit.sealing import seal_all
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import provision

ADMIN = {"admin_email": "admin@example.com", "admin_password": "a long enough passphrase"}
ANY = {"headers": {"Accept": "*/*"}}


@pytest.fixture
async def kernel(rewound_kernel):
    return await rewound_kernel(first=ADMIN)


@pytest.fixture
async def client(kernel, new_client):
    return await new_client(kernel)


async def group(client, name):
    answer = await client.post("/groups", {"name": name}, type="groups")
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def test_the_log_is_searched_by_actor_record_action_time_and_address(client):
    """AUD-07."""
    made = await group(client, "First line")
    await group(client, "Second line")
    entry = (await client.get(f"/audit-logs?filter[record_id]={made}")).json()["data"][0]
    facts = entry["attributes"]
    assert (facts["action"], facts["resource"], facts["actor_kind"], facts["ip"]) == (
        "created",
        "groups",
        "user",
        "192.0.2.7",
    )
    assert facts["new"]["name"] == "First line"
    for query, least in (
        (f"filter[actor_id]={facts['actor_id']}&filter[action]=created", 2),
        ("filter[resource]=groups&filter[ip]=192.0.2.7", 2),
        (f"filter[occurred_at][gte]={facts['occurred_at'].replace('+', '%2B')}&filter[resource]=groups", 2),
        ("filter[action]=login", 1),
    ):
        answer = await client.get(f"/audit-logs?{query}")
        assert len(answer.json()["data"]) == least, answer.text
    assert (await client.get("/audit-logs?filter[nothing]=1")).status_code == 400


async def test_the_log_can_only_be_read(client):
    made = await group(client, "First line")
    entry = (await client.get(f"/audit-logs?filter[record_id]={made}")).json()["data"][0]["id"]
    for method, path in (
        ("POST", "/audit-logs"),
        ("PATCH", f"/audit-logs/{entry}"),
        ("DELETE", f"/audit-logs/{entry}"),
    ):
        assert (await client.call(method, path, {})).status_code in {404, 405}


async def test_the_log_is_exported_as_csv_and_json_lines_and_the_export_is_an_entry(client):
    """AUD-07."""
    await group(client, "=HYPERLINK(1)")
    lines = await client.get("/audit-logs/export?format=jsonl&filter[resource]=groups", **ANY)
    assert lines.status_code == 200, lines.text
    entries = [json.loads(line) for line in lines.text.splitlines()]
    assert [entry["new"]["name"] for entry in entries] == ["=HYPERLINK(1)"]
    table = await client.get("/audit-logs/export?format=csv", **ANY)
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert "groups" in [row["resource"] for row in rows]
    exports = (await client.get("/audit-logs?filter[action]=export&sort=occurred_at")).json()["data"]
    assert [entry["attributes"]["detail"]["format"] for entry in exports] == ["jsonl", "csv"]


async def test_every_record_has_its_activity(client):
    made = await group(client, "First line")
    await client.patch(f"/groups/{made}", {"name": "Front line"}, type="groups", document={"id": made})
    answer = await client.get(f"/groups/{made}/activity")
    assert answer.status_code == 200, answer.text
    steps = answer.json()["data"]
    assert [step["attributes"]["action"] for step in steps] == ["updated", "created"]
    assert steps[0]["type"] == "activities"
    assert steps[0]["attributes"]["changed"]["name"] == ["First line", "Front line"]
    assert "192.0.2.7" not in answer.text
    page = (await client.get(f"/groups/{made}/activity?page[size]=1")).json()
    rest = (await client.http.get(page["links"]["next"], headers={"Accept": "*/*"})).json()
    assert [step["attributes"]["action"] for step in rest["data"]] == ["created"]


async def test_another_tenants_record_has_no_activity(kernel, client, new_client):
    made = await group(client, "First line")
    await provision(kernel, slug="north", name="North IT", **ADMIN)
    theirs = await new_client(kernel, tenant="north")
    assert (await theirs.get(f"/groups/{made}/activity")).status_code == 404
    assert (await theirs.get(f"/audit-logs?filter[record_id]={made}")).json()["data"] == []
    exported = await theirs.get("/audit-logs/export", **ANY)
    assert "First line" not in exported.text


async def test_failed_logins_in_a_row_raise_an_alert(kernel, client):
    """AUD-08."""
    await seal_all(kernel)
    async with kernel.unit(SINGLE_TENANT) as unit:
        for _ in range(10):
            await unit.audit(
                "login_failed", "users", unit.principal.id, reason="wrong_password", email="a@example.com"
            )
    await seal_all(kernel)
    await seal_all(kernel)
    alerts = (await client.get("/audit-logs?filter[action]=security_alert")).json()["data"]
    assert [alert["attributes"]["detail"]["kind"] for alert in alerts] == ["failed_logins"]
    async with kernel.unit(SINGLE_TENANT) as unit:
        assert (
            await unit.db.fetch_value("SELECT count(*) FROM psa.outbox WHERE name = 'audit.security_alert'")
            == 1
        )


async def test_a_granted_permission_raises_an_alert(kernel, client):
    """AUD-08."""
    await seal_all(kernel)
    role = {"key": "auditor", "title": "Auditor", "grants": ["audit.audit_logs.read"]}
    answer = await client.post("/roles", role, type="roles")
    assert answer.status_code == 201, answer.text
    await seal_all(kernel)
    alert = (await client.get("/audit-logs?filter[action]=security_alert")).json()["data"][0]["attributes"]
    assert alert["detail"]["kind"] == "permission_grant"
    assert alert["detail"]["subject"] == answer.json()["data"]["id"]
