"""Installations and ledgers that are thrown away, with every process of theirs."""

from collections.abc import Collection

import pytest

from .installation import DESK, Installation
from .ledger import Ledger


@pytest.fixture
def new_installation(tmp_path, put_cluster):
    made: list[Installation] = []

    def make(
        tenancy: str = "single", plugins: Collection[str] | None = DESK, *, empty: bool = False
    ) -> Installation:
        made.append(Installation(tmp_path, tenancy=tenancy, plugins=plugins))
        if not empty:
            put_cluster(made[-1].directory)
        return made[-1]

    yield make
    for installation in made:
        installation.stop()


@pytest.fixture
def ledger(tmp_path_factory):
    kept = Ledger(tmp_path_factory.mktemp("ledger") / "promises")
    yield kept
    kept.close()
