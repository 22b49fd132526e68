"""A server process for guessing at: set up by `PSA_…` variables, its clock moves by GET /clock?<seconds>."""

import asyncio
import datetime
import sys
from typing import Any

from psa_kernel import logs
from psa_kernel.boot import load
from psa_kernel.clock import FixedClock
from psa_kernel.config import Config, from_environment
from psa_kernel.http.app import create_app
from psa_kernel.kernel import Kernel
from psa_kernel.server import address, bind, serve
from psa_kernel.testing.hashing import costing

NINE_O_CLOCK = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)


async def main(config: Config) -> None:
    clock = FixedClock(NINE_O_CLOCK)
    listener = bind(config)
    async with Kernel.open(config, load(config, only=()), clock=clock, lifespan=False) as kernel:
        app: Any = create_app(kernel)

        async def with_clock(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["path"] != "/clock":
                await app(scope, receive, send)
                return
            clock.advance(datetime.timedelta(seconds=int(scope["query_string"])))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        async def ready() -> None:
            sys.stdout.write(f"{address(listener)}\n")
            sys.stdout.flush()

        await serve(with_clock, listener, asyncio.Event(), ready=ready)


if __name__ == "__main__":
    logs.configure("text")  # To the standard error: the other is for the address alone.
    with costing({"time_cost": 1, "memory_cost": 64}):
        asyncio.run(main(from_environment()))
