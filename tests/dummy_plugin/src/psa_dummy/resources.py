"""Gadgets, labels, inspections and remarks as the API shows them, and what companies gain."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from psa_dummy import rules, shapes
from psa_dummy.tables import Gadget, GadgetLabel, Inspection, Label, Remark, Standing
from psa_sdk import Computed, Derived, Extension, ManyToMany, Resource, Scope, Subject, ToMany, ToOne

HEAVY_KG = Decimal(20)
SCOPES: Mapping[str, Scope] = {"own": rules.kept_by}


def is_heavy(row: Mapping[str, Any]) -> bool:
    """Tell whether one person should carry a gadget."""
    return Decimal(str(row["weight_kg"])) > HEAVY_KG


gadgets = Resource(
    name="dummy-gadgets",
    path="/dummy/gadgets",
    title="Gadgets",
    description="Things that are lent to companies.",
    table=Gadget,
    read=shapes.GadgetRead,
    write=shapes.GadgetWrite,
    derived=(Derived("inventory_number", "'G' || lpad({row}.number::text, 5, '0')"),),
    computed=(Computed("heavy", (Gadget.weight_kg,), is_heavy),),
    relations=(
        ToOne("company", "companies", Gadget.company, inverse="gadgets", writable=False),
        ToOne("keeper", "users", Gadget.keeper),
        ToOne("parent", "dummy-gadgets", Gadget.parent, inverse="parts", portal_writable=False),
        ManyToMany(
            "labels",
            "dummy-labels",
            GadgetLabel.gadget,
            GadgetLabel.label,
            inverse="gadgets",
            before_change=rules.limit_labels,
        ),
        ToMany("inspections", "dummy-inspections", Inspection.gadget, create=True),
        ToMany("remarks", "dummy-remarks", create=True),
        ToMany("attachments", "attachments"),
    ),
    filters=(
        Gadget.kind,
        Gadget.state,
        Gadget.company,
        Gadget.keeper,
        Gadget.tags,
        Gadget.created_at,
        "inventory_number",
        "company.name",
    ),
    sorts=(Gadget.name, Gadget.number, Gadget.created_at),
    default_sort="name",
    search=(Gadget.name,),
    label=Gadget.name,
    custom_fields=True,
    scopes=SCOPES,
    portal=rules.of_own_company,
    portal_verbs=frozenset(("list", "get", "update")),
    portal_write=shapes.GadgetPortalWrite,
    portal_hidden=("unlock_code", "price", "keeper", "labels"),
    archive=Gadget.retired_at,
    question=rules.next_number,
    before_create=rules.number_new,
    before_update=rules.check_parent,
    before_delete=rules.keep_lent,
    tells=rules.meaning,
    unaudited=("seen_at",),
    import_keys=(Gadget.name,),
)

labels = Resource(
    name="dummy-labels",
    title="Labels",
    table=Label,
    read=shapes.LabelWrite,
    write=shapes.LabelWrite,
    filters=(Label.name,),
    label=Label.name,
)

inspections = Resource(
    name="dummy-inspections",
    title="Inspections",
    table=Inspection,
    read=shapes.InspectionWrite,
    write=shapes.InspectionWrite,
    verbs=frozenset(("list", "get", "create")),
    relations=(ToOne("gadget", "dummy-gadgets", Inspection.gadget, required=True),),
    filters=(Inspection.gadget,),
    portal=rules.inspections_of_own_company,
    after_write=rules.see,
)

remarks = Resource(
    name="dummy-remarks",
    title="Remarks",
    table=Remark,
    read=shapes.RemarkWrite,
    write=shapes.RemarkWrite,
    subject=Subject(Remark.subject_kind, Remark.subject_id),
)

standing = Extension(
    resource="companies",
    table=Standing,
    column=Standing.company,
    read=shapes.StandingShape,
    write=shapes.StandingShape,
    relations=(ToOne("lending_contact", "contacts", Standing.lending_contact),),
    filters=(Standing.lending_grade,),
    sorts=(Standing.lending_grade,),
    portal=False,
)

ALL = (gadgets, labels, inspections, remarks)
