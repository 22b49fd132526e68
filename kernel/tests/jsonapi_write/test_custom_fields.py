"""Custom fields are typed, required, unique and merged as their definitions say (CRM-11)."""

import pytest

from psa_kernel.jsonapi import write
from psa_kernel.jsonapi.csv_import import import_csv
from psa_kernel.jsonapi.custom_fields import Definition, Option, validate
from psa_kernel.jsonapi.findings import Findings
from psa_sdk.errors import Invalid, Problem
from psa_sdk.tables import new_id

from .test_csv_import import outcome, sheet
from .test_writes import acme, attributes, body, faults, new_device  # noqa: F401 - acme is a fixture

OPTIONS = [Option("a"), Option("b")]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["", "x", "x" * 10_000], [1, True, [], {}, "x" * 10_001]),
        ("number", [0, -1, 2.5], ["1", True, [], float("inf")]),
        ("date", ["2026-02-28"], ["2026-02-30", "28.2.2026", "20260228", 5]),
        ("boolean", [True, False], ["true", 0, 1]),
        ("select", ["a"], ["c", ["a"], 1]),
        ("multi_select", [[], ["a"], ["b", "a"]], ["a", ["c"], ["a", "a"], [1]]),
        ("url", ["https://example.com/x?y=1"], ["example.com", "javascript:alert(1)", "https://a b", 5]),
        ("user", [str(new_id())], ["ann", 5]),
        ("company", [str(new_id())], ["acme", {}]),
    ],
)
def test_values_must_be_of_their_kind(kind: str, good: list, bad: list):
    definitions = [Definition(key="f", kind=kind, options=OPTIONS)]
    for value in good:
        found = Findings()
        assert validate(definitions, {"f": value}, found) == {"f": value}
        assert not found
    for value in bad:
        found = Findings()
        assert validate(definitions, {"f": value}, found) == {}
        assert found.has("/data/attributes/custom_fields/f"), value


def test_values_are_merged_null_removes_and_unknown_keys_are_refused():
    definitions = [Definition(key="a"), Definition(key="b", required=True), Definition(key="c/d")]
    found = Findings()
    stored = {"a": "1", "b": "2", "gone": "kept"}
    assert validate(definitions, {"a": None, "c/d": "3"}, found, stored=stored) == {
        "b": "2",
        "gone": "kept",
        "c/d": "3",
    }
    assert not found
    validate(definitions, {"b": None, "x": 1, "c/d": 4}, found, stored=stored)
    with pytest.raises(Invalid) as caught:
        found.raise_all()
    assert faults(caught.value) == {
        ("/data/attributes/custom_fields/b", "required"),
        ("/data/attributes/custom_fields/x", "unknown_attribute"),
        ("/data/attributes/custom_fields/c~1d", "invalid"),
    }


async def define(unit, key: str, kind: str = "text", **more) -> None:
    values = {"resource": "devices", "key": key, "label": key.title(), "kind": kind, **more}
    await unit.as_system().records.create("custom-fields", values)


async def test_a_tenants_fields_are_checked_when_its_records_are_written(acme):  # noqa: F811
    await define(acme, "rack", "number")
    await define(acme, "room", required=True)
    await define(acme, "dealer", "company")
    await define(acme, "asset_tag", is_unique=True)
    with pytest.raises(Problem) as caught:
        await new_device(acme)
    assert faults(caught.value) == {("/data/attributes/custom_fields/room", "required")}
    with pytest.raises(Problem) as caught:
        await new_device(acme, custom_fields={"rack": "x", "dealer": str(new_id()), "colour": "red"})
    assert faults(caught.value) == {
        ("/data/attributes/custom_fields/rack", "invalid"),
        ("/data/attributes/custom_fields/room", "required"),
        ("/data/attributes/custom_fields/colour", "unknown_attribute"),
        ("/data/attributes/custom_fields/dealer", "related_not_found"),
    }
    fields = {"room": "B1", "rack": 4, "dealer": str(acme.company), "asset_tag": "T1"}
    key = await new_device(acme, custom_fields=fields)
    await write.update(
        acme, "devices", key, body("devices", {"custom_fields": {"rack": 5, "dealer": None}}, id=key)
    )
    shown = (await attributes(acme, "devices", key))["custom_fields"]
    assert shown == {"room": "B1", "rack": 5, "asset_tag": "T1"}
    await write.update(
        acme, "devices", key, body("devices", {"ports": 3, "custom_fields": {"asset_tag": "T1"}}, id=key)
    )
    with pytest.raises(Invalid) as caught:
        await new_device(acme, custom_fields={"room": "B2", "asset_tag": "T1"})
    assert faults(caught.value) == {("/data/attributes/custom_fields/asset_tag", "already_taken")}
    with pytest.raises(Invalid):
        await write.update(acme, "devices", key, body("devices", {"custom_fields": {"room": None}}, id=key))


async def test_custom_fields_are_columns_of_csv_files(acme):  # noqa: F811
    await define(acme, "rack", "number")
    await define(acme, "asset_tag", is_unique=True, label="Tag of the asset")
    content = sheet(
        ["name", "company", "serial", "Rack", "tag of the asset"],
        ["a", "Northwind", "S1", "4", "T1"],
        ["b", "Northwind", "S2", "many", "T2"],
        ["c", "Northwind", "S3", "", "T1"],
    )
    report = await import_csv(acme, "devices", content)
    assert outcome(report) == (1, 0, 0, 2)
    assert [(problem.line, problem.code, problem.column) for problem in report.problems] == [
        (3, "invalid", "Rack"),
        (4, "already_taken", "tag of the asset"),
    ]
    assert outcome(await import_csv(acme, "devices", content)) == (0, 0, 1, 2)
