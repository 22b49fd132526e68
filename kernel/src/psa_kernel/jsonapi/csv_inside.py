"""CSV imports from inside: `psa_sdk.imports.Imports` over the routes' own import."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from psa_kernel.jsonapi.csv_columns import fillable, meaning_of
from psa_kernel.jsonapi.csv_export import cell
from psa_kernel.jsonapi.csv_import import definitions_of, import_csv
from psa_kernel.jsonapi.csv_text import read_sheet
from psa_kernel.jsonapi.scopes import require
from psa_kernel.jsonapi.writable import writable
from psa_sdk.imports import ImportReport, RowProblem, SheetColumn, SheetFacts

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

_SAMPLES = 3


class UnitImports:
    """The imports of one unit of work."""

    def __init__(self, ctx: object) -> None:
        """Bind to a unit of work."""
        self._unit = cast("Unit", ctx)

    async def look(self, resource: str, content: bytes) -> SheetFacts:
        """Read a file's header and first rows."""
        require(self._unit, resource, "create")
        require(self._unit, resource, "update")
        sheet = read_sheet(content)
        sends = writable(self._unit, resource)
        names = fillable(sends, await definitions_of(self._unit, sends.resource))
        required = [name for name, field in sends.fields.items() if field.required]
        required += [name for name, relation in sends.to_one.items() if relation.required]
        return SheetFacts(
            columns=[
                SheetColumn(
                    header=header,
                    samples=tuple(
                        line.cells[index]
                        for line in sheet.lines
                        if index < len(line.cells) and line.cells[index]
                    )[:_SAMPLES],
                    fills=meaning_of(header, names),
                )
                for index, header in enumerate(sheet.header)
            ],
            fillable=sorted(set(names.values())),
            required=required,
            rows=len(sheet.lines),
            encoding=sheet.encoding,
            separator=sheet.separator,
        )

    async def run(
        self,
        resource: str,
        content: bytes,
        *,
        mapping: Mapping[str, str],
        dry_run: bool = False,
        part: range | None = None,
        refused: Collection[int] = (),
    ) -> ImportReport:
        """Import a file, or some of its data rows."""
        return await import_csv(
            self._unit, resource, content, mapping=mapping, dry_run=dry_run, part=part, refused=refused
        )

    def rejected(self, content: bytes, problems: Sequence[RowProblem]) -> bytes:
        """Return the skipped rows as CSV with the reason as a last column."""
        sheet = read_sheet(content)
        reasons: dict[int, list[str]] = {}
        for problem in problems:
            told = f"{problem.column}: {problem.detail}" if problem.column else problem.detail
            reasons.setdefault(problem.line, []).append(told)
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=sheet.separator)
        writer.writerow([*sheet.header, "Problem"])
        for line in sheet.lines:
            if line.number in reasons:
                cells = [*line.cells, *[""] * (len(sheet.header) - len(line.cells))]
                writer.writerow([cell(value) for value in (*cells, " ".join(reasons[line.number]))])
        return b"\xef\xbb\xbf" + text.getvalue().encode()
