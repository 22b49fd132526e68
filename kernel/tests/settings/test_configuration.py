"""SET-05: the configuration travels as one document; a dry run is the run, undone."""

import pytest

from psa_kernel.builtin.tenancy.provisioning import provision

ADMIN = {"admin_email": "admin@example.com", "admin_password": "a long enough passphrase"}


@pytest.fixture
async def kernel(rewound_kernel):
    kernel = await rewound_kernel(first=ADMIN)
    await provision(kernel, slug="north", name="North IT", **ADMIN)
    return kernel


async def imported(client, configuration, *, dry_run=False):
    return await client.post("/configuration", {"configuration": configuration, "dry_run": dry_run})


async def test_a_configuration_is_shown_compared_and_taken_over(kernel, new_client):
    ours, theirs = await new_client(kernel), await new_client(kernel, tenant="north")
    await ours.patch("/settings/audit", {"values": {"access_log_days": 7}})
    exported = (await ours.get("/configuration")).json()["data"]["attributes"]
    assert exported["settings"]["audit"] == {"access_log_days": 7}
    del exported["settings"]["tenancy"]
    wanted = [{"path": "settings/audit/access_log_days", "before": None, "after": 7}]
    dry = (await imported(theirs, exported, dry_run=True)).json()["data"]["attributes"]
    assert dry == {"applied": False, "changes": wanted}
    assert "audit" not in (await theirs.get("/configuration")).json()["data"]["attributes"]["settings"]
    done = (await imported(theirs, exported)).json()["data"]["attributes"]
    assert done == {"applied": True, "changes": wanted}
    assert (await theirs.get("/configuration")).json()["data"]["attributes"]["settings"]["audit"] == {
        "access_log_days": 7
    }
    assert (await imported(theirs, exported)).json()["data"]["attributes"]["changes"] == []


async def test_everything_that_does_not_fit_is_named_and_nothing_is_stored(kernel, new_client):
    client = await new_client(kernel)
    answer = await imported(
        client,
        {
            "settings": {"audit": {"access_log_days": 7, "nothing": 1}, "absent": {"a": 1}},
            "custom_fields": [{"resource": "users", "key": "desk", "label": "Desk"}],
            "disabled_modules": ["audit"],
        },
    )
    assert answer.status_code == 422, answer.text
    root = "/data/attributes/configuration"
    assert {error["source"]["pointer"] for error in answer.json()["errors"]} == {
        f"{root}/settings/audit/nothing",
        f"{root}/settings/absent",
        f"{root}/custom_fields/0/resource",
        f"{root}/disabled_modules",
    }
    assert "audit" not in (await client.get("/configuration")).json()["data"]["attributes"]["settings"]
