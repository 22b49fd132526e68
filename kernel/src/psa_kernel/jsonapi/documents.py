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


@functools.lru_cache(maxsize=1024)
def _decoder(output: Emitted) -> msgspec.json.Decoder[list[Any]]:
    """Return the decoder of the columns that computed attributes need, as Python values."""
    columns = {
        column._meta.name: column
        for attribute in output.computed
        if attribute.computed is not None
        for column in attribute.computed.needs
    }
    fields = [
        (f"f{index}", _TYPES.get(kind_of_column(column), str) | None)
        for index, column in enumerate(columns.values())
    ]
    names = {f"f{index}": name for index, name in enumerate(columns)}
    needs = msgspec.defstruct("Needs", fields, rename=names)
    return msgspec.json.Decoder(list[needs])


def filled(text: str, needs: str | None, output: Emitted) -> str:
    """Return emitted objects with their computed attributes in place."""
    if not output.computed or needs is None:
        return text
    pieces = text.split(SPLICE)
    rows = _decoder(output).decode(f"[{needs}]")
    whole = [pieces[0]]
    for row, piece in zip(rows, pieces[1:], strict=True):
        values = dict(
            zip(
                (field.encode_name for field in msgspec.structs.fields(row)),
                msgspec.structs.astuple(row),
                strict=True,
            )
        )
        whole.append(
            ",".join(
                f'"{attribute.name}":{_encode(attribute.computed.compute(values)).decode()}'
                for attribute in output.computed
                if attribute.computed is not None
            )
        )
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
