"""CSV exports: `GET /<collection>.csv` streams every row that the list would show, audited (RFC 4180).

It takes the list's `filter`, `sort` and `fields`. To-one relationships are columns of ids, custom fields one
JSON column. Cells that a spreadsheet would run as a formula get a leading `'` (CRM-09).
"""

import csv
import datetime
import io
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.response import Stream

from psa_kernel.exports import begun
from psa_kernel.jsonapi.keyset import Ordered, order_by
from psa_kernel.jsonapi.paging import parsed
from psa_kernel.jsonapi.plan import conditions
from psa_kernel.jsonapi.scopes import require, shape_for, shifted, visible
from psa_kernel.jsonapi.shape import Attribute, Shape, quoted
from psa_kernel.jsonapi.statement import Emitted, emitted

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit

CSV = "text/csv"
_ROWS = 500
"""Rows that are fetched and sent at a time."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class Selection(msgspec.Struct, frozen=True):
    """A statement and how its rows become cells."""

    sql: str
    values: Sequence[Any]
    header: Sequence[str]
    cells: Callable[[Mapping[str, Any]], list[str]]


async def export(unit: "Unit", name: str, raw: str) -> Stream:
    """Audit an export and return its stream, which reads in a unit of work of its own."""
    require(unit, name, "list")
    shape = shape_for(unit, name)
    chosen = selection(unit, shape, raw)
    unit.kernel.exports.admit()
    await unit.audit("export", name, None, format="csv", query=raw)
    # The entry stands even when the client hangs up; and the stream must not hold two connections.
    await unit.session.commit()
    return Stream(
        await begun(_lines(unit, chosen)),
        media_type=f"{CSV}; charset=utf-8; header=present",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Vary": "Authorization, Cookie",
        },
    )


async def _lines(unit: "Unit", chosen: Selection) -> AsyncGenerator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(chosen.header)
    reading = unit.kernel.unit(unit.tenant_id, principal=unit.principal, request=unit.request)
    with unit.kernel.exports.place():
        async with reading as other:
            rows = 0
            async for row in other.db.stream(chosen.sql, *chosen.values, prefetch=_ROWS):
                writer.writerow(chosen.cells(row))
                rows += 1
                if rows % _ROWS == 0:
                    yield text.getvalue().encode()
                    text.seek(0)
                    text.truncate()
    yield text.getvalue().encode()


def selection(unit: "Unit", shape: Shape, raw: str) -> Selection:
    """Return the statement of an export and how its rows become cells."""
    query = parsed(unit, shape, "export", raw)
    output = emitted(shape, dict(query.fields))
    row = shape.row
    columns = {"id": f"{row}.id"}
    for attribute in output.attributes:
        value = f"({attribute.value} IS NOT NULL)" if attribute.kind == "sealed" else attribute.value
        columns[attribute.name] = value.replace("{row}", row)
    for relation in output.relations:
        if not relation.many:
            columns[relation.name] = relation.column.replace("{row}", row)
    shown = list(columns)
    for name, value in output.needs.items():
        columns[f"psa_need_{name}"] = value.replace("{row}", row)
    where = conditions(shape, query.filters, query.archived)
    seen = visible(unit, shape.name)
    if seen.sql:
        where.append(shifted(seen.sql, len(query.values)))
    keys = [
        (shape.sorts[name].value.replace("{row}", row), Ordered(shape.sorts[name], descends))
        for name, descends in query.sort
    ]
    joins = "".join(shape.satellites[index].joined(row) for index in output.satellites)
    selected = ", ".join(f"{value} AS {quoted(name)}" for name, value in columns.items())
    return Selection(
        sql=f"SELECT {selected} FROM {shape.source} AS {row}{joins} WHERE {' AND '.join(where)} ORDER BY {order_by(keys)}",
        values=(*query.values, *seen.values),
        header=[*shown, *(attribute.name for attribute in output.computed)],
        cells=_cells(output, shown),
    )


def _cells(output: Emitted, shown: Sequence[str]) -> Callable[[Mapping[str, Any]], list[str]]:
    documents = {item.name for item in output.attributes if item.kind == "json"}
    needs = {name: f"psa_need_{name}" for name in output.needs}

    def cells(row: Mapping[str, Any]) -> list[str]:
        found = [
            value if name in documents and isinstance(value, str) else cell(value)
            for name, value in ((name, row[name]) for name in shown)
        ]
        values = {name: row[alias] for name, alias in needs.items()}
        found.extend(_computed(item, values) for item in output.computed)
        return found

    return cells


def _computed(attribute: Attribute, values: Mapping[str, Any]) -> str:
    return cell(attribute.computed.compute(values)) if attribute.computed else ""


def cell(value: Any) -> str:
    """Return a value as a CSV cell that no spreadsheet runs.

    Example:
        >>> cell("=1+1"), cell("-5.20"), cell("-x"), cell(None), cell(True), cell(["a", "b"])
        ("'=1+1", '-5.20', "'-x", '', 'true', 'a,b')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, list):
        value = ",".join(str(item) for item in value)
    elif isinstance(value, dict | msgspec.Struct):
        value = msgspec.json.encode(value).decode()
    text = str(value)
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
