"""The pages of the import wizard."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile

from psa_console.imports.resources import CSV_IMPORTS
from psa_console.imports.work import check, content_of, problems_of, run_part
from psa_console.tables import CsvImport
from psa_sdk import Context, get
from psa_sdk.documents import Documents
from psa_sdk.errors import BadRequest, Conflict, Fault, Invalid, NotFound, TooLarge
from psa_sdk.imports import Imports
from psa_sdk.ui import Done, Go
from psa_web.api import here, humanise, view_of

MOST_BYTES = 32 << 20
_SHOWN = 200
_RECENT = 20


class Choice(msgspec.Struct):
    """The address of the first step."""

    resource: str = ""


async def start(ctx: Context, query: Choice) -> Mapping[str, Any]:
    """Load what can be imported, and one's own latest imports."""
    documents, place = ctx.service(Documents), here()
    views = [
        view_of(place.site, facts)
        for facts in map(documents.describe, documents.resources())
        if facts.importable and {"create", "update"} <= facts.verbs
    ]
    rows = await ctx.records.find(
        CSV_IMPORTS, CsvImport.account == ctx.principal.id, order="-created_at", limit=_RECENT
    )
    return {
        "views": sorted(views, key=lambda view: place.gettext(view.title)),
        "chosen": query.resource,
        "recent": [{**row, "title": _title(ctx, row["target"])} for row in rows],
    }


def _title(ctx: Context, resource: str) -> str:
    try:
        return ctx.service(Documents).describe(resource).title
    except NotFound:
        return humanise(resource)


async def upload(ctx: Context, form: Mapping[str, Sequence[Any]]) -> Go:
    """Take a file; what is no CSV is told at its field."""
    resource = str(form.get("resource", [""])[-1])
    file = form.get("file", [None])[-1]
    content = await file.read() if isinstance(file, UploadFile) else b""
    faults: list[Fault] = []
    if not resource:
        faults.append(Fault(detail=here().gettext("Choose what the rows are."), pointer="/resource"))
    if not isinstance(file, UploadFile) or not content:
        faults.append(Fault(detail=here().gettext("Choose a CSV file."), pointer="/file"))
    if faults:
        raise Invalid(faults=faults)
    assert isinstance(file, UploadFile)
    try:
        sheet = await ctx.service(Imports).look(resource, content)
    except (BadRequest, TooLarge) as problem:
        raise Invalid(str(problem), pointer="/file") from problem
    system = ctx.as_system()
    values = {
        "account": ctx.principal.id,
        "target": resource,
        "file_name": file.filename[:200],
        "row_count": sheet.rows,
        "mapping": {column.header: column.fills for column in sheet.columns},
    }
    made = await system.records.create(CSV_IMPORTS, values)
    stored = await system.files.save(
        content, name=file.filename or "import.csv", subject=(CSV_IMPORTS, made), internal=True
    )
    await system.records.update(CSV_IMPORTS, made, {"file": stored.id})
    return Go(url=f"/imports/{made}")


async def show(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load an import: the mapping before it runs, progress while it does, the outcome after it."""
    row = await _own(ctx, id)
    data: dict[str, Any] = {
        "row": row,
        "title": _title(ctx, row["target"]),
        "view": view_of(here().site, ctx.service(Documents).describe(row["target"])),
        "problems": problems_of(row)[:_SHOWN],
    }
    if row["state"] in {"uploaded", "checked", "failed"}:
        sheet = await ctx.service(Imports).look(row["target"], await content_of(ctx, row))
        filled = {name for name in row["mapping"].values() if name}
        data |= {
            "sheet": sheet,
            "choices": [(name, _label(name)) for name in sheet.fillable],
            "missing": [_label(name) for name in sheet.required if name not in filled],
        }
    return data


def _label(name: str) -> str:
    """Return what people call a column: parts of a group after their group."""
    return ": ".join(here().gettext(humanise(part)) for part in name.split(".") if part != "custom_fields")


async def try_out(ctx: Context, id: UUID, form: Mapping[str, Sequence[str]]) -> Done:
    """Keep the mapping and have the file tried in the background."""
    row = await _own(ctx, id)
    if row["state"] not in {"uploaded", "checked", "failed"}:
        raise Conflict("This import runs already.")
    headers, fills = form.get("header", ()), form.get("fills", ())
    mapping = dict(zip(headers, fills, strict=False)) or row["mapping"]
    values = {"mapping": mapping, "state": "checking", "fault": "", "problems": [], "refused": []}
    await ctx.as_system().records.update(CSV_IMPORTS, id, values)
    await ctx.send(check, import_id=id)
    return Done(refresh=(CSV_IMPORTS,))


async def run(ctx: Context, id: UUID) -> Done:
    """Import the file in the background, as it was tried."""
    row = await _own(ctx, id)
    if row["state"] != "checked":
        raise Conflict("Check the file first.")
    counts = {f"{name}_count": 0 for name in ("created", "updated", "unchanged", "skipped", "done")}
    values = {**counts, "state": "running", "problems": [], "refused": []}
    await ctx.as_system().records.update(CSV_IMPORTS, id, values)
    await ctx.send(run_part, import_id=id, first=0)
    return Done(refresh=(CSV_IMPORTS,))


async def _own(ctx: Context, id: UUID) -> Mapping[str, Any]:
    row = await ctx.records.get(CSV_IMPORTS, id)
    if row["account"] != ctx.principal.id:
        raise NotFound(f"There is no import {id}.")
    return row


@get("/imports/{id:uuid}/rejected", permission="console.csv_imports.read", media_type="text/csv")
async def rejected(ctx: Context, id: UUID) -> Response[bytes]:
    """Download the rows that were skipped, with the reasons, to correct and import them again."""
    row = await _own(ctx, id)
    content = ctx.service(Imports).rejected(await content_of(ctx, row), problems_of(row))
    name = row["file_name"].rsplit(".", 1)[0]
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}-rejected.csv"},
    )
