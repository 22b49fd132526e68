"""Exports the audit log as CSV or JSON lines, streamed; the export is itself an entry (AUD-07)."""

import csv
import datetime
import io
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Literal, cast
from uuid import UUID

import msgspec
from litestar.response import Stream

from psa_kernel.builtin.audit.resources import AuditLogRead
from psa_kernel.exports import begun
from psa_kernel.unit_of_work import Unit
from psa_sdk import Context, get

_COLUMNS = ("id", *AuditLogRead.__struct_fields__)
_JSON = ("old", "new", "detail")


class ExportQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which entries, and how they are written."""

    format: Literal["csv", "jsonl"] = "jsonl"
    actor_id: UUID | None = msgspec.field(name="filter[actor_id]", default=None)
    resource: str | None = msgspec.field(name="filter[resource]", default=None)
    record_id: UUID | None = msgspec.field(name="filter[record_id]", default=None)
    action: str | None = msgspec.field(name="filter[action]", default=None)
    ip: str | None = msgspec.field(name="filter[ip]", default=None)
    first: datetime.datetime | None = msgspec.field(name="filter[occurred_at][gte]", default=None)
    last: datetime.datetime | None = msgspec.field(name="filter[occurred_at][lt]", default=None)


_QUERY = (
    f"SELECT {', '.join(f'{name}::text' if name in _JSON else name for name in _COLUMNS)} FROM psa.audit_entry"
    " WHERE tenant_id = $1 AND ($2::uuid IS NULL OR actor_id = $2) AND ($3::text IS NULL OR resource = $3)"
    " AND ($4::uuid IS NULL OR record_id = $4) AND ($5::text IS NULL OR action = $5)"
    " AND ($6::text IS NULL OR ip = $6) AND ($7::timestamptz IS NULL OR occurred_at >= $7)"
    " AND ($8::timestamptz IS NULL OR occurred_at < $8) ORDER BY occurred_at, id"
)


@get(
    "/audit-logs/export",
    permission="audit.audit_logs.export",
    media_type="application/jsonl, text/csv",
)
async def export_audit_log(ctx: Context, query: ExportQuery) -> Stream:
    """Download the audit log as CSV or JSON lines, oldest first."""
    unit = cast(Unit, ctx)
    facts = {name: value for name, value in msgspec.to_builtins(query).items() if value is not None}
    unit.kernel.exports.admit()
    # Reads have no transaction that could keep it, and it must be there before the first byte.
    async with unit.kernel.unit(unit.tenant_id, principal=unit.principal, request=unit.request) as writing:
        await writing.audit("export", "audit-logs", **facts)
    day = unit.now.date().isoformat()
    return Stream(
        await begun(_placed(unit, lines(unit, query))),
        media_type="text/csv; charset=utf-8" if query.format == "csv" else "application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="audit-log-{day}.{query.format}"'},
    )


async def _placed(unit: Unit, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    with unit.kernel.exports.place():
        async for chunk in chunks:
            yield chunk


async def lines(unit: Unit, query: ExportQuery) -> AsyncIterator[bytes]:
    """Yield the export in chunks."""
    encode = _as_csv if query.format == "csv" else _as_json
    if query.format == "csv":
        yield _csv_line(_COLUMNS)
    chunk: list[bytes] = []
    async for row in unit.db.stream(
        _QUERY,
        unit.tenant_id,
        query.actor_id,
        query.resource,
        query.record_id,
        query.action,
        query.ip,
        query.first,
        query.last,
    ):
        chunk.append(encode(row))
        if len(chunk) == 500:
            yield b"".join(chunk)
            chunk.clear()
    if chunk:
        yield b"".join(chunk)


def _as_json(row: Any) -> bytes:
    values = {
        name: msgspec.Raw(row[name].encode()) if name in _JSON and row[name] else row[name]
        for name in _COLUMNS
    }
    return msgspec.json.encode(values) + b"\n"


def _as_csv(row: Any) -> bytes:
    return _csv_line([_harmless(row[name]) for name in _COLUMNS])


def _harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking a value for a formula (OWASP, CSV injection)."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _csv_line(values: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().encode()
