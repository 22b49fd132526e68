"""The background of imports: the dry run whole, the import itself part by part, with its starter's rights."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_console.imports.resources import CSV_IMPORTS
from psa_sdk import Context, actor
from psa_sdk.errors import Problem
from psa_sdk.identity import Directory
from psa_sdk.imports import ImportReport, Imports, RowProblem

PART: Final = 500
"""Rows of one unit of work, after which progress is seen."""
MOST_PROBLEMS: Final = 5_000
"""Problems that are kept in words; of further refused rows the line is known."""


@actor(time_limit=900)
async def check(ctx: Context, *, import_id: UUID) -> None:
    """Try the whole file and keep nothing but the report."""
    row = await ctx.records.get(CSV_IMPORTS, import_id, lock=True)
    if row["state"] != "checking":
        return
    try:
        report = await _run(ctx, row, dry_run=True)
    except Problem as problem:
        await _fail(ctx, row, problem)
        return
    await ctx.records.update(CSV_IMPORTS, import_id, {"state": "checked", **_told(report)})


@actor(time_limit=600)
async def run_part(ctx: Context, *, import_id: UUID, first: int) -> None:
    """Import the next rows, then send for those after them."""
    row = await ctx.records.get(CSV_IMPORTS, import_id, lock=True)
    if row["state"] != "running" or row["done_count"] != first:
        return
    part = range(first, min(first + PART, row["row_count"]))
    try:
        report = await _run(ctx, row, part=part)
    except Problem as problem:
        await _fail(ctx, row, problem)
        return
    values = {**_told(report, row), "done_count": part.stop}
    if part.stop >= row["row_count"]:
        values |= {"state": "done", "finished_at": ctx.now}
    else:
        await ctx.send(run_part, import_id=import_id, first=part.stop)
    await ctx.records.update(CSV_IMPORTS, import_id, values)


async def _run(
    ctx: Context, row: Mapping[str, Any], *, part: range | None = None, dry_run: bool = False
) -> ImportReport:
    starter = await ctx.service(Directory).as_account(row["account"])
    async with ctx.savepoint():
        return await starter.service(Imports).run(
            row["target"],
            await content_of(ctx, row),
            mapping=row["mapping"],
            dry_run=dry_run,
            part=part,
            refused=frozenset(row["refused"]) if part else (),
        )


async def content_of(ctx: Context, row: Mapping[str, Any]) -> bytes:
    """Return the uploaded file."""
    return b"".join([chunk async for chunk in ctx.files.read(row["file"])])


def problems_of(row: Mapping[str, Any]) -> list[RowProblem]:
    """Return why rows were skipped, as far as it is kept; every skipped line is there."""
    told = msgspec.convert(row["problems"], list[RowProblem])
    known = {problem.line for problem in told}
    rest = [RowProblem(line=line, code="refused", detail="") for line in row["refused"] if line not in known]
    return [*told, *rest]


def _told(report: ImportReport, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a report as columns, added to what earlier parts told."""
    earlier = before or {}
    counts = {
        f"{name}_count": getattr(report, name) + earlier.get(f"{name}_count", 0)
        for name in ("created", "updated", "unchanged", "skipped")
    }
    problems = [*earlier.get("problems", ()), *msgspec.to_builtins(report.problems)]
    lines = dict.fromkeys([*earlier.get("refused", ()), *(problem.line for problem in report.problems)])
    return {**counts, "problems": problems[:MOST_PROBLEMS], "refused": list(lines)}


async def _fail(ctx: Context, row: Mapping[str, Any], problem: Problem) -> None:
    fault = " ".join(fault.detail for fault in problem.faults) or str(problem)
    await ctx.records.update(
        CSV_IMPORTS, row["id"], {"state": "failed", "fault": fault[:2000], "finished_at": ctx.now}
    )


ACTORS = (check, run_part)
