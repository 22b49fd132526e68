"""What a browser without scripts sent: a refused form is shown again with it, and with what is wrong at its fields."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from psa_sdk.errors import Fault, Problem
from psa_web.answers import field_of

_NOTHING = Markup("")
_INVALID = Markup(' aria-invalid="true"')


class Sent(msgspec.Struct, frozen=True):
    """A form as it was sent, and the faults of each field; of a form that wasn't sent both are empty."""

    values: Mapping[str, Sequence[Any]] = {}
    faults: Mapping[str, str] = {}
    refusal: str = ""
    """What is wrong with the whole, where that is no matter of single fields."""

    def __bool__(self) -> bool:
        """Tell whether this form was refused."""
        return bool(self.faults or self.refusal)

    def value(self, name: str, otherwise: str = "") -> str:
        """Return what was typed, else what the page has."""
        if not self:
            return otherwise
        typed = next(reversed(self.values.get(name, ())), "")
        return typed if isinstance(typed, str) else ""

    def fault(self, name: str) -> str:
        """Return what is wrong with a field."""
        return self.faults.get(name, "")

    def marks(self, name: str) -> Markup:
        """Return the attribute of an input that tells that something is wrong with it."""
        return _INVALID if name in self.faults else _NOTHING

    def rest(self, *shown: str) -> str:
        """Return what is wrong beyond the fields that show their faults themselves."""
        others = [text for name, text in self.faults.items() if name not in shown]
        return " ".join(filter(None, (self.refusal, *others)))

    @property
    def had_files(self) -> bool:
        """Whether files were chosen, which a browser doesn't let a page choose again."""
        return any(getattr(one, "filename", "") for values in self.values.values() for one in values)


def refused(
    values: Mapping[str, Sequence[Any]], problem: Problem, told: Callable[[Fault | str], str]
) -> Sent:
    """Return a form that was refused, in the words of `told`."""
    faults: dict[str, list[str]] = {}
    for fault in problem.faults:
        faults.setdefault(field_of(fault), []).append(told(fault))
    return Sent(
        values=values,
        faults={name: " ".join(texts) for name, texts in faults.items()},
        refusal="" if faults else told(str(problem)),
    )
