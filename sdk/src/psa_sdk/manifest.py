"""The manifest: a plugin's table of contents, read once at start."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from psa_sdk.access import Permission
from psa_sdk.actors import Actor, Schedule
from psa_sdk.context import Context
from psa_sdk.events import Event, Interceptor, Subscriber
from psa_sdk.resources import Extension, Resource
from psa_sdk.routes import Route
from psa_sdk.services import Service
from psa_sdk.settings import Settings
from psa_sdk.sign_in import SignInSource
from psa_sdk.tables import PlatformTable, TenantTable
from psa_sdk.ui import Ui


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a plugin has, as data.

    `requires` are loaded and migrated first and must be present; `enhances` only affects the order.
    `roles` adds grants to roles by key, and makes roles that don't exist. `seed` runs once for each new
    tenant and must be repeatable; `demo` fills a demonstration tenant.

    Example:
        >>> Manifest(name="visits", title="Site visits", requires=("contacts",)).name
        'visits'
    """

    name: str
    title: str
    description: str = ""
    requires: tuple[str, ...] = ()
    enhances: tuple[str, ...] = ()
    tables: tuple[type[TenantTable | PlatformTable], ...] = ()
    resources: tuple[Resource, ...] = ()
    extensions: tuple[Extension, ...] = ()
    routes: tuple[Route, ...] = ()
    permissions: tuple[Permission, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = {}
    events: tuple[type[Event], ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    interceptors: tuple[Interceptor, ...] = ()
    services: tuple[Service, ...] = ()
    actors: tuple[Actor, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    settings: type[Settings] | None = None
    ui: Ui = Ui()
    sign_in: SignInSource | None = None
    """Ways to log in besides passwords."""
    hookspecs: Any = None
    """A module of `@hookspec` functions: questions this plugin asks others."""
    seed: Callable[[Context], Awaitable[None]] | None = None
    demo: Callable[[Context], Awaitable[None]] | None = None
