"""Whatever JSON a client sends, the answer is a record or a fault, never a crash."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from psa_kernel.jsonapi import operations, write
from psa_sdk.errors import Problem

from .test_writes import VALUES, acme, new_device, ref  # noqa: F401 - acme is a fixture

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def documents(device: str, company: str):
    identifiers = st.sampled_from(
        [ref("companies", company), ref("devices", device), {"type": "people", "lid": "x"}]
    )
    linkage = ANYTHING | identifiers | st.lists(identifiers, max_size=2)
    names = [
        "name",
        "kind",
        "ports",
        "custom_fields",
        "password",
        "seen",
        "level",
        "ends_on",
        "checked_at",
        *VALUES,
    ]
    attributes = st.dictionaries(st.sampled_from(names), ANYTHING, max_size=4)
    relations = st.sampled_from(["company", "parent", "owner", "users", "dealer", "remarks", "subject"])
    relationships = st.dictionaries(
        relations, st.fixed_dictionaries({"data": linkage}) | ANYTHING, max_size=3
    )
    return st.fixed_dictionaries(
        {"type": st.just("devices") | ANYTHING},
        optional={
            "id": st.just(device) | ANYTHING,
            "lid": ANYTHING,
            "attributes": attributes | ANYTHING,
            "relationships": relationships | ANYTHING,
        },
    )


async def survives(unit, call) -> None:
    refused = None
    try:
        async with unit.savepoint():
            await call
    except Problem as problem:
        refused = problem
    assert refused is None or (refused.status < 500 and all(fault.detail for fault in refused.faults))


async def test_no_document_crashes_a_write(acme):  # noqa: F811
    key = await new_device(acme)
    objects = documents(str(key), str(acme.company))
    places = st.fixed_dictionaries(
        {"type": st.sampled_from(["devices", "people"]) | ANYTHING},
        optional={
            "id": st.just(str(key)) | ANYTHING,
            "lid": ANYTHING,
            "relationship": st.just("users") | ANYTHING,
        },
    )
    operation = st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "update", "remove"]) | ANYTHING},
        optional={
            "ref": places | ANYTHING,
            "href": st.just(f"/devices/{key}") | ANYTHING,
            "data": objects | ANYTHING,
        },
    )
    found: list[tuple[str, object]] = []

    @settings(max_examples=250, deadline=None, database=None, derandomize=True)
    @given(objects, st.lists(operation | ANYTHING, max_size=2) | ANYTHING, ANYTHING)
    def collect(document, many, anything) -> None:
        found.extend((("one", {"data": document}), ("many", {"atomic:operations": many}), ("one", anything)))

    collect()
    for kind, document in found:
        content = msgspec.json.encode(document)
        if kind == "many":
            await survives(acme, operations.run(acme, content))
            continue
        await survives(acme, write.create(acme, "devices", content))
        await survives(acme, write.update(acme, "devices", key, content))
        await survives(acme, write.replace(acme, "devices", key, content))
        await survives(acme, write.replace_linkage(acme, "devices", key, "users", content))
        await survives(acme, write.replace_linkage(acme, "devices", key, "parent", content))
