"""The routes of settings, modules and custom fields."""

import pytest


@pytest.fixture(params=[True, False], ids=["multi", "single"])
async def client(request, shared):
    """The administrator; what a test sets, it takes back."""
    return await shared(multi_tenant=request.param)


def pointers(answer):
    return {error["source"]["pointer"] for error in answer.json()["errors"]}


async def test_sections_show_values_sources_and_their_schema(client):
    """SET-01."""
    listed = (await client.get("/settings")).json()["data"]
    assert {"tenancy", "auth", "audit"} <= {section["id"] for section in listed}
    await client.patch("/settings/audit", {"values": {"access_log_days": 7}})
    shown = (await client.get("/settings/audit")).json()["data"]["attributes"]
    assert (shown["values"]["access_log_days"], shown["values"]["access_log_reads"]) == (7, 10)
    assert (shown["sources"]["access_log_days"], shown["sources"]["access_log_reads"]) == (
        "tenant",
        "default",
    )
    assert shown["schema"]["properties"]["access_log_days"]["maximum"] == 365
    reset = await client.patch("/settings/audit", {"reset": ["access_log_days"]})
    assert reset.json()["data"]["attributes"]["values"]["access_log_days"] == 30


async def test_wrong_values_answer_422_with_every_pointer(client):
    """SET-01."""
    answer = await client.patch("/settings/audit", {"values": {"access_log_days": 0, "nothing": 1}})
    assert answer.status_code == 422
    assert pointers(answer) == {
        "/data/attributes/values/access_log_days",
        "/data/attributes/values/nothing",
    }
    assert (await client.get("/settings/nothing")).status_code == 404


async def test_nobody_reads_or_changes_settings_without_the_permission(client, new_client):
    anonymous = await new_client(client.kernel, email="")
    assert (await anonymous.get("/settings")).status_code == 401
    assert (await anonymous.patch("/settings/audit", {"values": {}})).status_code == 401


async def test_a_section_without_user_fields_has_nothing_of_ones_own(client):
    shown = (await client.get("/settings/audit/mine")).json()["data"]["attributes"]
    assert shown["values"] == {}
    answer = await client.patch("/settings/audit/mine", {"values": {"access_log_days": 9}})
    assert answer.status_code == 422


async def test_modules_lists_what_can_be_switched(client):
    """SET-02."""
    assert (await client.get("/modules")).json()["data"] == []
    assert (await client.post("/modules/nothing/disable")).status_code == 404
    assert (await client.post("/modules/audit/disable")).status_code == 409


async def test_a_custom_field_needs_a_resource_that_takes_them(client):
    """CRM-11."""
    answer = await client.post(
        "/custom-fields",
        {"resource": "users", "key": "Bad Key", "label": "", "kind": "colour"},
        type="custom-fields",
    )
    assert answer.status_code == 422
    refused = await client.post(
        "/custom-fields", {"resource": "users", "key": "desk", "label": "Desk"}, type="custom-fields"
    )
    assert refused.status_code == 422
    assert pointers(refused) == {"/data/attributes/resource"}
