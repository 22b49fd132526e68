"""Cheap passwords: hashed and checked with argon2id as always, but with 64 KiB of memory instead of 19 MiB.

A pytest plugin: `pytest_plugins = ["psa_kernel.testing.hashing"]`. Nearly every test logs somebody in.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def costing(wanted: Mapping[str, int]) -> Generator[Mapping[str, int]]:
    """Let new hashes have these parameters; gives the usual ones."""
    from psa_kernel.builtin.auth.passwords import Passwords, passwords

    make: Any = Passwords.__init__
    usual: dict[str, int] = make.__kwdefaults__
    make.__kwdefaults__ = dict(wanted)
    passwords.cache_clear()
    try:
        yield usual
    finally:
        make.__kwdefaults__ = usual
        passwords.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Generator[Mapping[str, int]]:
    """Passwords of this run are cheap; the fixture's value are the parameters of those that aren't."""
    with costing({"time_cost": 1, "memory_cost": 64}) as usual:
        yield usual


@pytest.fixture
def costly_passwords(cheap_passwords: Mapping[str, int]) -> Generator[None]:
    """Passwords of this test cost what they cost in production."""
    with costing(cheap_passwords):
        yield
