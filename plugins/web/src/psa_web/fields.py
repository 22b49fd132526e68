"""Fields: what a form asks for, from JSON Schema, and what was entered as the API's values."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from psa_sdk.errors import Fault
from psa_web.formatting import humanise
from psa_web.here import here

Control = Literal[
    "text",
    "long",
    "number",
    "decimal",
    "switch",
    "choice",
    "choices",
    "date",
    "instant",
    "tags",
    "group",
    "json",
    "record",
    "records",
    "url",
    "email",
    "secret",
]
_LONG: int = 400
"""Characters from which on a text gets several lines."""


class Option(msgspec.Struct, frozen=True):
    """A value to choose and what it is called."""

    value: str
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a form; `name` is the form's, dotted for parts of a group."""

    name: str
    label: str
    control: Control
    required: bool = False
    nullable: bool = False
    help: str = ""
    options: Sequence[Option] = ()
    parts: Sequence["Field"] = ()
    target: str = ""
    default: Any = None
    attributes: Mapping[str, Any] = {}
    """HTML attributes: the bounds that browsers know."""


def field_of(
    name: str, schema: Mapping[str, Any], *, label: str = "", required: bool = False, default: Any = None
) -> Field:
    """Return the field for a value that JSON Schema describes."""
    definitions: Mapping[str, Any] = schema.get("$defs", {})
    inner, nullable = _plain(schema, definitions)
    title = label or str(schema.get("title") or inner.get("title") or "")
    if "properties" in inner or not title:
        title = label or humanise(name.rsplit(".", 1)[-1])
    control = _control(inner, definitions)
    parts: list[Field] = []
    if control == "group":
        wanted = inner.get("required", ())
        parts = [
            field_of(f"{name}.{part}", {**about, "$defs": definitions}, required=part in wanted)
            for part, about in inner["properties"].items()
        ]
    return Field(
        name=name,
        label=title,
        control=control,
        required=required,
        nullable=nullable,
        help=str(schema.get("description") or (inner.get("description") if control != "group" else "") or ""),
        options=[Option(str(value), humanise(str(value))) for value in _choices(inner)],
        parts=parts,
        default=default,
        attributes=_bounds(inner),
    )


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Return a schema without references and null, and whether null is allowed."""
    if "$ref" in schema:
        return _plain(definitions.get(schema["$ref"].rsplit("/", 1)[-1], {}), definitions)
    if "anyOf" in schema:
        parts = [part for part in schema["anyOf"] if part.get("type") != "null"]
        nullable = len(parts) < len(schema["anyOf"])
        if len(parts) == 1:
            return _plain(parts[0], definitions)[0], nullable
        return {}, nullable
    if "enum" in schema and None in schema["enum"]:
        return {**schema, "enum": [value for value in schema["enum"] if value is not None]}, True
    return schema, False


def _control(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Control:
    kind, form = schema.get("type"), schema.get("format")
    if "enum" in schema:
        return "choice"
    if schema.get("x-secret"):
        return "secret"
    if kind == "object" and "properties" in schema:
        return "group"
    if kind == "array":
        items, _ = _plain(schema.get("items", {}), definitions)
        if "enum" in items:
            return "choices"
        return "tags" if items.get("type") == "string" else "json"
    simple: dict[tuple[Any, Any], Control] = {
        ("boolean", None): "switch",
        ("integer", None): "number",
        ("number", None): "decimal",
        ("string", "decimal"): "decimal",
        ("string", "date"): "date",
        ("string", "date-time"): "instant",
    }
    if (kind, form) in simple:
        return simple[kind, form]
    if kind == "string":
        if str(schema.get("pattern", "")).startswith("^https?"):
            return "url"
        return "long" if schema.get("maxLength", 0) > _LONG * 2 else "text"
    return "json"


def _choices(schema: Mapping[str, Any]) -> Sequence[Any]:
    return schema.get("enum") or schema.get("items", {}).get("enum") or ()


def _bounds(schema: Mapping[str, Any]) -> dict[str, Any]:
    names = {"maxLength": "maxlength", "minimum": "min", "maximum": "max"}
    return {html: schema[name] for name, html in names.items() if name in schema}


def entered(
    fields: Sequence[Field], form: Mapping[str, Sequence[Any]], faults: list[Fault], *, whole: bool = True
) -> dict[str, Any]:
    """Return a form's values as the API takes them; what can't be read is noted. `whole` fills in the empty ones."""
    found: dict[str, Any] = {}
    for field in fields:
        short = field.name.rsplit(".", 1)[-1]
        if field.control == "group":
            inner = entered(field.parts, form, faults, whole=whole)
            if inner or whole:
                found[short] = {name: value for name, value in inner.items() if value not in (None, "")}
            continue
        given = form.get(field.name)
        if given is None and field.control not in {"switch", "tags", "choices", "records"}:
            continue
        try:
            value = _value(field, [str(part) for part in given or ()])
        except ValueError as error:
            faults.append(Fault(detail=str(error), pointer="/" + field.name.replace(".", "/")))
            continue
        if value is not msgspec.UNSET:
            found[short] = value
    return found


def _value(field: Field, given: Sequence[str]) -> Any:
    """Return an entered value; UNSET for one that is left to its default."""
    if field.control == "switch":
        return bool(given) and given[-1] not in {"", "0", "false"}
    if field.control in {"tags", "choices"}:
        return [part for part in given if part]
    if field.control in {"record", "records"}:
        return [part for part in given if part]
    text = given[-1].strip() if given and field.control != "long" else (given[-1] if given else "")
    if not text:
        if field.control == "secret":
            return msgspec.UNSET
        if field.nullable:
            return None
        return "" if field.control in {"text", "long"} and not field.required else msgspec.UNSET
    return _parsed(field, text)


def _parsed(field: Field, text: str) -> Any:
    _ = here().gettext
    if field.control == "number":
        try:
            return int(text)
        except ValueError:
            raise ValueError(_("Enter a whole number.")) from None
    if field.control == "decimal":
        return text.replace(",", ".") if here().language == "de" else text.replace(",", "")
    if field.control == "instant":
        try:
            return datetime.datetime.fromisoformat(text).replace(tzinfo=here().timezone).isoformat()
        except ValueError:
            raise ValueError(_("Enter a date and a time.")) from None
    if field.control == "json":
        try:
            return msgspec.json.decode(text.encode())
        except msgspec.DecodeError:
            raise ValueError(_("This is not valid JSON.")) from None
    return text


def shown(field: Field, values: Mapping[str, Any]) -> Any:
    """Return a stored value as its control shows it."""
    value: Any = values
    for part in field.name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        value = field.default
    if field.control == "instant" and isinstance(value, str):
        at = datetime.datetime.fromisoformat(value).astimezone(here().timezone)
        return at.strftime("%Y-%m-%dT%H:%M")
    if field.control == "json":
        return "" if value is None else msgspec.json.format(msgspec.json.encode(value)).decode()
    if field.control in {"tags", "choices"}:
        return value or []
    return "" if value is None else value
