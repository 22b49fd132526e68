"""What is checked when a rule is written: everything it names must exist, all faults at once."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cronsim import CronSimError

from psa_automation import actions, sweeping, timers
from psa_automation.api import Action, Parameter
from psa_automation.conditions import read, tests
from psa_automation.fields import Catalogue, catalogue, declared
from psa_automation.operators import EDGES, LONGEST_MINUTES, value_of
from psa_sdk import Change, Context
from psa_sdk.errors import Fault, Invalid, NotFound
from psa_sdk.placeholders import placeholders

ALWAYS = ("created", "updated", timers.TRIGGER, sweeping.SCHEDULE, "manual")
POINTER = "/data/attributes"
CHECKED = frozenset(("resource", "trigger_type", "trigger_options", "conditions", "actions", "is_active"))
FORGET_TIMERS = "DELETE FROM automation.timer WHERE rule = $1 AND fired_at IS NULL"


async def write_rule(ctx: Context, change: Change) -> None:
    """Check a rule and compute when it runs next; a rule that is switched on starts anew."""
    if change.verb == "update" and not any(change.changes(column) for column in CHECKED & change.new.keys()):
        return
    switched_off = change.verb == "update" and change.new.get("is_active") is False
    if switched_off and not (CHECKED - {"is_active"}) & change.new.keys():
        return
    faults, references = await checked(ctx, {name: change.value(name) for name in CHECKED})
    for target, record, pointer in references:
        if not await ctx.records.exists(target, record):
            faults.append(
                Fault(detail=f"There is no such {target} record.", code="unknown_reference", pointer=pointer)
            )
    if faults:
        raise Invalid(faults=faults)
    is_scheduled = change.value("trigger_type") == sweeping.SCHEDULE and change.value("is_active")
    change.new["next_run_at"] = (
        sweeping.next_slot(change.value("trigger_options")["cron"], ctx.now, ctx.timezone)
        if is_scheduled
        else None
    )
    change.new.update({"consecutive_failures": 0, "disabled_reason": ""})


async def after_rule(ctx: Context, change: Change) -> None:
    """Have the timers of a time-based rule set anew."""
    if change.verb == "delete" or not CHECKED & change.new.keys():
        return
    if change.verb == "update":
        await ctx.db.execute(FORGET_TIMERS, change.id)
    if change.value("trigger_type") == timers.TRIGGER and change.value("is_active"):
        await ctx.as_system().send(sweeping.set_timers, rule_id=change.id)


References = list[tuple[str, UUID, str]]


async def checked(ctx: Context, rule: Mapping[str, Any]) -> tuple[list[Fault], References]:
    """Return what is wrong with a rule, and the records that its actions name."""
    if rule["resource"] not in declared(ctx):
        known = ", ".join(sorted(declared(ctx))) or "none"
        detail = f"There are no rules for {rule['resource']}; there are for: {known}."
        return [Fault(detail=detail, code="not_automatable", pointer=f"{POINTER}/resource")], []
    try:
        known = await catalogue(ctx, rule["resource"], actions.common(ctx))
    except NotFound as error:
        return [Fault(detail=str(error), code="not_automatable", pointer=f"{POINTER}/resource")], []
    faults = trigger_faults(rule["trigger_type"], rule["trigger_options"], known)
    reading = read(rule["conditions"], known.kinds, pointer=f"{POINTER}/conditions")
    faults += reading.faults
    for test in tests(reading.condition):
        group, occasions = known.fields[test.field].group, known.fields[test.field].occasions
        if test.operator in EDGES and rule["trigger_type"] != "updated":
            faults.append(
                _fault(
                    f"Only rules for updates can ask what changed ({test.field}).",
                    "conditions",
                    "edge_condition",
                )
            )
        elif test.operator in EDGES and group:
            faults.append(
                _fault(f"{test.field} is no field of the record's own; ask what changed there.", "conditions")
            )
        elif occasions and rule["trigger_type"] not in occasions:
            titles = "; ".join(known.occasions[name].title for name in occasions)
            faults.append(_fault(f"{test.field} is only known when: {titles}.", "conditions"))
    references: References = []
    for index, step in enumerate(rule["actions"]):
        faults += _step_faults(step, known, f"{POINTER}/actions/{index}", references)
    return faults, references


def trigger_faults(trigger: str, options: Mapping[str, Any], known: Catalogue) -> list[Fault]:
    """Return what is wrong with a rule's trigger and its options."""
    allowed: set[str] = set()
    faults: list[Fault] = []
    match trigger:
        case timers.TRIGGER:
            allowed = {"since", "after_minutes", "calendar"}
            if options.get("since") not in known.anchors:
                faults.append(_option(f"since is one of {', '.join(known.anchors) or 'nothing'}", "since"))
            if not _minutes(options.get("after_minutes")):
                faults.append(_option("after_minutes is a number above 0", "after_minutes"))
            if options.get("calendar", "24x7") not in {"24x7", "business"}:
                faults.append(_option("calendar is 24x7 or business", "calendar"))
        case sweeping.SCHEDULE:
            allowed = {"cron"}
            if not _is_cron(options.get("cron")):
                faults.append(_option("cron has five fields, such as 0 8 * * 1-5", "cron"))
        case _ if trigger in known.occasions and known.occasions[trigger].levels:
            allowed = {"level"}
            level = options.get("level")
            if not isinstance(level, int) or isinstance(level, bool) or not 1 <= level <= 1000:
                faults.append(_option("level is a number of percent from 1 to 1000", "level"))
        case _ if trigger not in ALWAYS and trigger not in known.occasions:
            names = ", ".join((*ALWAYS, *known.occasions))
            return [_fault(f"There is no trigger {trigger}; choose one of {names}.", "trigger_type")]
        case _:
            pass
    faults += [
        _option(f"{name} is no option of {trigger}", name) for name in sorted(options.keys() - allowed)
    ]
    return faults


def _fault(detail: str, attribute: str, code: str = "invalid") -> Fault:
    return Fault(detail=detail, code=code, pointer=f"{POINTER}/{attribute}")


def _option(detail: str, name: str) -> Fault:
    return _fault(f"{detail}.", f"trigger_options/{name}")


def _minutes(held: Any) -> bool:
    return isinstance(held, int) and not isinstance(held, bool) and 0 < held <= LONGEST_MINUTES


def _is_cron(held: Any) -> bool:
    try:
        sweeping.next_slot(str(held), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), datetime.UTC)
    except (CronSimError, StopIteration, ValueError):
        return False
    return isinstance(held, str) and len(held.split()) == 5


def _step_faults(
    step: Mapping[str, Any], known: Catalogue, pointer: str, references: References
) -> list[Fault]:
    action = known.actions.get(str(step.get("action")))
    if action is None:
        names = ", ".join(known.actions)
        return [
            Fault(
                detail=f"There is no action {step.get('action')}; choose one of {names}.",
                code="unknown_action",
                pointer=f"{pointer}/action",
            )
        ]
    parameters = {parameter.name: parameter for parameter in action.parameters}
    faults = [
        Fault(
            detail=f"{action.title} takes no {name}.", code="unknown_parameter", pointer=f"{pointer}/{name}"
        )
        for name in step
        if name != "action" and name not in parameters
    ]
    for parameter in parameters.values():
        held, place = step.get(parameter.name), f"{pointer}/{parameter.name}"
        if held in (None, "", [], {}):
            if parameter.required:
                faults.append(
                    Fault(detail=f"{action.title} needs {parameter.title}.", code="required", pointer=place)
                )
            continue
        found = _parameter_fault(held, parameter, action, known, place, references)
        if found:
            faults.append(Fault(detail=f"{action.title}: {found}.", code="invalid_parameter", pointer=place))
    return faults


def _parameter_fault(
    held: Any, parameter: Parameter, action: Action, known: Catalogue, place: str, references: References
) -> str:
    """Return what is wrong with a parameter's value; note the records it names."""
    name = parameter.name
    match parameter.kind:
        case "text" | "long":
            return _text_fault(held, parameter, known)
        case "integer":
            return "" if isinstance(held, int) and not isinstance(held, bool) else f"{name} is a number"
        case "boolean":
            return "" if isinstance(held, bool) else f"{name} is true or false"
        case "choice":
            allowed = [value for value, _ in parameter.choices]
            return "" if held in allowed else f"{name} is one of {', '.join(allowed)}"
        case "record" | "records":
            listed: list[Any] = held if isinstance(held, list) else [held]
            for one in listed:
                if (named := _uuid(one)) is None:
                    return f"{name} names records by their ids"
                references.append((parameter.target, named, place))
            return ""
        case "tags":
            return "" if _texts(held) else f"{name} is a list of labels"
        case "people":
            people = {path for path, target in known.relations.items() if target == "users"}
            return (
                ""
                if _texts(held) and set(held) <= people
                else f"{name} are among {', '.join(sorted(people))}"
            )
        case "values":
            return _values_fault(held, known, place, references)


def _text_fault(held: Any, parameter: Parameter, known: Catalogue) -> str:
    if not isinstance(held, str) or len(held) > 20_000:
        return f"{parameter.name} is a text of at most 20,000 characters"
    if not parameter.filled:
        return ""
    unknown = sorted(placeholders(held) - known.fields.keys() - {"id"})
    return f"there is no placeholder {', '.join(unknown)}" if unknown else ""


def _values_fault(held: Any, known: Catalogue, place: str, references: References) -> str:
    if not isinstance(held, dict):
        return "values are fields and what they are set to"
    values: dict[str, Any] = held
    for path, value in values.items():
        field = known.fields.get(path)
        if field is None or not field.writable:
            return f"{path} can't be set"
        if value is None or field.kind == "tags":
            continue
        try:
            value_of(field.kind, value)
        except ValueError as error:
            return f"{path}: {error}"
        if field.kind == "reference":
            references.append((field.target, UUID(str(value)), place))
        if field.choices and value not in field.choices:
            return f"{path} is one of {', '.join(field.choices)}"
    return ""


def _texts(held: Any) -> bool:
    return isinstance(held, list) and all(isinstance(one, str) and one for one in held)


def _uuid(held: Any) -> UUID | None:
    try:
        return UUID(str(held))
    except ValueError:
        return None
