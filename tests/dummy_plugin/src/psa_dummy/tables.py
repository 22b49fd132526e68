"""What the lending of gadgets stores: a column of every type."""

from decimal import Decimal as Number

from psa_sdk.tables import (
    UUID,
    BigInt,
    Boolean,
    Choice,
    Date,
    Decimal,
    Index,
    Instant,
    Integer,
    Json,
    Ref,
    Sealed,
    Tags,
    TenantTable,
    Text,
)

KINDS = ("laptop", "phone", "router")
STATES = ("here", "lent", "lost")


class Gadget(TenantTable, schema="dummy", tablename="gadget"):
    """A thing that can be lent."""

    name = Text()
    kind = Choice(*KINDS, default="laptop")
    state = Choice(*STATES, default="here")
    number = BigInt(default=0)
    company = Ref("companies", null=True)
    keeper = Ref("users", null=True, on_delete="set_null")
    parent = Ref("dummy-gadgets", null=True, on_delete="set_null")
    batteries = Integer(default=1)
    portable = Boolean(default=True)
    weight_kg = Decimal(digits=(8, 3), default=Number(1))
    price = Json(null=True, help_text="Money")
    location = Json(default={}, help_text="Address")
    bought_on = Date(null=True)
    checked_at = Instant(null=True)
    vendor_reference = UUID(null=True)
    unlock_code = Sealed()
    tags = Tags()
    custom_fields = Json(default={})
    seen_at = Instant(null=True)
    retired_at = Instant(null=True)

    index_on = (
        Index(("company",)),
        Index(("keeper",), where="keeper IS NOT NULL"),
        Index(("number",), unique=True, where="number > 0"),
    )
    checks = ("batteries >= 0",)


class Label(TenantTable, schema="dummy", tablename="label"):
    """A sticker for gadgets."""

    name = Text()
    index_on = (Index(("lower(name)",), unique=True),)


class GadgetLabel(TenantTable, schema="dummy", tablename="gadget_label"):
    """A gadget wears a label."""

    gadget = Ref("dummy-gadgets", on_delete="cascade")
    label = Ref("dummy-labels", on_delete="cascade")
    index_on = (Index(("gadget", "label"), unique=True), Index(("label",)))


class Inspection(TenantTable, schema="dummy", tablename="inspection"):
    """A look at a gadget; never changed."""

    gadget = Ref("dummy-gadgets", on_delete="cascade")
    finding = Text()
    append_only = True
    exported = False
    company_key = ""
    index_on = (Index(("gadget",)),)


class Remark(TenantTable, schema="dummy", tablename="remark"):
    """A remark on a record of any kind that takes remarks."""

    subject_kind = Text()
    subject_id = UUID()
    text = Text()
    index_on = (Index(("subject_kind", "subject_id")),)


class Standing(TenantTable, schema="dummy", tablename="standing"):
    """What lending adds to a company."""

    company = Ref("companies", on_delete="cascade")
    lending_grade = Choice("good", "bad", null=True)
    lending_contact = Ref("contacts", null=True, on_delete="set_null")
    index_on = (Index(("company",), unique=True), Index(("lending_contact",)))


ALL = (Gadget, Label, GadgetLabel, Inspection, Remark, Standing)
