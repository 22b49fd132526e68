"""A sound plugin made in memory, and ways to plant a fault in it."""

import datetime
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any
from uuid import uuid4

import msgspec

from psa_kernel.database.schema import create_table
from psa_sdk import Event, Manifest, Permission, Resource, Route, Settings, ToMany, ToOne, hookimpl
from psa_sdk.tables import Choice, Index, QueryString, Ref, Sealed, TenantTable, Text

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class PlantRead(msgspec.Struct, kw_only=True):
    title: str
    state: str
    secret_note: bool
    created_at: datetime.datetime


class PlantWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    title: Title
    secret_note: str | None = None


class CompanyRead(msgspec.Struct, kw_only=True):
    name: str


class CompanyWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: Title


class LeafRead(msgspec.Struct, kw_only=True):
    title: str
    created_at: datetime.datetime


class LeafWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    title: Title


class Garden:
    """The parts of the plugin `garden`; change them, then `module()` it."""

    def __init__(self, root: Path) -> None:
        class Company(TenantTable, schema="garden", tablename="company"):
            name = Text()
            company_key = "id"

        class Plant(TenantTable, schema="garden", tablename="plant"):
            title = Text()
            state = Choice("seed", "grown", default="seed")
            company = Ref("companies", null=True)
            secret_note = Sealed()
            index_on = (Index(("company",)),)

        class Leaf(TenantTable, schema="garden", tablename="leaf"):
            title = Text()
            plant = Ref("plants", on_delete="cascade")
            index_on = (Index(("plant",)),)

        self.name = f"psa_garden_{uuid4().hex[:8]}"
        self.root = root / self.name
        self.Company, self.Plant, self.Leaf = Company, Plant, Leaf
        self.companies = Resource(
            name="companies",
            title="Companies",
            table=Company,
            read=CompanyRead,
            write=CompanyWrite,
            portal=lambda who: Company.id == who.company_id,
        )
        self.plants = Resource(
            name="plants",
            title="Plants",
            table=Plant,
            read=PlantRead,
            write=PlantWrite,
            relations=(
                ToOne("company", "companies", Plant.company, inverse="plants"),
                ToMany("leaves", "leaves", Leaf.plant),
            ),
            filters=(Plant.company, Plant.title),
            search=(Plant.title,),
            portal=lambda who: Plant.company == who.company_id,
            portal_hidden=("secret_note",),
        )
        self.leaves = Resource(
            name="leaves",
            title="Leaves",
            table=Leaf,
            read=LeafRead,
            write=LeafWrite,
            relations=(ToOne("plant", "plants", Leaf.plant, required=True),),
            filters=(Leaf.plant,),
            portal=lambda who: QueryString(
                "leaf.plant IN (SELECT p.id FROM garden.plant p WHERE p.company = {})", who.company_id
            ),
        )
        self.tables: list[Any] = [Company, Plant, Leaf]
        self.routes: list[Route] = []
        self.permissions: list[Permission] = []
        self.events: list[type[Event]] = []
        self.settings: type[Settings] | None = None
        self.migration = ""

    def module(self) -> ModuleType:
        """Return the plugin's module, its migration beside it."""
        folder = self.root / "migrations"
        folder.mkdir(parents=True)
        made = ";\n".join(create_table(table) for table in self.tables if issubclass(table, TenantTable))
        (folder / "0001_tables.sql").write_text(f"{made};\n{self.migration}\n")
        module = ModuleType(self.name)
        module.__file__ = str(self.root / "plugin.py")
        manifest = Manifest(
            name="garden",
            title="Garden",
            description="Plants of companies.",
            tables=tuple(self.tables),
            resources=(self.companies, self.plants, self.leaves),
            routes=tuple(self.routes),
            permissions=tuple(self.permissions),
            events=tuple(self.events),
            settings=self.settings,
        )

        @hookimpl
        def psa_manifest() -> Manifest:
            return manifest

        module.psa_manifest = psa_manifest  # pyright: ignore[reportAttributeAccessIssue]
        return module
