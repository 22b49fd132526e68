"""Who is in a group after a PATCH, worked out as a set: the library takes a time for each operation that grows with the group."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from scim2_models import InvalidValueException

MOST: Final = 100
"""Operations that are left to the library."""
MOST_OF_MEMBERS: Final = 10
"""The same where one of them is about members."""
_ONE: Final = re.compile(r'members\[\s*value\s+eq\s+"([^"\\]+)"\s*\]', re.IGNORECASE)
_NAME: Final = "members"


def applied(present: Iterable[str], operations: Sequence[Any]) -> tuple[list[str] | None, Sequence[Any]]:
    """Return the members' ids after the operations, None where they stay, and the operations that are left to do.

    What isn't plainly an addition, a removal or a replacement is left, then with all others about members. Raises
    `InvalidValueException` where too much is left.

    Example:
        >>> add = {"op": "Add", "path": "members", "value": [{"value": "a"}, {"value": "b"}]}
        >>> applied(["c"], [add, {"op": "remove", "path": 'members[value eq "c"]'}, {"op": "remove", "path": "title"}])
        (['a', 'b'], [{'op': 'remove', 'path': 'title'}])
    """
    members, touched, rest = dict.fromkeys(one.lower() for one in present), False, list[Any]()
    for operation in (part for whole in operations for part in _apart(whole)):
        change = _read(operation)
        if change is None:
            rest.append(operation)
            continue
        touched, (kind, named) = True, change
        if kind == "replace" or named is None:
            members = {}
        for one in named or ():
            if kind == "remove":
                members.pop(one, None)
            else:
                members[one] = None
    most = MOST
    if any(_is_about_members(one) for one in rest):
        touched, rest, most = False, list(operations), MOST_OF_MEMBERS
    if len(rest) > most:
        raise InvalidValueException(detail=f"Send at most {most} such operations at once.")
    return list(members) if touched else None, rest


def _apart(operation: Any) -> Iterable[Any]:
    """Take members out of an operation without a path that sets other attributes too."""
    value = operation.get("value") if isinstance(operation, Mapping) and not operation.get("path") else None
    name = (
        next((one for one in value if str(one).lower() == _NAME), None)
        if isinstance(value, Mapping)
        else None
    )
    if not isinstance(value, Mapping) or name is None:
        return (operation,)
    others = {one: value[one] for one in value if one != name}
    mine = {"op": operation.get("op"), "path": _NAME, "value": value[name]}
    return (mine, {**operation, "value": others}) if others else (mine,)


def _read(operation: Any) -> tuple[str, Sequence[str] | None] | None:
    """Return what to do with whom, None for everybody; nothing for what isn't understood here."""
    if not isinstance(operation, Mapping):
        return None
    kind, path = str(operation.get("op")).lower(), str(operation.get("path") or "").strip()
    if kind not in {"add", "remove", "replace"}:
        return None
    if kind == "remove" and (found := _ONE.fullmatch(path)) and operation.get("value") is None:
        return kind, [found[1].lower()]
    if path.lower() != _NAME:
        return None
    value = operation.get("value")
    if value is None:
        return (kind, None) if kind == "remove" else None
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, list):
        return None
    named = [
        one["value"].lower()
        for one in listed
        if isinstance(one, Mapping) and isinstance(one.get("value"), str)
    ]
    return (kind, named) if named and len(named) == len(listed) else None


def _is_about_members(operation: Any) -> bool:
    return isinstance(operation, Mapping) and _NAME in str(operation.get("path")).lower()
