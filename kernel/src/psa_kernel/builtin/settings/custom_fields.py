"""Custom-field definitions: the fields that a tenant adds to resources (CRM-11)."""

import datetime
import re
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from psa_kernel.builtin.settings.tables import CustomField
from psa_kernel.database.schema import qualified, quoted
from psa_kernel.unit_of_work import Unit
from psa_sdk import Change, Context, Resource, actor
from psa_sdk.errors import Fault, Invalid

Kind = Literal["text", "number", "date", "boolean", "select", "multi_select", "url", "user", "company"]
HIDDEN_DAYS = 30
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FIXED = ("resource", "key", "kind")


class FieldOption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice: values hold the id, people see the label, which may change."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    label: Annotated[str, Meta(min_length=1, max_length=200)]


class CustomFieldRead(msgspec.Struct, kw_only=True):
    """A custom field."""

    resource: str
    key: str
    label: str
    kind: Kind
    options: list[FieldOption] | None
    required: bool
    required_on: str | None
    is_unique: bool
    help: str
    position: int
    portal_visible: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime


class CustomFieldWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client sends; `resource`, `key` and `kind` can't be changed later."""

    resource: str
    key: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,62}$")]
    label: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: Kind = "text"
    options: list[FieldOption] | None = None
    required: bool = False
    required_on: Annotated[str, Meta(max_length=100)] | None = None
    is_unique: bool = False
    help: Annotated[str, Meta(max_length=1000)] = ""
    position: Annotated[int, Meta(ge=0, le=100_000)] = 100
    portal_visible: bool = False


async def check_new(ctx: Context, change: Change) -> None:
    """Refuse fields of resources that take none, and options that don't fit the kind."""
    registry = cast(Unit, ctx).kernel.registry
    faults: list[Fault] = []
    resource = registry.resources.get(change.new["resource"])
    if resource is None or not resource.custom_fields:
        able = ", ".join(sorted(name for name, item in registry.resources.items() if item.custom_fields))
        detail = f"{change.new['resource']} takes no custom fields; these do: {able or 'none installed'}."
        faults.append(Fault(detail=detail, pointer="/data/attributes/resource"))
    if not _KEY.fullmatch(change.new["key"]):
        detail = "A key starts with a letter and holds at most 63 of a-z, 0-9 and _."
        faults.append(Fault(detail=detail, pointer="/data/attributes/key"))
    faults += _option_faults(change)
    if faults:
        raise Invalid(faults=faults)


async def check_changed(ctx: Context, change: Change) -> None:
    """Keep what stored values depend on: resource, key, kind and the ids of options in use."""
    faults = [
        Fault(
            detail=f"{name} can't change, stored values depend on it; delete the field and make another.",
            code="immutable",
            pointer=f"/data/attributes/{name}",
        )
        for name in _FIXED
        if change.changes(name)
    ]
    faults += _option_faults(change)
    if faults:
        raise Invalid(faults=faults)


def _option_faults(change: Change) -> list[Fault]:
    options: Any = change.value("options")
    selecting = change.value("kind") in {"select", "multi_select"}
    pointer = "/data/attributes/options"
    if not selecting:
        return [Fault(detail="Only select fields have options.", pointer=pointer)] if options else []
    if not options:
        return [Fault(detail="A select field needs options.", pointer=pointer)]
    found = [option.id if isinstance(option, FieldOption) else option["id"] for option in options]
    return [
        Fault(detail=f"The option id {option!r} is there twice.", pointer=f"{pointer}/{place}/id")
        for place, option in enumerate(found)
        if option in found[:place]
    ]


@actor(queue="bulk", time_limit=3600)
async def forget_removed_fields(ctx: Context) -> None:
    """Remove the values of fields that were deleted 30 days ago, then the definitions."""
    unit = cast(Unit, ctx)
    rows = await unit.db.fetch(
        "SELECT id, resource, key FROM psa.custom_field f WHERE tenant_id = $1 AND archived_at < $2",
        unit.tenant_id,
        unit.now - datetime.timedelta(days=HIDDEN_DAYS),
    )
    for row in rows:
        resource = unit.kernel.registry.resources.get(row["resource"])
        again = await unit.db.fetch_value(
            "SELECT true FROM psa.custom_field WHERE tenant_id = $1 AND resource = $2 AND key = $3"
            " AND archived_at IS NULL",
            unit.tenant_id,
            row["resource"],
            row["key"],
        )
        if resource is not None and not again:
            await unit.db.execute(
                f"UPDATE {quoted(qualified(resource.table))} SET custom_fields = custom_fields - $2::text"
                " WHERE tenant_id = $1 AND custom_fields ? $2::text",
                unit.tenant_id,
                row["key"],
            )
        await unit.db.execute("DELETE FROM psa.custom_field WHERE id = $1", row["id"])
        await unit.audit("custom_field_forgotten", "custom-fields", row["id"], key=row["key"])


custom_fields = Resource(
    name="custom-fields",
    title="Custom fields",
    table=CustomField,
    read=CustomFieldRead,
    write=CustomFieldWrite,
    filters=(CustomField.resource, CustomField.key, CustomField.kind),
    sorts=(CustomField.position, CustomField.label, CustomField.created_at),
    default_sort="position",
    label=CustomField.label,
    archive=CustomField.archived_at,
    before_create=check_new,
    before_update=check_changed,
)
