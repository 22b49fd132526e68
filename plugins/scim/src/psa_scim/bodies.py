"""What is sent, as the library takes it: JSON that can be stored, and PATCH as Entra ID writes it, as RFC 7644 has it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
from scim2_models import Context as Phase
from scim2_models import (
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    PatchOp,
    Resource,
)

from psa_scim import memberships
from psa_scim.models import LENIENT, Group, Member

R = TypeVar("R", bound=Resource[Any])
_DEEPEST: Final = 12
_LONGEST: Final = 500
_OURS: Final = frozenset(("id", "meta", "schemas", "groups"))


def parsed(body: bytes) -> dict[str, Any]:
    """Return a JSON object; raises `InvalidSyntaxException` for anything else, and for text that can't be stored."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidSyntaxException(detail="The body is no JSON.") from error
    if not isinstance(found, dict):
        raise InvalidSyntaxException(detail="Send a JSON object.")
    _check(found, 0)
    return found


def _check(value: object, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidSyntaxException(detail=f"The document may be nested at most {_DEEPEST} deep.")
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)):
        raise InvalidSyntaxException(detail="Text holds no NUL and no half characters.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth + 1)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


def resource(model: type[R], body: bytes, phase: Phase, **implied: Any) -> R:
    """Return what a POST or PUT holds, with what is implied where it says nothing; raises the library's errors.

    A user name that is an address stands for the address, too.
    """
    sent = {name: value for name, value in parsed(body).items() if value is not None}
    names = {name.lower(): name for name in sent}
    user_name = sent.get(names.get("username", ""))
    if isinstance(user_name, str) and "@" in user_name:
        implied["emails"] = [{"value": user_name, "primary": True}]
    missing = {name: value for name, value in implied.items() if name not in names}
    return model.model_validate({**sent, **missing}, scim_ctx=phase, scim_policy=LENIENT)


def patched(model: type[R], before: R, body: bytes) -> R:
    """Return a resource as a PATCH leaves it; the given one stays as it is."""
    sent = parsed(body)
    name = next((name for name in sent if name.lower() == "operations"), "Operations")
    after, members = before.model_copy(deep=True), None
    if isinstance(sent.get(name), list):
        operations = [part for one in sent[name] for part in untangled(one)]
        if any(isinstance(one, Mapping) and len(str(one.get("path"))) > _LONGEST for one in operations):
            raise InvalidPathException(detail=f"A path has at most {_LONGEST} characters.")
        present = [one.value or "" for one in before.members or ()] if isinstance(before, Group) else []
        members, sent[name] = memberships.applied(present, operations)
    if isinstance(after, Group) and members is not None:
        after.members = [Member.model_validate({"value": one}) for one in members] or None
        if not sent[name]:
            return after
    with LENIENT:
        patch = PatchOp[model].model_validate(sent, scim_ctx=Phase.RESOURCE_PATCH_REQUEST)
        patch.patch(after)
    return after


def bounded(**values: str | None) -> None:
    """Raise `InvalidValueException` for text that is blank or too long to be found by."""
    for name, value in values.items():
        if value is not None and (not value.strip() or len(value) > _LONGEST):
            raise InvalidValueException(detail=f"{name} has 1 to {_LONGEST} characters.")


def untangled(operation: Any) -> Iterator[Any]:
    """Split an operation without a path whose value has filters in its keys, as Entra ID sends it.

    What only we write is left out: Okta sends the `id` along.

    Example:
        >>> sent = {"op": "replace", "value": {"active": "False", 'emails[type eq "work"].value': "a@example.com"}}
        >>> for one in untangled(sent): print(one)
        {'op': 'replace', 'path': 'emails[type eq "work"].value', 'value': 'a@example.com'}
        {'op': 'replace', 'value': {'active': 'False'}}
    """
    value = operation.get("value") if isinstance(operation, Mapping) else None
    if not isinstance(value, Mapping) or operation.get("path"):
        yield operation
        return
    filtered = [name for name in value if isinstance(name, str) and "[" in name]
    for name in filtered:
        yield {"op": operation.get("op"), "path": name, "value": value[name]}
    plain = {name: value[name] for name in value if name not in filtered and name not in _OURS}
    if plain or not filtered:
        yield {**operation, "value": plain}
