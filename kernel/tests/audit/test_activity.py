"""A record's activity: for those who see the record, and without what is internal for clients."""

import sys
from types import ModuleType

import msgspec
import pytest

from psa_kernel.access import Grants
from psa_kernel.builtin.audit.activity import ActivityQuery, activity
from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import ensure_single
from psa_kernel.database.engine import bind
from psa_kernel.database.schema import create_table
from psa_kernel.principal import KernelPrincipal
from psa_sdk import Manifest, Resource, Who, hookimpl
from psa_sdk.errors import NotFound
from psa_sdk.tables import Boolean, TenantTable, Text, new_id


class Case(TenantTable, schema="cases", tablename="case"):
    title = Text()
    margin = Text(null=True)
    cost_note = Text(null=True)
    shared = Boolean(default=True)


class CaseRead(msgspec.Struct):
    title: str
    margin: str | None
    shared: bool


class CaseWrite(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    margin: str | None = None
    shared: bool = True


CASES = Resource(
    name="cases",
    table=Case,
    read=CaseRead,
    write=CaseWrite,
    portal=lambda who: Case.shared == True,  # noqa: E712 - a condition, not a comparison
    portal_hidden=("margin",),
)


@pytest.fixture
async def kernel(new_kernel, tmp_path):
    plugin = ModuleType("cases_plugin")
    folder = tmp_path / "cases" / "migrations"
    folder.mkdir(parents=True)
    plugin.__file__ = str(tmp_path / "cases" / "plugin.py")
    bind([Case])
    (folder / "0001_cases.sql").write_text(create_table(Case))

    @hookimpl
    def psa_manifest() -> Manifest:
        return Manifest(name="cases", title="Cases", tables=(Case,), resources=(CASES,))

    plugin.psa_manifest = psa_manifest
    sys.modules[plugin.__name__] = plugin
    kernel = await new_kernel([plugin])
    await ensure_single(kernel)
    yield kernel
    del sys.modules[plugin.__name__]


def person(kind, audience, label):
    made = new_id()
    return KernelPrincipal(
        id=made,
        kind=kind,
        audience=audience,
        label=label,
        who=Who(id=made, company_id=new_id() if audience == "portal" else None),
        grants=Grants(("cases.cases.*",)),
    )


TECHNICIAN = person("user", "staff", "Terry Technician")
CLIENT = person("contact", "portal", "Cleo Client")


@pytest.fixture
async def case(kernel):
    async with kernel.unit(SINGLE_TENANT, principal=TECHNICIAN) as unit:
        made = await unit.records.create("cases", {"title": "Printer", "margin": "12 %", "cost_note": "dear"})
        await unit.records.update("cases", made, {"margin": "9 %"})
        await unit.records.update("cases", made, {"title": "Printer jam", "cost_note": "cheap"})
        await unit.audit("merged", "cases", made, reason="the client is difficult")
    return made


async def seen_by(kernel, principal, case, **query):
    async with kernel.unit(SINGLE_TENANT, principal=principal, readonly=True) as unit:
        return await activity(unit, kernel.registry.resources["cases"], case, ActivityQuery(**query))


async def test_staff_see_every_step_with_who_and_what(kernel, case):
    steps = (await seen_by(kernel, TECHNICIAN, case)).items
    assert [step.attributes.action for step in steps] == ["merged", "updated", "updated", "created"]
    assert {step.attributes.actor_label for step in steps} == {"Terry Technician"}
    assert steps[0].attributes.detail == {"reason": "the client is difficult"}
    assert steps[2].attributes.changed == {"margin": ("12 %", "9 %")}


async def test_clients_see_neither_internal_steps_nor_hidden_values_nor_names(kernel, case):
    answer = await seen_by(kernel, CLIENT, case)
    assert [step.attributes.action for step in answer.items] == ["updated", "created"]
    assert answer.items[0].attributes.changed == {"title": ("Printer", "Printer jam")}
    text = msgspec.json.encode(answer.items).decode()
    for internal in ("%", "dear", "cheap", "Terry", str(TECHNICIAN.id), "difficult", "margin", "cost_note"):
        assert internal not in text


async def test_what_a_client_does_not_see_has_no_activity(kernel, case):
    async with kernel.unit(SINGLE_TENANT, principal=TECHNICIAN) as unit:
        await unit.records.update("cases", case, {"shared": False})
    assert (await seen_by(kernel, TECHNICIAN, case)).items
    for unseen in (case, new_id()):
        with pytest.raises(NotFound):
            await seen_by(kernel, CLIENT, unseen)


async def test_pages_join_without_loss(kernel, case):
    found, after = [], None
    for _ in range(4):
        answer = await seen_by(kernel, TECHNICIAN, case, size=1, after=after)
        found += [step.id for step in answer.items]
        after = answer.items[-1].id
    assert len(set(found)) == 4
    assert answer.next is None
