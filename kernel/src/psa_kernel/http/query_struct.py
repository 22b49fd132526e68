"""Query parameters as a declared Struct, every failure at once."""

from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

import msgspec

from psa_sdk.errors import BadRequest, Fault
from psa_sdk.mismatches import mismatch

S = TypeVar("S", bound=msgspec.Struct)


def decode_query(raw: str, struct: type[S]) -> S:
    """Return the parameters of a query string; raises `BadRequest` naming each unknown or wrong one.

    A field whose type is a list takes a repeated parameter; rename fields for names such as `page[size]`.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        given.setdefault(name, []).append(value)
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name, texts in given.items():
        field = fields.get(name)
        if field is None:
            faults.append(unknown(name))
            continue
        many = get_origin(field.type) in {list, tuple, set, frozenset}
        if len(texts) > 1 and not many:
            faults.append(
                Fault(detail=f"{name} may be given once.", code="repeated_parameter", parameter=name)
            )
            continue
        try:
            values[field.name] = msgspec.convert(texts if many else texts[0], field.type, strict=False)
        except msgspec.ValidationError as error:
            faults.append(
                Fault(
                    detail=f"{name}: {mismatch(error, field.type).detail}",
                    code="invalid_parameter",
                    parameter=name,
                )
            )
    faults += [
        Fault(detail=f"{name} is required.", code="missing_parameter", parameter=name)
        for name, field in fields.items()
        if field.required and name not in given
    ]
    if faults:
        raise BadRequest(faults=faults)
    return struct(**values)


def refuse_query(raw: str) -> None:
    """Raise `BadRequest` for any parameter, where none is taken."""
    faults = [unknown(name) for name in dict(parse_qsl(raw, keep_blank_values=True))]
    if faults:
        raise BadRequest(faults=faults)


def unknown(name: str) -> Fault:
    """Return the fault of a parameter that nobody knows."""
    return Fault(detail=f"There is no parameter {name} here.", code="unknown_parameter", parameter=name)
