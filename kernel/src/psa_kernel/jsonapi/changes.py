"""What is about to be written, as hooks and interceptors see it, and the running of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psa_kernel.jsonapi.scopes import disabled_plugins
from psa_kernel.jsonapi.write_plan import Target
from psa_sdk.events import Verb
from psa_sdk.resources import BeforeWrite, Resource

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


class PendingChange:
    """Implements `psa_sdk.resources.Change`."""

    def __init__(
        self,
        target: Target,
        verb: Verb,
        id: UUID,
        *,
        old: Mapping[str, Any] | None = None,
        new: dict[str, Any],
        answer: Any = None,
    ) -> None:
        """Describe a write of `new` over `old`; `answer` is that to the resource's question."""
        self._target = target
        self.resource = target.resource
        self.verb: Verb = verb
        self.id = id
        self.old: Mapping[str, Any] = old or {}
        self.new = new
        self.answer = answer

    def value(self, column: str) -> Any:
        """Return a column's value as it will be after the write; raises `LookupError` for no such column."""
        if column in self.new:
            return self.new[column]
        if column in self.old:
            return self.old[column]
        return self._target.column(column).default

    def changes(self, column: str) -> bool:
        """Tell whether the write gives a column another value than it has."""
        if column in self.new and self._target.column(column).is_sealed:
            return True
        return self.value(column) != self.old.get(column)


def hooks(unit: "Unit", resource: Resource, verb: Verb) -> tuple[BeforeWrite, ...]:
    """Return what runs before a write: the resource's own hook, then interceptors of plugins that are enabled."""
    own = {
        "create": resource.before_create,
        "update": resource.before_update,
        "delete": resource.before_delete,
    }[verb]
    registry = unit.kernel.registry
    vetoes = registry.interceptors.get((resource.name, verb), ())
    if vetoes and (disabled := disabled_plugins(unit)):
        off = {id(item) for name in disabled for item in registry.plugins[name].manifest.interceptors}
        vetoes = tuple(veto for veto in vetoes if id(veto) not in off)
    return (*((own,) if own else ()), *(veto.handle for veto in vetoes))
