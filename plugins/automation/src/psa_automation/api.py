"""What automation offers to other plugins: declaring what rules can do with a resource, telling occasions, events."""

import datetime
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID

import msgspec

from psa_automation.operators import FieldKind
from psa_sdk import Context, Event

__all__ = [
    "RULES",
    "Action",
    "Anchor",
    "Automatable",
    "Automation",
    "AutomationNotice",
    "AutomationRuleDisabled",
    "Case",
    "FieldKind",
    "Occasion",
    "OccasionField",
    "Parameter",
    "WorkingTime",
]

RULES = "automation-rules"
ParameterKind = Literal[
    "text", "long", "integer", "boolean", "choice", "record", "records", "tags", "values", "people"
]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """What an action is told: `target` is the resource of records, `values` are fields to set by name.

    Texts may hold placeholders (`{{company.name|you}}`) of the record's fields where `filled` says so. `people` are
    the record's to-one relationships to users.
    """

    name: str
    title: str
    kind: ParameterKind
    required: bool = False
    target: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and title."""
    filled: bool = False
    help: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What an action acts on: a record, its values by path, and the rule that says so."""

    resource: str
    id: UUID
    values: Mapping[str, Any]
    rule_id: UUID
    rule_name: str
    trigger: str

    def reference(self, path: str) -> UUID | None:
        """Return the id that a to-one relationship holds."""
        held = self.values.get(path)
        return UUID(str(held)) if held else None


Arguments = Mapping[str, Any]
Run = Callable[[Context, Case, Arguments], Awaitable[str]]
Settled = Callable[[Case, Arguments], bool]


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something that rules can do; `run` acts in the rule's name and returns a few words on what was done.

    What it raises undoes the rule's actions on that record and is shown in the log. `settled` tells that nothing is
    left to do, where that can be seen without acting.
    """

    name: str
    title: str
    run: Run
    parameters: tuple[Parameter, ...] = ()
    icon: str = "zap"
    settled: Settled | None = None
    outward: bool = False
    """Reaches people or machines outside, which a trial run can't take back."""


class OccasionField(msgspec.Struct, frozen=True, kw_only=True):
    """A value that only exists with an occasion, such as who wrote a note."""

    name: str
    title: str
    kind: FieldKind
    choices: tuple[str, ...] = ()


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Something beside creating and updating that rules can wait for; told by `Automation.tell`."""

    name: str
    title: str
    fields: tuple[OccasionField, ...] = ()
    levels: bool = False
    """Has a `level` in percent: a rule names the one it waits for, and lower ones don't fire after higher ones."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """An instant of a record that time-based rules count from: the first of `fields` that has a value.

    `when` limits it: fields and the values they must have.
    """

    name: str
    title: str
    fields: tuple[str, ...]
    when: Mapping[str, str] = {}


class Automatable(msgspec.Struct, frozen=True, kw_only=True):
    """What rules can do with a resource, answered to `psa_automatable`.

    Fields, their kinds and values follow from the resource itself. Several plugins may answer for one resource; what
    they say adds up. `living` are filters of the records that time goes on for.
    """

    resource: str
    title: str = ""
    occasions: tuple[Occasion, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    actions: tuple[Action, ...] = ()
    living: Mapping[str, str] = {}


class Automation(Protocol):
    """Runs the rules that wait for something. Called in a subscriber, after the fact."""

    async def tell(
        self,
        resource: str,
        id: UUID,
        occasion: str,
        *,
        changes: Mapping[str, tuple[Any, Any]] | None = None,
        values: Mapping[str, Any] | None = None,
        level: int = 0,
        cycle: str = "",
    ) -> None:
        """Run a resource's rules for `created`, `updated` or a declared occasion.

        `changes` are the fields' values before and after, `values` those of the occasion's own fields. A rule runs
        once for each record and `cycle`; empty is the event at the beginning of the chain of causes.
        """
        ...


class WorkingTime(Protocol):
    """Knows when time counts. Provided by whoever keeps business calendars; else the settings' hours hold."""

    async def after(
        self, resource: str, id: UUID, start: datetime.datetime, minutes: int
    ) -> datetime.datetime:
        """Return the instant at which some business minutes have passed for a record."""
        ...


class AutomationNotice(Event, frozen=True, kw_only=True):
    """A rule, or what it asked for, has something to tell people."""

    name: ClassVar[str] = "automation.notice"
    account_ids: Sequence[UUID]
    text: str
    resource: str = ""
    record_id: UUID | None = None
    rule_id: UUID | None = None


class AutomationRuleDisabled(Event, frozen=True, kw_only=True):
    """A rule failed too often in a row and was switched off."""

    name: ClassVar[str] = "automation.rule_disabled"
    rule_id: UUID
    reason: str


EVENTS = (AutomationNotice, AutomationRuleDisabled)
