"""What open pages are told of changes, whatever happens meanwhile."""

import asyncio
from uuid import uuid4

from psa_kernel.events.live import LiveHub
from psa_sdk.web import LiveChange


class Redis:
    """Publishes when it is let."""

    def __init__(self) -> None:
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def publish(self, _channel: str, _message: bytes) -> None:
        self.asked.set()
        await self.let.wait()


async def test_a_change_told_while_others_are_published_is_told_too():
    redis, tenant = Redis(), uuid4()
    hub = LiveHub(redis)
    first, second = LiveChange(topic="tickets", id=uuid4()), LiveChange(topic="notifications", id=uuid4())
    async with hub.listening(tenant) as heard, asyncio.timeout(30):
        hub.tell(tenant, first)
        await redis.asked.wait()
        hub.tell(tenant, second)
        redis.let.set()
        assert [(await heard.get())[1], (await heard.get())[1]] == [first, second]


async def test_nothing_is_told_after_the_hub_is_left():
    """A connection that publishing would open anew, after all were closed, is nobody's to close."""
    hub = LiveHub(None)
    hub.tell(uuid4(), LiveChange(topic="tickets", id=uuid4()))
    telling = hub._sending
    await hub.leave()
    assert telling is not None
    assert telling.done()
