"""Two plugins with tables, their migrations written by the runner itself."""

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar
from uuid import UUID, uuid4

import msgspec
import pytest

from psa_kernel.boot import build_registry
from psa_kernel.database.engine import bind
from psa_kernel.database.schema import create_table
from psa_kernel.registry import Plugin, Registry
from psa_sdk import Manifest, Resource
from psa_sdk.tables import (
    Boolean,
    Choice,
    Index,
    Instant,
    Integer,
    Json,
    PlatformTable,
    Ref,
    Tags,
    TenantTable,
    Text,
)


class Company(TenantTable, schema="crm", tablename="company"):
    name = Text()
    email = Text(null=True)
    tags = Tags()
    archived_at = Instant(null=True)
    index_on = (Index(("name",), unique=True, where="archived_at IS NULL"),)


class Visit(TenantTable, schema="visits", tablename="visit"):
    number = Integer(null=True)
    planned_for = Instant(null=True)
    title = Text()
    state = Choice("planned", "done", default="planned")
    paid = Boolean(default=False)
    detail = Json(default="{}")
    company = Ref("companies")
    twin = Ref("visits", null=True, on_delete="set_null")
    checks = ("number > 0",)
    index_on = (Index(("number",), unique=True), Index(("twin",), where="twin IS NOT NULL"))


class Trace(TenantTable, schema="visits", tablename="trace"):
    what = Text()
    append_only: ClassVar[bool] = True


class Country(PlatformTable, schema="psa", tablename="country"):
    code = Text()
    index_on = (Index(("code",), unique=True),)


class CompanyRead(msgspec.Struct):
    name: str


class VisitRead(msgspec.Struct):
    title: str


COMPANIES = Resource(
    name="companies",
    table=Company,
    read=CompanyRead,
    write=CompanyRead,
    search=(Company.name, Company.email, Company.tags),
    archive=Company.archived_at,
)
VISITS = Resource(
    name="visits",
    table=Visit,
    read=VisitRead,
    write=VisitRead,
    filters=(Visit.state, Visit.company, Visit.twin, Visit.title, Visit.planned_for, Visit.number),
    sorts=(Visit.title, Visit.number),
    search=(Visit.title,),
)
CRM = Manifest(name="crm", title="Companies", tables=(Company,), resources=(COMPANIES,))
GEO = Manifest(name="geo", title="Countries", tables=(Country,))
VISITS_PLUGIN = Manifest(name="visits", title="Visits", tables=(Visit, Trace), resources=(VISITS,))


class Plugins:
    """Builds registries of manifests whose migrations live in a folder of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        path = self.root / name / "migrations"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, manifest: Manifest) -> None:
        """Write a migration that creates the manifest's tables."""
        sql = ";\n".join(create_table(table) for table in manifest.tables) + ";\n"
        (self.folder(manifest.name) / "0001_tables.sql").write_text(sql)

    def registry(self, *manifests: Manifest) -> Registry:
        plugins: dict[str, Plugin] = {}
        for manifest in manifests:
            module = ModuleType(f"test_{manifest.name}")
            module.__file__ = str(self.root / manifest.name / "__init__.py")
            plugins[manifest.name] = Plugin(
                name=manifest.name,
                manifest=manifest,
                module=module,
                distribution="",
                version="0",
                builtin=manifest.name == GEO.name,
            )
        registry = build_registry(plugins)
        bind([table for _, table in registry.tables], registry.table_resource)
        return registry


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    made = Plugins(tmp_path)
    made.write(GEO)
    made.write(CRM)
    made.write(VISITS_PLUGIN)
    return made


@pytest.fixture
def registry(plugins: Plugins) -> Registry:
    return plugins.registry(GEO, CRM, VISITS_PLUGIN)


@pytest.fixture
def tables() -> SimpleNamespace:
    return SimpleNamespace(Company=Company, Visit=Visit, Trace=Trace, Country=Country)


@pytest.fixture
def manifests() -> SimpleNamespace:
    return SimpleNamespace(geo=GEO, crm=CRM, visits=VISITS_PLUGIN)


@pytest.fixture
def tenant() -> UUID:
    return uuid4()


@pytest.fixture
def other_tenant() -> UUID:
    return uuid4()
