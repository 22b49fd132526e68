"""CRM-11: custom fields are defined by the tenant; what stored values depend on doesn't change."""

import datetime
import sys
from types import ModuleType
from typing import Any

import msgspec
import pytest

from psa_kernel.builtin.settings.custom_fields import forget_removed_fields
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.clock import FixedClock
from psa_kernel.database.engine import bind
from psa_kernel.database.schema import create_table
from psa_sdk import Manifest, Resource, hookimpl
from psa_sdk.tables import Json, TenantTable, Text

ADMIN = {"admin_email": "admin@example.com", "admin_password": "a long enough passphrase"}


class Rack(TenantTable, schema="racks", tablename="rack"):
    name = Text()
    custom_fields = Json(default={})


class RackRead(msgspec.Struct):
    name: str
    custom_fields: dict[str, Any]


class RackWrite(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    custom_fields: dict[str, Any] = {}


@pytest.fixture(scope="module")
def racks(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("racks")
    module = ModuleType("racks_plugin")
    folder = tmp_path / "racks" / "migrations"
    folder.mkdir(parents=True)
    module.__file__ = str(tmp_path / "racks" / "plugin.py")
    bind([Rack])
    (folder / "0001_racks.sql").write_text(create_table(Rack))

    @hookimpl
    def psa_manifest() -> Manifest:
        resource = Resource(name="racks", table=Rack, read=RackRead, write=RackWrite, custom_fields=True)
        return Manifest(name="racks", title="Racks", tables=(Rack,), resources=(resource,))

    module.psa_manifest = psa_manifest
    sys.modules["racks_plugin"] = module
    yield module
    del sys.modules["racks_plugin"]


@pytest.fixture
async def kernel(rewound_kernel, racks):
    clock = FixedClock(datetime.datetime.now(datetime.UTC))
    return await rewound_kernel([racks], clock=clock, first=ADMIN)


@pytest.fixture
async def client(kernel, new_client):
    return await new_client(kernel)


async def define(client, **attributes):
    answer = await client.post(
        "/custom-fields", {"resource": "racks", "label": "Label", **attributes}, type="custom-fields"
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def change(client, field, attributes):
    return await client.patch(
        f"/custom-fields/{field}", attributes, type="custom-fields", document={"id": field}
    )


async def make_rack(client, **fields):
    answer = await client.post("/racks", {"name": "R1", "custom_fields": fields}, type="racks")
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def pointers(answer):
    return {error["source"]["pointer"] for error in answer.json()["errors"]}


async def test_a_defined_field_is_validated_on_write(client):
    await define(client, key="units", kind="number", required=True)
    rack = await make_rack(client, units=42)
    shown = (await client.get(f"/racks/{rack}")).json()["data"]["attributes"]
    assert shown["custom_fields"] == {"units": 42}
    for fields in ({"units": "many"}, {}, {"units": 1, "colour": "red"}):
        answer = await client.post("/racks", {"name": "R1", "custom_fields": fields}, type="racks")
        assert answer.status_code == 422, fields


async def test_the_label_changes_and_resource_key_and_kind_do_not(client):
    field = await define(client, key="units", kind="number")
    renamed = await change(client, field, {"label": "Height units"})
    assert renamed.json()["data"]["attributes"]["label"] == "Height units"
    answer = await change(client, field, {"key": "height", "kind": "text", "resource": "users"})
    assert answer.status_code == 422
    assert pointers(answer) == {"/data/attributes/key", "/data/attributes/kind", "/data/attributes/resource"}


async def test_renaming_an_option_keeps_the_stored_id(client):
    first, second = {"id": "a", "label": "Row A"}, {"id": "b", "label": "Row B"}
    field = await define(client, key="row", kind="select", options=[first, second])
    rack = await make_rack(client, row="a")
    await change(client, field, {"options": [{"id": "a", "label": "Front row"}, second]})
    shown = (await client.get(f"/racks/{rack}")).json()["data"]["attributes"]
    assert shown["custom_fields"] == {"row": "a"}


async def test_options_fit_the_kind_and_have_ids_of_their_own(client):
    twice = [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}]
    for attributes, pointer in (
        ({"key": "x", "kind": "select"}, "/data/attributes/options"),
        ({"key": "x", "kind": "text", "options": twice}, "/data/attributes/options"),
        ({"key": "x", "kind": "select", "options": twice}, "/data/attributes/options/1/id"),
    ):
        answer = await client.post(
            "/custom-fields", {"resource": "racks", "label": "L", **attributes}, type="custom-fields"
        )
        assert answer.status_code == 422, attributes
        assert pointers(answer) == {pointer}


async def test_a_deleted_field_hides_its_values_and_they_go_after_thirty_days(kernel, client):
    field = await define(client, key="units", kind="number")
    rack = await make_rack(client, units=42)
    assert (await client.call("DELETE", f"/custom-fields/{field}")).status_code == 204

    async def stored():
        async with kernel.unit(SINGLE_TENANT) as unit:
            await forget_removed_fields.run(unit)
            return await unit.db.fetch_value("SELECT custom_fields::text FROM racks.rack")

    kernel.clock.advance(datetime.timedelta(days=29))
    assert await stored() == '{"units": 42}'
    kernel.clock.advance(datetime.timedelta(days=2))
    assert await stored() == "{}"
    assert (await client.get(f"/racks/{rack}")).status_code in {200, 401}


async def test_a_key_is_free_again_after_deletion_and_taken_before(client):
    field = await define(client, key="units", kind="number")
    again = await client.post(
        "/custom-fields", {"resource": "racks", "key": "units", "label": "L"}, type="custom-fields"
    )
    assert again.status_code == 409
    await client.call("DELETE", f"/custom-fields/{field}")
    await define(client, key="units", kind="text")
