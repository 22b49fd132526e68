"""What is wrong with a request, collected until all of it is known."""

from collections.abc import Mapping
from typing import Any

from psa_sdk.errors import Fault, Invalid, Problem


class Findings:
    """Collects faults and raises them together.

    When all are of one kind (`NotFound`, `Conflict`, …) that problem is raised, else `Invalid`.

    Example:
        >>> found = Findings()
        >>> found.add("There is no attribute “colour”.", pointer="/data/attributes/colour")
        >>> found.raise_all()
        Traceback (most recent call last):
        ...
        psa_sdk.errors.Invalid: There is no attribute “colour”.
    """

    def __init__(self) -> None:
        self._found: list[tuple[type[Problem], Fault]] = []

    def __bool__(self) -> bool:
        """Tell whether anything was found."""
        return bool(self._found)

    def add(
        self,
        detail: str,
        *,
        pointer: str,
        code: str = "",
        kind: type[Problem] = Invalid,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """Note a fault at a JSON pointer (RFC 6901) of the request's document."""
        self._found.append(
            (kind, Fault(detail=detail, code=code or kind.default_code, pointer=pointer, meta=meta))
        )

    def __len__(self) -> int:
        return len(self._found)

    def has(self, pointer: str) -> bool:
        """Tell whether something was found at a pointer or below it."""
        return any(
            fault.pointer == pointer or (fault.pointer or "").startswith(pointer + "/")
            for _, fault in self._found
        )

    def raise_all(self) -> None:
        """Raise what was found, if anything."""
        if not self._found:
            return
        kinds = {kind for kind, _ in self._found}
        kind = kinds.pop() if len(kinds) == 1 else Invalid
        raise kind(faults=[fault for _, fault in self._found])


def escape(member: str) -> str:
    """Return a member name as a part of a JSON pointer.

    Example:
        >>> escape("a/b~c")
        'a~1b~0c'
    """
    return member.replace("~", "~0").replace("/", "~1")
