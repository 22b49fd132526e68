"""What the columns of a CSV file mean: header to attribute, cell to the value that a document would have."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from psa_kernel.jsonapi.bodies import struct_of
from psa_kernel.jsonapi.custom_fields import Definition
from psa_kernel.jsonapi.writable import CUSTOM_FIELDS, Writable
from psa_kernel.jsonapi.write_plan import Target
from psa_sdk.errors import BadRequest, Fault

_TRUE = frozenset(("true", "yes", "y", "1", "x"))
_FALSE = frozenset(("false", "no", "n", "0"))
_WORDS = re.compile(r"[^a-z0-9.]+")


class CsvColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the file: the attribute, part of an attribute, custom field or relationship it fills."""

    index: int
    header: str
    attribute: str = ""
    part: str = ""
    custom: Definition | None = None
    relation: str = ""
    is_id: bool = False
    kind: str = "text"
    """The SQL type that tells how a cell is read."""

    @property
    def pointer(self) -> str:
        """Where a fault of this column points in a document."""
        if self.relation:
            return f"/data/relationships/{self.relation}"
        if self.custom is not None:
            return f"/data/attributes/{CUSTOM_FIELDS}/{self.custom.key}"
        return f"/data/attributes/{self.attribute}" + (f"/{self.part}" if self.part else "")

    def value(self, cell: str) -> Any:
        """Return a cell as JSON would have it; what can't be read stays text and fails validation."""
        kind = self.custom.kind if self.custom is not None else self.kind
        match kind:
            case "boolean":
                lowered = cell.lower()
                return True if lowered in _TRUE else False if lowered in _FALSE else cell
            case "integer" | "bigint" | "number":
                return _number(cell)
            case "text[]" | "multi_select":
                return [item.strip() for item in cell.split(",") if item.strip()]
            case "jsonb" if not self.part and cell[:1] in "{[":
                try:
                    return json.loads(cell)
                except ValueError:
                    return cell
            case _:
                return cell


def _number(cell: str) -> Any:
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        return cell


def resolve(
    header: Sequence[str],
    sends: Writable,
    target: Target,
    definitions: Sequence[Definition],
    mapping: Mapping[str, str],
) -> tuple[list[CsvColumn], list[str]]:
    """Return the meaning of each column, and the headers that are ignored.

    `mapping` names attributes by header; an empty name ignores the column. Headers match without case and
    punctuation; those of read-only attributes are ignored. Raises `BadRequest` naming all unknown headers.
    """
    names = _names(sends, definitions)
    chosen = {_plain(name): attribute for name, attribute in mapping.items()}
    columns: list[CsvColumn] = []
    ignored: list[str] = []
    faults: list[Fault] = []
    taken: dict[str, str] = {}
    for index, text in enumerate(header):
        wanted = chosen.get(_plain(text), text)
        meaning = names.get(_plain(wanted))
        if not wanted or not text or meaning == "":
            ignored.append(text)
        elif meaning is None:
            faults.append(
                Fault(detail=f"“{text}” is no column of {sends.resource.name}.", code="unknown_column")
            )
        elif meaning in taken:
            detail = f"“{text}” and “{taken[meaning]}” both fill {meaning}."
            faults.append(Fault(detail=detail, code="ambiguous_column"))
        else:
            taken[meaning] = text
            columns.append(_column(index, text, meaning, sends, target, definitions))
    if faults:
        raise BadRequest(faults=faults, code="unknown_column")
    return columns, ignored


def fillable(sends: Writable, definitions: Sequence[Definition]) -> dict[str, str]:
    """Return what columns can be mapped to: each name by the plain forms of the headers that mean it."""
    return {form: name for form, name in _names(sends, definitions).items() if name}


def meaning_of(header: str, names: Mapping[str, str]) -> str:
    """Return the name that a header means by itself, empty when it doesn't tell."""
    return names.get(_plain(header), "")


def _plain(name: str) -> str:
    return _WORDS.sub("", name.lower())


def _names(sends: Writable, definitions: Sequence[Definition]) -> dict[str, str]:
    """Return what can be named, by its plain form; an empty meaning is known and ignored."""
    names = {_plain(name): "" for name in (*sends.read_only, *sends.fixed_relations, *sends.links)}
    for definition in definitions:
        names |= {_plain(definition.label): f"custom_fields.{definition.key}"} if definition.label else {}
        names |= {
            _plain(form): f"custom_fields.{definition.key}"
            for form in (definition.key, f"custom_fields.{definition.key}")
        }
    for name, field in sends.fields.items():
        struct = struct_of(field.kind)
        if struct is not None:
            for part in msgspec.structs.fields(struct):
                names[_plain(f"{name}.{part.encode_name}")] = f"{name}.{part.encode_name}"
        names[_plain(name)] = name
    return {**names, **{_plain(name): name for name in sends.to_one}, "id": "id"}


def _column(
    index: int, header: str, meaning: str, sends: Writable, target: Target, definitions: Sequence[Definition]
) -> CsvColumn:
    if meaning == "id":
        return CsvColumn(index=index, header=header, is_id=True)
    if meaning in sends.to_one:
        return CsvColumn(index=index, header=header, relation=meaning)
    name, _, part = meaning.partition(".")
    if name == CUSTOM_FIELDS and part:
        custom = next(item for item in definitions if item.key == part)
        return CsvColumn(index=index, header=header, attribute=name, custom=custom)
    kind = target.column(sends.fields[name].column).sql_type
    return CsvColumn(index=index, header=header, attribute=name, part=part, kind=kind)


def row_data(
    columns: Sequence[CsvColumn], cells: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str], str]:
    """Return a row's attributes, its relationships' cells by name, and its id; empty cells say nothing."""
    attributes: dict[str, Any] = {}
    relations: dict[str, str] = {}
    key = ""
    for column in columns:
        cell = cells[column.index] if column.index < len(cells) else ""
        if cell == "":
            continue
        if column.is_id:
            key = cell
        elif column.relation:
            relations[column.relation] = cell
        elif column.custom is not None:
            attributes.setdefault(CUSTOM_FIELDS, {})[column.custom.key] = column.value(cell)
        elif column.part:
            attributes.setdefault(column.attribute, {})[column.part] = column.value(cell)
        else:
            attributes[column.attribute] = column.value(cell)
    return attributes, relations, key
