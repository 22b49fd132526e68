"""Valid values for declared types, the `n`-th of each: what factories fill documents with.

Values are as JSON has them: text for instants, decimals and ids.
"""

import datetime
import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect

ZONES = ("Europe/Lisbon", "America/Chicago", "Asia/Tokyo", "Australia/Perth")
_BY_NAME: tuple[tuple[str, str], ...] = (
    ("email", "person{n}@example.com"),
    ("website", "https://example.com/{n}"),
    ("url", "https://example.com/{n}"),
    ("domain", "host{n}.example.com"),
    ("hostname", "host{n}.example.com"),
    ("phone", "+35121555{n:04d}"),
    ("mobile", "+35191555{n:04d}"),
    ("cron", "0 {hour} * * *"),
    ("slug", "slug-{n}"),
    ("key", "key_{n}"),
    ("code", "code{n}"),
)
_BY_SHAPE = (
    "{name} {n}",
    "name{n}",
    "name-{n}",
    "name_{n}",
    "N{n}",
    "{n}",
    "{n}.0.0",
    "#{n:06x}",
    "{AA}",
    "{AAA}",
    "{aa}",
    "{aa}-{AA}",
    "https://example.com/{n}",
    "person{n}@example.com",
    "host{n}.example.com",
    "+35121555{n:04d}",
    "192.0.2.{byte}",
    "2026-01-{day:02d}",
    "{hour:02d}:00",
    "0 {hour} * * *",
    "{n:08d}",
    "{n:032x}",
    "{n:064x}",
    "/{n}",
    "",
)


def _day(n: int) -> str:
    return (datetime.date(2026, 1, 1) + datetime.timedelta(days=n)).isoformat()


_SCALARS: dict[type[inspect.Type], Callable[[int], Any]] = {
    inspect.BoolType: lambda n: n % 2 == 1,
    inspect.DecimalType: lambda n: f"{n % 90 + 1}.50",
    # The later made, the later: what ends was asked for after what starts.
    inspect.DateTimeType: lambda n: f"{_day(n)}T08:30:00Z",
    inspect.DateType: lambda n: _day(n),
    inspect.TimeType: lambda n: f"{n % 24:02d}:30:00",
    inspect.TimeDeltaType: lambda n: f"PT{n % 3600 + 1}S",
    inspect.UUIDType: lambda n: f"00000000-0000-7000-8000-{n:012x}",
    inspect.BytesType: lambda _n: "",
    inspect.NoneType: lambda _n: None,
    inspect.AnyType: lambda n: f"value {n}",
    inspect.DictType: lambda _n: {},
}


class NoValue(LookupError):
    """No valid value is known for a type; the battery's `samples` can give one."""


def value(kind: Any, name: str, n: int) -> Any:
    """Return the `n`-th valid value of a type, for a field of this name.

    Example:
        >>> from typing import Annotated
        >>> value(str, "email", 1), value(Annotated[int, msgspec.Meta(ge=10)], "size", 2)
        ('person1@example.com', 12)
        >>> value(Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")], "currency", 0)
        'AAA'
    """
    return _value(inspect.type_info(kind), name, n)


def _value(info: inspect.Type, name: str, n: int) -> Any:
    if type(info) in _SCALARS:
        return _SCALARS[type(info)](n)
    match info:
        case inspect.Metadata(type=inner):
            return _value(inner, name, n)
        case inspect.StrType():
            return _text(info, name, n)
        case inspect.IntType() | inspect.FloatType():
            return _number(info, n)
        case inspect.LiteralType(values=values):
            return values[n % len(values)]
        case inspect.EnumType(cls=cls):
            return list(cls)[n % len(list(cls))].value
        case inspect.UnionType(types=types):
            return _value(next(one for one in types if not isinstance(one, inspect.NoneType)), name, n)
        case inspect.ListType() | inspect.SetType() | inspect.FrozenSetType() | inspect.VarTupleType():
            return [_value(info.item_type, name, n + index) for index in range(max(info.min_length or 0, 1))]
        case inspect.TupleType(item_types=items):
            return [_value(item, name, n) for item in items]
        case inspect.StructType(cls=cls):
            return struct(cls, n)
        case _:
            raise NoValue(
                f"No valid value is known for {name}, a {type(info).__name__}; give one in samples."
            )


def struct(kind: type[msgspec.Struct], n: int, *, whole: bool = False) -> dict[str, Any]:
    """Return a document of a struct: its required fields, all of them when `whole`."""
    return {
        field.encode_name: value(field.type, field.encode_name, n)
        for field in msgspec.structs.fields(kind)
        if whole or field.required
    }


def _number(info: inspect.IntType | inspect.FloatType, n: int) -> Any:
    low = info.ge if info.ge is not None else info.gt + 1 if info.gt is not None else None
    high = info.le if info.le is not None else info.lt - 1 if info.lt is not None else None
    if low is None:
        low = min(1, high) if high is not None else 1
    step = info.multiple_of or 1
    low = -(-low // step) * step
    count = int((high - low) // step) + 1 if high is not None else n + 1
    return low + step * (n % max(count, 1))


def _text(info: inspect.StrType, name: str, n: int) -> str:
    if name.endswith(("timezone", "zone")):
        return ZONES[n % len(ZONES)]
    shapes = [shape for part, shape in _BY_NAME if part in name.split("_")[-1]]
    for shape in (*shapes, *_BY_SHAPE):
        letters = chr(65 + n % 26), chr(65 + n // 26 % 26)
        text = shape.format(
            n=n,
            name=name.replace("_", " ").capitalize(),
            AA=letters[1] + letters[0],
            AAA="A" + letters[1] + letters[0],
            aa=(letters[1] + letters[0]).lower(),
            hour=n % 24,
            day=n % 28 + 1,
            byte=n % 254 + 1,
        )
        if info.max_length is not None and len(text) > info.max_length:
            text = str(n)[-info.max_length :] if info.max_length else ""
        text = text.ljust(info.min_length or 0, "x")
        if info.max_length is not None and len(text) > info.max_length:
            continue
        if info.pattern is None or re.search(info.pattern, text):
            return text
    raise NoValue(f"No valid text is known for {name} with the pattern {info.pattern}; give one in samples.")
