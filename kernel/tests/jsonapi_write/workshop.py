"""A plugin with every kind of column and relationship, and one that extends it."""

import datetime
import uuid
from decimal import Decimal as Number
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from psa_kernel.database.schema import create_table
from psa_sdk import (
    Address,
    Change,
    Context,
    Event,
    Extension,
    Manifest,
    ManyToMany,
    Resource,
    Subject,
    ToMany,
    ToOne,
    before,
    hookimpl,
)
from psa_sdk.errors import Conflict
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


class Company(TenantTable, schema="workshop", tablename="company"):
    name = Text()
    code = Text(null=True)
    archived_at = Instant(null=True)
    index_on = (Index(("code",), unique=True, where="archived_at IS NULL"),)
    checks = ("name <> ''",)


class Person(TenantTable, schema="workshop", tablename="person"):
    name = Text()
    company = Ref("companies", null=True, on_delete="set_null")


class Device(TenantTable, schema="workshop", tablename="device"):
    name = Text()
    kind = Choice("server", "laptop", default="laptop")
    serial = Text(null=True)
    ports = Integer(default=0)
    bytes_free = BigInt(null=True)
    price = Decimal(digits=(12, 2), null=True)
    is_rented = Boolean(default=False)
    bought_on = Date(null=True)
    checked_at = Instant(null=True)
    place = Json(default={})
    labels = Tags()
    password = Sealed()
    seen = Integer(default=0)
    notes = Text(null=True)
    custom_fields = Json(default={})
    company = Ref("companies")
    parent = Ref("devices", null=True)
    owner = Ref("people", null=True)
    index_on = (Index(("company", "lower(serial)"), unique=True, where="serial IS NOT NULL"),)
    checks = ("ports >= 0",)


class DeviceUser(TenantTable, schema="workshop", tablename="device_user"):
    device = Ref("devices", on_delete="cascade")
    person = Ref("people", on_delete="cascade")


class Remark(TenantTable, schema="workshop", tablename="remark"):
    subject_kind = Text()
    subject_id = UUID()
    text = Text()


class Warranty(TenantTable, schema="warranty", tablename="warranty"):
    device = Ref("devices", on_delete="cascade")
    ends_on = Date(null=True)
    level = Choice("basic", "full", default="basic")
    dealer = Ref("companies", null=True)


class CompanyWrite(msgspec.Struct, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    code: str | None = None


class CompanyRead(CompanyWrite, kw_only=True):
    archived_at: datetime.datetime | None
    created_at: datetime.datetime


class PersonWrite(msgspec.Struct, kw_only=True):
    name: str


class DeviceWrite(msgspec.Struct, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    kind: Literal["server", "laptop"] = "laptop"
    serial: str | None = None
    ports: Annotated[int, Meta(ge=0)] = 0
    bytes_free: int | None = None
    price: Number | None = None
    is_rented: bool = False
    bought_on: datetime.date | None = None
    checked_at: datetime.datetime | None = None
    place: Address = Address()
    labels: list[str] = []
    password: str | None = None
    notes: str | None = None
    custom_fields: dict[str, Any] = {}


class DeviceRead(DeviceWrite, kw_only=True):
    password: bool
    seen: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


class DevicePortalWrite(msgspec.Struct, kw_only=True):
    name: str
    notes: str | None = None


class RemarkWrite(msgspec.Struct, kw_only=True):
    text: str


class WarrantyWrite(msgspec.Struct, kw_only=True):
    ends_on: datetime.date | None = None
    level: Literal["basic", "full"] = "basic"


async def stamp_name(ctx: Context, change: Change) -> None:
    """Trim names, as a hook may."""
    if "name" in change.new:
        change.new["name"] = change.new["name"].strip()


class PersonTold(Event, frozen=True, kw_only=True):
    """Something was written of a person."""

    name: ClassVar[str] = "workshop.person_told"
    version: ClassVar[int] = 3
    person_id: uuid.UUID
    verb: str


async def tell_of(ctx: Context, change: Change) -> list[Event]:
    """Mean an event by every write, two by a promotion."""
    told = PersonTold(person_id=change.id, verb=change.verb)
    return [told, told] if change.value("name") == "Boss" else [told]


async def address(ctx: Context, change: Change) -> None:
    """Write once more after the write."""
    if change.verb == "create" and change.value("name") == "Boss":
        await ctx.records.update("people", change.id, {"name": "The boss"})


COMPANIES = Resource(
    name="companies",
    table=Company,
    read=CompanyRead,
    write=CompanyWrite,
    archive=Company.archived_at,
    label=Company.name,
    before_create=stamp_name,
    before_update=stamp_name,
    portal=lambda who: Company.id == who.company_id,
)
PEOPLE = Resource(
    name="people",
    table=Person,
    read=PersonWrite,
    write=PersonWrite,
    relations=(ToOne("company", "companies", Person.company),),
    tells=tell_of,
    after_write=address,
    portal=lambda who: Person.company == who.company_id,
)
DEVICES = Resource(
    name="devices",
    table=Device,
    read=DeviceRead,
    write=DeviceWrite,
    relations=(
        ToOne("company", "companies", Device.company, required=True, inverse="devices"),
        ToOne("parent", "devices", Device.parent, portal_writable=True),
        ToOne("owner", "people", Device.owner, writable=False),
        ManyToMany("users", "people", DeviceUser.device, DeviceUser.person, inverse="devices"),
        ToMany("remarks", "remarks", create=True),
    ),
    custom_fields=True,
    label=Device.name,
    import_keys=(Device.serial,),
    unaudited=("seen",),
    scopes={"own": lambda who: Device.owner == who.id},
    portal=lambda who: Device.company == who.company_id,
    portal_verbs=frozenset(("list", "get", "create", "update")),
    portal_write=DevicePortalWrite,
)
REMARKS = Resource(
    name="remarks",
    table=Remark,
    read=RemarkWrite,
    write=RemarkWrite,
    subject=Subject(Remark.subject_kind, Remark.subject_id),
)


@before("companies", "delete")
async def keep_the_important(ctx: Context, change: Change) -> None:
    """Veto."""
    if change.old["name"] == "Important":
        raise Conflict("Important stays.", code="important")


WORKSHOP = Manifest(
    name="workshop",
    title="Workshop",
    tables=(Company, Person, Device, DeviceUser, Remark),
    resources=(COMPANIES, PEOPLE, DEVICES, REMARKS),
    events=(PersonTold,),
)
WARRANTIES = Manifest(
    name="warranty",
    title="Warranties",
    requires=("workshop",),
    tables=(Warranty,),
    interceptors=(keep_the_important,),
    extensions=(
        Extension(
            resource="devices",
            table=Warranty,
            column=Warranty.device,
            read=WarrantyWrite,
            write=WarrantyWrite,
            relations=(ToOne("dealer", "companies", Warranty.dealer),),
        ),
    ),
)


def plugin(root: Path, manifest: Manifest) -> ModuleType:
    """Return a module that declares a manifest, with the migration that makes its tables."""
    folder = root / manifest.name / "migrations"
    folder.mkdir(parents=True)
    sql = ";\n".join(create_table(table) for table in manifest.tables)
    (folder / "0001_tables.sql").write_text(sql + ";\n")
    module = ModuleType(f"test_{manifest.name}")
    module.__file__ = str(folder.parent / "plugin.py")

    @hookimpl
    def psa_manifest() -> Manifest:
        return manifest

    module.psa_manifest = psa_manifest
    return module
