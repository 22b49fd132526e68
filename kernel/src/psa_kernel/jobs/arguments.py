"""The arguments of actors: typed by the function's annotations, JSON in the outbox."""

import copy
import datetime
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from psa_sdk.actors import Actor, Schedule

Run = Callable[..., Awaitable[None]]


@functools.cache
def shape_of(run: Run) -> type[msgspec.Struct]:
    """Return the Struct of an actor's keyword-only arguments; unknown ones are refused."""
    annotations = inspect.get_annotations(run, eval_str=True)
    fields: list[Any] = []
    for parameter in list(inspect.signature(run).parameters.values())[1:]:
        kind = annotations.get(parameter.name, Any)
        required = parameter.default is parameter.empty
        fields.append((parameter.name, kind) if required else (parameter.name, kind, _default(parameter)))
    return msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)


def _default(parameter: inspect.Parameter) -> Any:
    value: Any = parameter.default
    if not isinstance(value, list | dict | set):
        return value
    # msgspec wants mutable defaults as factories.
    return msgspec.field(default_factory=functools.partial(copy.copy, value))


def encode(actor: Actor, arguments: Mapping[str, Any]) -> str:
    """Return arguments as JSON; raises `TypeError` naming the actor when they don't fit its annotations."""
    try:
        return msgspec.json.encode(msgspec.convert(dict(arguments), shape_of(actor.run))).decode()
    except (msgspec.ValidationError, TypeError) as error:
        raise TypeError(f"{actor.name} can't be sent: {error}") from error


def decode(actor: Actor, payload: str) -> dict[str, Any]:
    """Read arguments back; raises `msgspec.ValidationError` when the actor's annotations have changed."""
    found = msgspec.json.decode(payload, type=shape_of(actor.run))
    return {name: getattr(found, name) for name in found.__struct_fields__}


def scheduled(schedule: Schedule, slot: datetime.datetime) -> str:
    """Return the arguments of a schedule's job as JSON; an actor that takes `slot` is told it.

    Raises `TypeError` when they don't fit the actor.
    """
    given: dict[str, Any] = dict(schedule.arguments)
    if "slot" in shape_of(schedule.actor.run).__struct_fields__:
        given.setdefault("slot", slot)
    return encode(schedule.actor, given)
