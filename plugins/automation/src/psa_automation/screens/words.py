"""What rules wait for, in English; templates translate."""

from collections.abc import Mapping
from typing import Any

from psa_automation.api import Automatable

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
