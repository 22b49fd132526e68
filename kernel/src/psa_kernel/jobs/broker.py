"""The broker: Redis carries claims to workers. The truth is in PostgreSQL, so losing a message costs only time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import current_millis
from typing_extensions import override

from psa_kernel.events.relay import BrokerAway
from psa_kernel.events.work_list import Claim
from psa_sdk.actors import Queue

HEARTBEAT = 15_000
"""Milliseconds after which a silent worker's messages are queued again."""
_MAINTENANCE = 100_000  # in a million commands


class ClaimBroker(RedisBroker):
    """Dramatiq's Redis broker, without its delayed queues: what isn't due yet waits in PostgreSQL."""

    @override
    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue_all(self, messages: Sequence[dramatiq.Message[Any]]) -> None:
        """Enqueue messages in one round trip."""
        script: Any = self.scripts["dispatch"]
        now, most = current_millis(), self._max_unpack_size()
        with self.client.pipeline(transaction=False) as pipe:
            for message in messages:
                key = str(uuid4())
                text = message.copy(options={"redis_message_id": key}).encode()
                head = ["enqueue", now, message.queue_name, self.broker_id]
                arguments = [*head, self.heartbeat_timeout, self.dead_message_ttl, 0, most, key, text]
                script(keys=[self.namespace], args=arguments, client=pipe)
            pipe.execute()


class Transport:
    """Sends claims through Redis, and receives them where a worker runs.

    `namespace` keeps installations that share a Redis apart.
    """

    def __init__(self, url: str, *, namespace: str) -> None:
        self.client: Any = redis.Redis.from_url(
            url, socket_timeout=5.0, socket_connect_timeout=2.0, health_check_interval=15
        )
        self._namespace = namespace
        self._sender = self._broker()

    def _broker(self) -> ClaimBroker:
        return ClaimBroker(
            client=self.client,
            middleware=[],
            namespace=self._namespace,
            heartbeat_timeout=HEARTBEAT,
            maintenance_chance=_MAINTENANCE,
        )

    async def push(self, claims: Sequence[Claim]) -> None:
        """Send claims to the workers; raises `BrokerAway`."""
        messages = [
            dramatiq.Message(
                queue_name=claim.queue,
                actor_name=f"deliver_{claim.queue}",
                args=(str(claim.tenant_id), str(claim.id), claim.token),
                kwargs={},
                options={},
            )
            for claim in claims
        ]
        try:
            await asyncio.to_thread(self._sender.enqueue_all, messages)
        except redis.RedisError as error:
            raise BrokerAway(str(error)) from error

    def receiver(self, queue: Queue, handle: Callable[[Claim], None]) -> ClaimBroker:
        """Return a broker of one queue for a worker, which calls a function with each claim, in its threads."""
        broker = self._broker()

        def deliver(tenant_id: str, delivery_id: str, token: int) -> None:
            handle(Claim(UUID(delivery_id), UUID(tenant_id), token, queue))

        dramatiq.Actor(
            deliver, broker=broker, queue_name=queue, actor_name=f"deliver_{queue}", priority=0, options={}
        )
        return broker

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
