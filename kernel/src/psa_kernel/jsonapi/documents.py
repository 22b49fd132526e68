"""Documents: the top level around what PostgreSQL emitted, as bytes (JSON:API 1.1, 5.1)."""

import datetime
import decimal
import functools
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from psa_kernel.jsonapi.kinds import Kind, kind_of_column
from psa_kernel.jsonapi.statement import SPLICE, Emitted

MEDIA_TYPE = "application/vnd.api+json"
END = b',"jsonapi":{"version":"1.1"}}'
_TYPES: dict[Kind, Any] = {
    "integer": int,
    "bigint": int,
    "boolean": bool,
    "decimal": decimal.Decimal,
    "instant": datetime.datetime,
    "date": datetime.date,
    "uuid": UUID,
    "tags": list[str],
    "json": Any,
    "sealed": Any,
}
_encode = msgspec.json.encode


class _Needs(msgspec.Struct, frozen=True, eq=False):
    """How the columns that computed attributes need become Python values."""

    names: tuple[str, ...]
    decoder: msgspec.json.Decoder[list[Any]]


@functools.lru_cache(maxsize=1024)
def _needs(output: Emitted) -> _Needs:
    columns = {
        column._meta.name: column
        for attribute in output.computed
        if attribute.computed is not None
        for column in attribute.computed.needs
    }
    # Fields are named by position, because a column's name may be no Python identifier.
    fields = [
        (f"f{index}", _TYPES.get(kind_of_column(column), str) | None)
        for index, column in enumerate(columns.values())
    ]
    rename = {f"f{index}": name for index, name in enumerate(columns)}
    struct = msgspec.defstruct("Needs", fields, rename=rename)
    return _Needs(tuple(columns), msgspec.json.Decoder(list[struct]))


def filled(text: str, needs: str | None, output: Emitted) -> str:
    """Return emitted objects with their computed attributes in place."""
    if not output.computed or needs is None:
        return text
    known = _needs(output)
    computed = [(f'"{item.name}":', item.computed.compute) for item in output.computed if item.computed]
    pieces = text.split(SPLICE)
    whole = [pieces[0]]
    for row, piece in zip(known.decoder.decode(f"[{needs}]"), pieces[1:], strict=True):
        values = dict(zip(known.names, msgspec.structs.astuple(row), strict=True))
        whole.append(",".join([name + _encode(compute(values)).decode() for name, compute in computed]))
        whole.append(piece)
    return "".join(whole)


def included_text(columns: Sequence[str | None], outputs: Sequence[Emitted]) -> str:
    """Return the included objects of a statement's trailing columns, comma-separated."""
    parts: list[str] = []
    position = 0
    for output in outputs:
        text = columns[position]
        needs = columns[position + 1] if output.computed else None
        position += 2 if output.computed else 1
        if text:
            parts.append(filled(text, needs, output))
    return ",".join(parts)


def list_bytes(
    data: str,
    links: Mapping[str, str | None],
    *,
    included: str | None = None,
    page: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a list document around its objects, comma-separated."""
    middle = "" if included is None else f',"included":[{included}]'
    if page is not None:
        middle += f',"meta":{{"page":{_encode(page).decode()}}}'
    return b"".join((b'{"data":[', data.encode(), b"]", middle.encode(), b',"links":', _encode(links), END))


def one_bytes(data: str, links: Mapping[str, str | None], *, included: str | None = None) -> bytes:
    """Return a document of one resource object; `data` may be `null`."""
    middle = "" if included is None else f',"included":[{included}]'
    return b"".join((f'{{"data":{data}{middle},"links":'.encode(), _encode(links), END))


def pointer_bytes(name: str, id: UUID, url: str) -> bytes:
    """Return a document that only says which record it is."""
    return one_bytes(f'{{"type":"{name}","id":"{id}","links":{{"self":"{url}"}}}}', {"self": url})
