"""CSV imports: `POST /<collection>/import/csv` creates and updates records as the API would (CRM-08).

A dry run is the same run, undone at its end, so both give the same report. Rows go in batches; a batch in
which something fails is repeated row by row, so that one bad row never costs another.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from psa_kernel.database.schema import literal
from psa_kernel.jsonapi import custom_fields
from psa_kernel.jsonapi.checks import check_draft
from psa_kernel.jsonapi.csv_columns import CsvColumn, resolve, row_data
from psa_kernel.jsonapi.csv_matching import Existing, Matching, Row
from psa_kernel.jsonapi.csv_text import Line, read_sheet
from psa_kernel.jsonapi.drafts import Draft, read_draft
from psa_kernel.jsonapi.findings import Findings
from psa_kernel.jsonapi.records import UnitRecords
from psa_kernel.jsonapi.scopes import require
from psa_kernel.jsonapi.targets import target_of
from psa_kernel.jsonapi.writable import CUSTOM_FIELDS, Writable, writable
from psa_sdk.errors import NotFound, Problem
from psa_sdk.imports import ImportReport, RowProblem
from psa_sdk.resources import Resource

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

BATCH = 200


class _UndoneError(Exception):
    """Ends a dry run."""


async def import_csv(
    unit: "Unit",
    name: str,
    content: bytes,
    *,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    part: range | None = None,
    refused: Collection[int] = (),
) -> ImportReport:
    """Import a file, or a part of its data rows, into a resource; `refused` are lines that earlier parts skipped.

    Raises `BadRequest` for a file or header that can't be read at all.
    """
    require(unit, name, "create")
    require(unit, name, "update")
    sheet = read_sheet(content)
    sends = writable(unit, name)
    definitions = await definitions_of(unit, sends.resource)
    columns, ignored = resolve(
        sheet.header, sends, target_of(unit, sends.resource), definitions, mapping or {}
    )
    report = ImportReport(
        dry_run=dry_run, encoding=sheet.encoding, separator=sheet.separator, ignored_columns=ignored
    )
    run = _Import(unit, sends, columns, definitions, report)
    rows = part or range(len(sheet.lines))
    run.remember([line for line in sheet.lines[: rows.start] if line.number not in refused])
    lines = sheet.lines[rows.start : rows.stop]
    try:
        async with unit.savepoint():
            # Unique custom fields are compared with what is stored, so each row has to be before the next one.
            size = 1 if any(item.is_unique for item in definitions) else BATCH
            for start in range(0, len(lines), size):
                await run.batch(lines[start : start + size], len(sheet.header))
            if dry_run:
                raise _UndoneError
    except _UndoneError:
        pass
    report.problems.sort(key=lambda problem: problem.line)
    if not dry_run:
        counts = {"created": report.created, "updated": report.updated, "skipped": report.skipped}
        await unit.audit("import", name, None, format="csv", **counts)
    return report


async def definitions_of(unit: "Unit", resource: Resource) -> tuple[custom_fields.Definition, ...]:
    """Return the fields that the tenant added to a resource."""
    if not resource.custom_fields:
        return ()
    column = custom_fields.DEFINITIONS.format(literal(resource.name))
    return custom_fields.decode(await unit.connection.fetchval(f"SELECT {column}"))


class _Import:
    """One run over a file."""

    def __init__(
        self,
        unit: "Unit",
        sends: Writable,
        columns: Sequence[CsvColumn],
        definitions: Sequence[custom_fields.Definition],
        report: ImportReport,
    ) -> None:
        self.unit = unit
        self.sends = sends
        self.name = sends.resource.name
        self.target = target_of(unit, sends.resource)
        self.columns = columns
        self.report = report
        self.headers = {column.pointer: column.header for column in columns}
        self.matching = Matching(unit, sends, self.target)
        self.seen: dict[tuple[str, str], int] = {}
        # Fields that need the database for each value.
        self.asks = any(item.is_unique or item.target for item in definitions)
        self.definitions = definitions

    def remember(self, lines: Sequence[Line]) -> None:
        """Take the keys of rows that earlier parts have written."""
        for line in lines:
            attributes, _, _ = row_data(self.columns, line.cells)
            self.seen.update(dict.fromkeys(self._keys(attributes), line.number))

    def _keys(self, attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(name, str(attributes[name]).lower()) for name in self.matching.keys if attributes.get(name)]

    async def batch(self, lines: Sequence[Line], width: int) -> None:
        rows = [row for line in lines if (row := self._row(line, width)) is not None]
        await self.matching.recognise(rows)
        known = await self.matching.related(rows)
        ready = [row for row in rows if await self._drafted(row, known)]
        await self._create([row for row in ready if row.existing is None])
        for row in ready:
            if row.existing is not None:
                await self._update(row, row.existing)

    def _row(self, line: Line, width: int) -> Row | None:
        if len(line.cells) > width:
            detail = f"The row has {len(line.cells)} cells, the header {width}; quote cells with separators."
            return self._skip(line, "too_many_cells", detail)
        attributes, relations, key = row_data(self.columns, line.cells)
        keys = self._keys(attributes)
        return Row(line=line, attributes=attributes, relations=relations, keys=keys, id=key)

    def _skip(self, line: Line, code: str, detail: str, pointer: str = "") -> None:
        self.report.skipped += 1
        self._tell(line, code, detail, pointer)

    def _tell(self, line: Line, code: str, detail: str, pointer: str) -> None:
        header = next(
            (
                header
                for place, header in self.headers.items()
                if pointer and (pointer == place or pointer.startswith(f"{place}/"))
            ),
            "",
        )
        self.report.problems.append(RowProblem(line=line.number, code=code, detail=detail, column=header))

    def _refuse(self, row: Row, problem: Problem) -> None:
        self.report.skipped += 1
        for fault in problem.faults:
            self._tell(row.line, fault.code or problem.code, fault.detail, fault.pointer or "")

    async def _drafted(self, row: Row, known: Mapping[tuple[str, str], list[UUID]]) -> bool:
        """Read a row as the document it stands for; tell whether it can be written."""
        for pair in row.keys:
            if pair in self.seen:
                detail = f"The same {pair[0]} is on line {self.seen[pair]} already."
                self._skip(row.line, "duplicate_row", detail, f"/data/attributes/{pair[0]}")
                return False
        findings = Findings()
        relationships: dict[str, Any] = {}
        for relation, cell in row.relations.items():
            pointer, target = f"/data/relationships/{relation}", self.sends.to_one[relation].target
            found = known.get((relation, cell.lower()), [])
            if len(found) == 1:
                relationships[relation] = {"data": {"type": target, "id": str(found[0])}}
                continue
            detail = f"No record of {target} is called “{cell}”."
            if found:
                detail = f"{len(found)} records of {target} are called “{cell}”; give the id."
            relationships[relation] = {"data": None}
            findings.add(
                detail, pointer=pointer, code="ambiguous" if found else "related_not_found", kind=NotFound
            )
        if row.id and row.existing is None:
            findings.add(f"There is no record with the id {row.id}.", pointer="/data/id", kind=NotFound)
        data: dict[str, Any] = {
            "type": self.name,
            "attributes": row.attributes,
            "relationships": relationships,
        }
        existing = row.existing
        if existing is not None:
            data["id"] = str(existing.id)
        mode = "create" if existing is None else "patch"
        row.draft = read_draft(
            data, self.sends, self.target, mode, findings, id=existing.id if existing else None
        )
        await self._custom(row.draft, mode, existing, findings)
        try:
            findings.raise_all()
        except Problem as problem:
            self._refuse(row, problem)
            return False
        self.seen.update(dict.fromkeys(row.keys, row.line.number))
        return True

    async def _custom(
        self, draft: Draft, mode: Literal["create", "patch"], existing: Existing | None, findings: Findings
    ) -> None:
        if draft.custom_fields is None:
            return
        stored = existing.custom_fields if existing is not None else None
        if self.asks:
            # References were looked up with the whole batch.
            draft.references = []
            key = existing.id if existing is not None else None
            await check_draft(self.unit, self.sends, draft, mode, findings, stored, key)
            return
        draft.values[CUSTOM_FIELDS] = custom_fields.validate(
            self.definitions, draft.custom_fields, findings, stored=stored
        )

    async def _create(self, rows: Sequence[Row]) -> None:
        records = UnitRecords(self.unit, "create")
        values = [row.draft.values for row in rows if row.draft is not None]
        try:
            async with self.unit.savepoint():
                await records.create_many(self.name, [dict(value) for value in values])
        except Problem as problem:
            if len(rows) == 1:
                self._refuse(rows[0], problem)
                return
            for row in rows:
                await self._create([row])
            return
        self.report.created += len(rows)

    async def _update(self, row: Row, existing: Existing) -> None:
        assert row.draft is not None
        try:
            async with self.unit.savepoint():
                records = UnitRecords(self.unit, "update")
                version = await records.update_at(self.name, existing.id, row.draft.values, None)
        except Problem as problem:
            self._refuse(row, problem)
            return
        if version == existing.version:
            self.report.unchanged += 1
        else:
            self.report.updated += 1
