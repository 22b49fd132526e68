"""The words of the editor, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from psa_automation.api import Automatable
from psa_web.api import Here

TRIGGERS = {
    "created": "It is created",
    "updated": "It is changed",
    "elapsed": "Some time has passed",
    "schedule": "At fixed times",
    "manual": "Somebody presses a button",
}


def trigger_title(known: Automatable | None, rule: Mapping[str, Any]) -> str:
    """Return what a rule waits for, in English."""
    name: str = rule["trigger_type"]
    if name in TRIGGERS:
        return TRIGGERS[name]
    occasions = {one.name: one.title for one in known.occasions} if known else {}
    return occasions.get(name, name)


def operator_titles(here: Here) -> dict[str, str]:
    """Return the operators' names."""
    _ = here.gettext
    return {
        "is": _("is"),
        "is_not": _("is not"),
        "in": _("is one of"),
        "not_in": _("is none of"),
        "contains": _("contains"),
        "not_contains": _("doesn't contain"),
        "starts_with": _("starts with"),
        "ends_with": _("ends with"),
        "matches": _("matches the pattern"),
        "empty": _("is empty"),
        "not_empty": _("has a value"),
        "less": _("is less than"),
        "at_most": _("is at most"),
        "more": _("is more than"),
        "at_least": _("is at least"),
        "before": _("is before"),
        "after": _("is after"),
        "within_last": _("was within the last"),
        "older_than": _("is longer ago than"),
        "within_next": _("is within the next"),
        "has": _("include"),
        "has_not": _("don't include"),
        "has_any": _("include one of"),
        "changed": _("has changed"),
        "changed_from": _("has changed from"),
        "changed_to": _("has changed to"),
    }


def builder_words(here: Here) -> dict[str, str]:
    """Return the other words that the builder says."""
    _ = here.gettext
    return {
        "all": _("All of these hold"),
        "any": _("One of these holds"),
        "none": _("None of these holds"),
        "add_condition": _("Add a condition"),
        "add_group": _("Add a group"),
        "add_action": _("Add an action"),
        "add_field": _("Add a field"),
        "remove": _("Remove"),
        "up": _("Move up"),
        "down": _("Move down"),
        "field": _("Field"),
        "operator": _("Operator"),
        "value": _("Value"),
        "group": _("Group"),
        "record": _("The record"),
        "minutes": _("minutes"),
        "hours": _("hours"),
        "days": _("days"),
        "unit": _("Unit"),
        "yes": _("Yes"),
        "no": _("No"),
        "choose": _("Choose…"),
        "search": _("Search…"),
        "nothing": _("No conditions: the rule acts on every record."),
        "several": _("Several are separated by commas"),
        "action": _("Action"),
    }
