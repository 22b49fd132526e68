"""Request documents: JSON text to checked values, with every failure and its pointer.

msgspec decodes and stops at the first failure; only then is the document walked field by field, so that
the client learns all of them at once (JSON:API 1.1, "Error Objects").
"""

import json
import math
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from psa_kernel.jsonapi.findings import Findings, escape
from psa_sdk.errors import BadRequest, Problem
from psa_sdk.mismatches import mismatch

S = TypeVar("S", bound=msgspec.Struct)
ATTRIBUTES = "/data/attributes"
_LARGEST_EXPONENT = 40


LONGEST_NUMBER = 1000
"""Characters of a number in a document."""


def parse(body: bytes) -> dict[str, Any]:
    """Return a request document's members.

    Raises `BadRequest` for what is no JSON object: broken syntax, duplicate members, NaN, other encodings
    than UTF-8, or nesting too deep to read.
    """
    if not body.strip():
        raise BadRequest("The request needs a JSON:API document as its body.", code="missing_body")
    try:
        document = json.loads(
            body.decode(),
            object_pairs_hook=_members,
            parse_constant=_constant,
            parse_float=_number,
            parse_int=_integer,
        )
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8 text.", code="malformed_json") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.", code="malformed_json") from None
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            code="malformed_json",
        ) from None
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.", code="malformed_json") from None
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object.", code="malformed_document", pointer="")
    return document


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member “{twice}” occurs twice in one object")
    return members


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _integer(text: str) -> int:
    # Python refuses thousands of digits with advice for programmers.
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"the number {text[:20]}… has too many digits")
    return int(text)


def _number(text: str) -> Any:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"the number {text[:20]}… has too many digits")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is out of range")
    # What a binary float cannot hold stays exact, for decimals.
    return value if Decimal(repr(value)) == Decimal(text) else Decimal(text)


def member(document: Mapping[str, Any], name: str, pointer: str) -> dict[str, Any]:
    """Return an object inside a document, empty when absent; raises `BadRequest` when it is something else."""
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise BadRequest(
            f"“{name}” must be an object.", code="malformed_document", pointer=f"{pointer}/{escape(name)}"
        )
    return value


def data_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the primary data, a single resource object; raises `BadRequest` when there is none."""
    data = document.get("data")
    if not isinstance(data, dict):
        raise BadRequest(
            "The document must have one resource object as “data”.",
            code="malformed_document",
            pointer="/data" if "data" in document else "",
        )
    return data


def decode_attributes(body: bytes, struct: type[S]) -> S:
    """Decode the `data.attributes` of an action's document; `data.type` may be left out.

    An empty body counts as no attributes. Raises `BadRequest` for a malformed document and `Invalid` with
    all failures, each with its pointer.
    """
    attributes: dict[str, Any] = {}
    if body.strip():
        attributes = member(data_of(parse(body)), "attributes", "/data")
    findings = Findings()
    known = {field.encode_name for field in msgspec.structs.fields(struct)}
    for name in attributes.keys() - known:
        unknown(name, ATTRIBUTES, findings)
    value = convert(attributes, struct, ATTRIBUTES, findings)
    findings.raise_all()
    return typing.cast(S, value)


def convert(value: Any, kind: Any, pointer: str, findings: Findings) -> Any:
    """Return a JSON value as a declared type; on failure note every fault below `pointer`."""
    before = len(findings)
    _refuse_characters(value, pointer, findings)
    try:
        converted = msgspec.convert(value, kind, strict=True, str_keys=True)
        _refuse_numbers(converted, pointer, findings)
        return converted
    except msgspec.ValidationError as error:
        _find(value, kind, pointer, findings)
        if len(findings) == before:
            _note(error, kind, pointer, findings)
    return msgspec.UNSET


def _refuse_characters(value: Any, pointer: str, findings: Findings) -> None:
    """Note strings that PostgreSQL cannot store (NUL, lone surrogates) and numbers that are none."""
    if isinstance(value, str):
        if "\0" in value:
            findings.add("Text must not hold the character NUL.", pointer=pointer, code="invalid_character")
        elif not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            findings.add(
                "Text must not hold half a surrogate pair.", pointer=pointer, code="invalid_character"
            )
    elif isinstance(value, dict):
        for name, inner in value.items():
            _refuse_characters(name, pointer, findings)
            _refuse_characters(inner, f"{pointer}/{escape(name)}", findings)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_characters(inner, f"{pointer}/{index}", findings)


def _refuse_numbers(value: Any, pointer: str, findings: Findings) -> None:
    """Note decimals that are no numbers, or larger than any column."""
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
            findings.add("This is no number that can be stored.", pointer=pointer, code="out_of_range")
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            _refuse_numbers(getattr(value, field.name), f"{pointer}/{escape(field.encode_name)}", findings)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _refuse_numbers(inner, f"{pointer}/{index}", findings)


def _find(value: Any, kind: Any, pointer: str, findings: Findings) -> None:
    """Note every fault of a value that does not convert, descending into structs and lists."""
    struct = struct_of(kind)
    if struct is not None and isinstance(value, dict):
        _find_in_struct(value, struct, pointer, findings)
        return
    item = _item_of(kind)
    if item is not None and isinstance(value, list):
        for index, inner in enumerate(value):
            _find(inner, item, f"{pointer}/{index}", findings)
        return
    try:
        msgspec.convert(value, kind, strict=True, str_keys=True)
    except msgspec.ValidationError as error:
        _note(error, kind, pointer, findings)


def _find_in_struct(
    value: Mapping[str, Any], struct: type[msgspec.Struct], pointer: str, findings: Findings
) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name, field in fields.items():
        if name in value:
            _find(value[name], field.type, f"{pointer}/{escape(name)}", findings)
        elif field.required:
            missing(name, pointer, findings)
    if struct.__struct_config__.forbid_unknown_fields:
        for name in value.keys() - fields.keys():
            unknown(name, pointer, findings)


def missing(name: str, pointer: str, findings: Findings) -> None:
    """Note a required member that is absent; the pointer names its parent, as the specification wants."""
    findings.add(f"“{name}” is required.", pointer=pointer, code="required", meta={"member": name})


def unknown(name: str, pointer: str, findings: Findings) -> None:
    """Note a member that nobody declared, once."""
    if findings.has(f"{pointer}/{escape(name)}"):
        return
    findings.add(f"There is no “{name}” here.", pointer=f"{pointer}/{escape(name)}", code="unknown_attribute")


def _note(error: msgspec.ValidationError, kind: Any, pointer: str, findings: Findings) -> None:
    found = mismatch(error, kind)
    findings.add(found.detail, pointer=pointer + found.pointer)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(inner for part in typing.get_args(kind) for inner in _alternatives(part))
    return (kind,)


def struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """Return the one struct that a declared type allows, None when there is none or a choice."""
    structs = [
        part
        for part in _alternatives(kind)
        if isinstance(part, type)
        and issubclass(part, msgspec.Struct)
        and not part.__struct_config__.tag_field
    ]
    return structs[0] if len(structs) == 1 else None


def _item_of(kind: Any) -> Any:
    for part in _alternatives(kind):
        if typing.get_origin(part) in (list, tuple, set, frozenset):
            arguments = [inner for inner in typing.get_args(part) if inner is not Ellipsis]
            if len(arguments) == 1:
                return arguments[0]
    return None


def within(problem: Problem, prefix: str) -> Problem:
    """Return a problem whose pointers start below `prefix` (RFC 6901), for documents inside documents."""
    moved = type(problem)(
        code=problem.code,
        faults=[
            msgspec.structs.replace(fault, pointer=prefix + (fault.pointer or "")) for fault in problem.faults
        ],
        headers=problem.headers,
    )
    moved.__cause__ = problem
    return moved
