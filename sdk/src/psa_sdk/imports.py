"""CSV imports from inside: looking at a file, trying it, and importing it in parts.

`ctx.service(Imports)` does what `POST /<collection>/import/csv` does, with the principal's rights. A file of
many rows is imported part by part, each in a unit of work of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a row was skipped; `line` is where it begins in the file, `column` the header as written."""

    line: int
    code: str
    detail: str
    column: str = ""


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did, or would do."""

    dry_run: bool
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    encoding: str = ""
    separator: str = ""
    ignored_columns: list[str] = []
    problems: list[RowProblem] = []


class SheetColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a file: its header, the first values, and what it fills if its header tells."""

    header: str
    samples: tuple[str, ...] = ()
    fills: str = ""


class SheetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A file as an import into a resource sees it; `fillable` are the names that columns can be mapped to."""

    columns: Sequence[SheetColumn]
    fillable: Sequence[str]
    required: Sequence[str]
    rows: int
    encoding: str
    separator: str


class Imports(Protocol):
    """Imports CSV files. Provided by the platform."""

    async def look(self, resource: str, content: bytes) -> SheetFacts:
        """Read a file's header and first rows; raises `BadRequest` for what is no CSV."""
        ...

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
        """Import a file, or the data rows of it that `part` counts from 0.

        `refused` are the lines that earlier parts skipped: a later row with the same key is no repetition of those.
        """
        ...

    def rejected(self, content: bytes, problems: Sequence[RowProblem]) -> bytes:
        """Return the skipped rows as CSV with the reason as a last column, to be corrected and imported again."""
        ...
