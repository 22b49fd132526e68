"""Commands that plugins add to `psa`."""

import click
import pytest
from click.testing import CliRunner

from psa_kernel import boot
from psa_kernel.boot import load
from psa_kernel.cli import group, main
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest
from psa_sdk.errors import NotFound


def psa_commands(cli) -> None:
    async def tenants(platform) -> int:
        return len(await platform.tenants())

    @cli.command("count-tenants")
    def count_tenants() -> None:
        """Count the tenants."""
        click.echo(cli.run(tenants))

    @cli.command("fail")
    def fail() -> None:
        """Fail as an operator may expect."""
        raise NotFound("There is no such thing; look elsewhere.")


@pytest.fixture
def counting(psa, data_dir, migrated, monkeypatch):
    """`psa` with a plugin that brings commands."""
    extra = module(Manifest(name="counting", title="Counting"), psa_commands=psa_commands)
    monkeypatch.setattr(group, "load", lambda config: load(config, [extra], only=()))
    monkeypatch.setattr(main, "_plugins_asked", False)
    monkeypatch.setattr(main, "commands", {})
    return psa


def test_a_plugins_command_is_listed_and_runs_on_the_platform(counting):
    assert "count-tenants" in counting("--help").output
    assert counting("count-tenants").stdout.strip().isdigit()


def test_its_failures_are_sentences(counting):
    output = counting("fail", expect=1).stderr
    assert output.endswith("Error: There is no such thing; look elsewhere.\n")


def test_plugins_that_cannot_start_leave_the_built_in_commands(psa, monkeypatch):
    def refuse(config: object) -> None:
        raise boot.BootError(["sla: requires tickets, which is not installed."])

    monkeypatch.setattr(group, "load", refuse)
    monkeypatch.setattr(main, "_plugins_asked", False)
    assert "doctor" in psa("--help").output
    monkeypatch.setattr(main, "_plugins_asked", False)
    assert "sla: requires tickets" in psa("count-tenants", expect=1).output


def test_the_version_is_told():
    assert CliRunner().invoke(main, ["--version"]).output.startswith("psa, version ")
