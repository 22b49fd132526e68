"""A part of the background that fails unexpectedly is started again."""

import pytest

from psa_kernel.jobs import background


async def test_a_failed_part_of_the_background_starts_again(monkeypatch):
    monkeypatch.setattr(background, "AGAIN", 0)
    turns = []

    async def run() -> None:
        turns.append(1)
        if len(turns) < 3:
            raise RuntimeError("unexpected")

    await background._kept_up("relay", run)
    assert len(turns) == 3


async def test_being_stopped_ends_it():
    async def run() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await background._kept_up("relay", run)
