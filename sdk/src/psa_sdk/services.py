"""Services: what a plugin offers to others, as a typed Protocol in its `api` module."""

from collections.abc import Callable
from typing import Any

import msgspec

from psa_sdk.context import Context


class Service(msgspec.Struct, frozen=True):
    """A provided Protocol and how to make its implementation for a unit of work."""

    protocol: type[Any]
    factory: Callable[[Context], Any]


def provide(protocol: type[Any], factory: Callable[[Context], Any]) -> Service:
    """Offer a service; the implementation is checked against the Protocol at start.

    Example:
        >>> from typing import Protocol
        >>> class Greeter(Protocol):
        ...     async def greet(self, name: str) -> str: ...
        >>> class PoliteGreeter:
        ...     def __init__(self, ctx: Context) -> None: ...
        ...     async def greet(self, name: str) -> str:
        ...         return f"Good day, {name}"
        >>> provide(Greeter, PoliteGreeter).protocol.__name__
        'Greeter'
    """
    return Service(protocol, factory)
