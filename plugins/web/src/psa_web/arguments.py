"""Arguments: what a page's or an action's function asks for by name."""

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec

from psa_sdk.context import Context
from psa_sdk.errors import BadRequest, Fault, Invalid
from psa_sdk.mismatches import mismatch
from psa_sdk.web import WebRequest

Form = Mapping[str, list[str]]


class Wanted:
    """What a function takes, looked at once."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Read the function's signature."""
        self._names = frozenset(inspect.signature(function).parameters)
        hints = get_type_hints(function, include_extras=True)
        self._query: Any = hints.get("query")
        self._form: Any = hints.get("form")

    async def of(self, ctx: Context, request: WebRequest) -> dict[str, Any]:
        """Return the arguments for a request; raises `BadRequest` or `Invalid`."""
        found: dict[str, Any] = {
            name: value for name, value in request.path_params.items() if name in self._names
        }
        if "ctx" in self._names:
            found["ctx"] = ctx
        if "request" in self._names:
            found["request"] = request
        if self._query is not None:
            found["query"] = struct_of(request.query_params.dict(), self._query, BadRequest)
        if self._form is not None:
            form = await form_of(request)
            plain = not (isinstance(self._form, type) and issubclass(self._form, msgspec.Struct))
            found["form"] = form if plain else struct_of(form, self._form, Invalid)
        return found


async def form_of(request: WebRequest) -> dict[str, list[Any]]:
    """Return a form's values by name, in order; files as Litestar's `UploadFile`."""
    sent = await request.form()
    found: dict[str, list[Any]] = {}
    for name, value in sent.multi_items():
        found.setdefault(name, []).append(value)
    return found


def struct_of(
    sent: Mapping[str, list[Any]], kind: type[msgspec.Struct], problem: type[BadRequest | Invalid]
) -> Any:
    """Return parameters or a form as a struct, all faults at once; lists take every value, others the last."""
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        given = sent.get(field.encode_name)
        if given is None:
            if field.required:
                faults.append(Fault(detail="This is needed.", pointer=f"/{field.encode_name}"))
            continue
        many = typing.get_origin(field.type) in (list, tuple, set, frozenset)
        try:
            values[field.name] = msgspec.convert(given if many else given[-1], field.type, strict=False)
        except msgspec.ValidationError as error:
            found = mismatch(error, field.type)
            faults.append(Fault(detail=found.detail, pointer=f"/{field.encode_name}"))
    if faults:
        raise problem(faults=faults)
    return kind(**values)
