"""Imports as the API shows them: read only, everybody's own."""

import datetime
from typing import Literal

import msgspec

from psa_console.tables import CsvImport
from psa_sdk import Resource, ToOne

CSV_IMPORTS = "csv-imports"


class CsvImportRead(msgspec.Struct, kw_only=True):
    """How far an import is."""

    target: str
    file_name: str
    state: Literal["uploaded", "checking", "checked", "running", "done", "failed"]
    fault: str
    row_count: int
    done_count: int
    created_count: int
    updated_count: int
    unchanged_count: int
    skipped_count: int
    created_at: datetime.datetime
    updated_at: datetime.datetime
    finished_at: datetime.datetime | None


csv_imports = Resource(
    name=CSV_IMPORTS,
    path="/imports",
    title="Imports",
    description="CSV files imported with the wizard.",
    table=CsvImport,
    read=CsvImportRead,
    verbs=frozenset(("list", "get")),
    relations=(ToOne("account", "users", CsvImport.account, writable=False),),
    filters=(CsvImport.account, "target", "state"),
    sorts=(CsvImport.created_at,),
    default_sort="-created_at",
    label=CsvImport.file_name,
    scopes={"own": lambda who: CsvImport.account == who.id},
    unaudited=("done_count", "problems", "refused", "mapping"),
)

READ = "console.csv_imports.read"
