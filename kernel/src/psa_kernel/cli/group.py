"""The command group: loads commands when asked for, adds the plugins', turns expected failures into sentences."""

import importlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import click
from typing_extensions import override

from psa_kernel.boot import BootError, load
from psa_kernel.cli.application import with_kernel
from psa_kernel.cli.failures import EXPECTED, sentence
from psa_kernel.config import from_environment
from psa_sdk.context import Platform

T = TypeVar("T")

_MODULES: Final = {
    "up": "up",
    "serve": "serve",
    "worker": "serve",
    "migrate": "migrate",
    "migrations": "migrate",
    "doctor": "doctor",
    "plugins": "plugins",
    "tenants": "tenants",
    "users": "users",
    "keys": "keys",
    "audit": "audit",
    "backup": "backup",
    "restore": "backup",
    "demo": "demo",
    "docs": "reference",
}
"""Command to the module of this package that holds it."""


class Commands(click.Group):
    """A group that imports each command when it is run; those of plugins need all plugins loaded."""

    _plugins_asked = False

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        self._ask_plugins(quietly=True)
        return [*_MODULES, *sorted(self.commands)]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _MODULES:
            module = importlib.import_module(f"psa_kernel.cli.{_MODULES[cmd_name]}")
            return getattr(module, cmd_name)
        if cmd_name not in self.commands:
            self._ask_plugins(quietly=False)
        return self.commands.get(cmd_name)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            raise click.ClickException(sentence(error)) from error

    def run(self, work: Callable[[Platform], Awaitable[T]]) -> T:
        """Run a plugin's command on the open platform: `cli.run(work)` with `async def work(platform)`."""
        return with_kernel(from_environment(), work)

    def _ask_plugins(self, *, quietly: bool) -> None:
        if self._plugins_asked:
            return
        self._plugins_asked = True
        try:
            load(from_environment()).hooks.hook.psa_commands(cli=self)
        except (BootError, ValueError) as error:
            if not quietly:
                raise click.ClickException(sentence(error)) from error
