"""Behaviour: services, events, subscribers, interceptors, actors, schedules and settings hold together."""

import contextlib
import datetime
import inspect
from collections.abc import Iterator
from typing import Any

import msgspec
from cronsim import CronSim, CronSimError
from typing_extensions import get_protocol_members, is_protocol

from psa_kernel.boot.discovery import ends
from psa_kernel.jobs import arguments
from psa_kernel.registry import Plugin, Registry
from psa_sdk.events import Event, RecordSelector
from psa_sdk.services import Service

_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


def behaviour(registry: Registry) -> Iterator[str]:
    """Find code that is declared and can't work."""
    for name, plugin in registry.plugins.items():
        for find in (_events, _subscribers, _interceptors, _work, _settings):
            for problem in find(registry, plugin):
                yield f"{name}: {problem}"
        for service in plugin.manifest.services:
            for problem in _service(service):
                yield f"{name}: {problem}"


def _events(registry: Registry, plugin: Plugin) -> Iterator[str]:
    for event in plugin.manifest.events:
        if not event.name.startswith(f"{ends(plugin.name)[0]}."):
            yield f"the event {event.__name__} must have a name that starts with {ends(plugin.name)[0]}."
        if not (event.__doc__ or "").strip() or event.__doc__ == Event.__doc__:
            yield f"the event {event.name or event.__name__} has no docstring that says what happened."


def _subscribers(registry: Registry, plugin: Plugin) -> Iterator[str]:
    for item in plugin.manifest.subscribers:
        if not inspect.iscoroutinefunction(item.handle):
            yield f"the subscriber {item.name} isn't async."
        if isinstance(item.event, RecordSelector):
            if item.event.resource != "*" and item.event.resource not in registry.resources:
                yield f"the subscriber {item.name} wants changes of {item.event.resource}, which is no installed resource."
        elif registry.events.get(item.event.name) is not item.event:
            yield f"the subscriber {item.name} wants {item.event.__name__}, which no installed plugin declares."


def _interceptors(registry: Registry, plugin: Plugin) -> Iterator[str]:
    for item in plugin.manifest.interceptors:
        if item.resource not in registry.resources:
            yield f"intercepts {item.verb} of {item.resource}, which is no installed resource."
        if not inspect.iscoroutinefunction(item.handle):
            yield f"the interceptor of {item.verb} of {item.resource} isn't async."


def _work(registry: Registry, plugin: Plugin) -> Iterator[str]:
    for item in plugin.manifest.actors:
        if not inspect.iscoroutinefunction(item.run):
            yield f"the actor {item.name} isn't async."
        for argument in list(inspect.signature(item.run).parameters.values())[1:]:
            if argument.kind is not argument.KEYWORD_ONLY:
                yield f"the actor {item.name} takes {argument.name} by position; put a * after ctx."
        try:
            arguments.shape_of(item.run)
        except NameError as error:
            yield f"the annotations of the actor {item.name} can't be read ({error}); import what they name."
    for schedule in plugin.manifest.schedules:
        if schedule.actor.name not in registry.actors:
            yield f"schedules {schedule.actor.name}, which no manifest lists under actors."
        try:
            CronSim(schedule.cron, _EPOCH)
        except CronSimError as error:
            yield f"schedules {schedule.actor.name} by {schedule.cron!r}, which is no cron expression ({error})."
        with contextlib.suppress(NameError):
            try:
                arguments.scheduled(schedule, _EPOCH)
            except TypeError as error:
                yield f"schedules {schedule.actor.name} with other arguments than it takes: {error}"


def _settings(registry: Registry, plugin: Plugin) -> Iterator[str]:
    section = plugin.manifest.settings
    for field in msgspec.structs.fields(section) if section else ():
        if field.required:
            yield f"its setting {field.name} has no default."


def _service(service: Service) -> Iterator[str]:
    protocol, factory = service.protocol, service.factory
    label = protocol.__qualname__
    if not is_protocol(protocol):
        yield f"offers {label}, which is no Protocol."
        return
    made: Any = factory if inspect.isclass(factory) else inspect.signature(factory).return_annotation
    if not inspect.isclass(made) or made is inspect.Signature.empty:
        yield f"the factory of {label} must be a class or be annotated with the class it returns."
        return
    if made is protocol:
        return
    for member in sorted(get_protocol_members(protocol)):
        wanted, offered = getattr(protocol, member, None), getattr(made, member, None)
        if offered is None:
            yield f"{made.__qualname__} lacks {member}, which {label} promises."
        elif callable(wanted) and callable(offered):
            yield from _signatures(f"{made.__qualname__}.{member}", wanted, offered)


def _signatures(label: str, wanted: Any, offered: Any) -> Iterator[str]:
    if inspect.iscoroutinefunction(wanted) and not inspect.iscoroutinefunction(offered):
        yield f"{label} must be async, as its Protocol says."
    promised, present = inspect.signature(wanted).parameters, inspect.signature(offered).parameters
    if any(item.kind in {item.VAR_KEYWORD, item.VAR_POSITIONAL} for item in present.values()):
        return
    missing = [name for name in promised if name not in present]
    extra = [name for name, item in present.items() if name not in promised and item.default is item.empty]
    for name in missing:
        yield f"{label} doesn't take {name}, as its Protocol says."
    for name in extra:
        yield f"{label} asks for {name}, which its Protocol doesn't give."
