"""The door of the log-in: whom a storm keeps waiting, and who is told to come again (S1)."""

import asyncio

import pytest

from psa_kernel.builtin.auth.door import door
from psa_sdk.errors import Unavailable


class Kernel:
    """Something that a door belongs to."""


async def test_sixty_four_wait_one_after_the_other_and_the_next_is_told_when_to_come_again():
    entrance, inside, most, let_on = door(Kernel()), 0, 0, asyncio.Event()

    async def log_in() -> None:
        nonlocal inside, most
        async with entrance.passed():
            inside += 1
            most = max(most, inside)
            await let_on.wait()
            inside -= 1

    waiting = [asyncio.create_task(log_in()) for _ in range(65)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await log_in()
    assert (refused.value.code, refused.value.headers) == ("login_queue_full", {"Retry-After": "2"})
    let_on.set()
    await asyncio.gather(*waiting)
    assert most == 1
    await log_in()
