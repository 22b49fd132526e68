"""A process that does the bench's background work, for tests that kill it: worker.py DATA_DIR DATABASE REDIS LEASE."""

import asyncio
import importlib.util
import sys
from pathlib import Path

import msgspec

from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_kernel.jobs.background import Background
from psa_kernel.jobs.schedule import Scheduler
from psa_kernel.kernel import Kernel
from psa_kernel.server import stop_on_signals


async def main(data_dir: str, database: str, redis: str, lease: str, task: str = "work") -> None:
    spec = importlib.util.spec_from_file_location("bench", Path(__file__).with_name("plugin.py"))
    sys.modules["bench"] = bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    stop = asyncio.Event()
    stop_on_signals(stop)
    config = Config(data_dir=Path(data_dir), tenancy="multi", database_url=database, redis_url=redis)
    registry = load(config, [bench], only=())
    if task == "work":  # only what a test sends: a full hour would bring jobs of its own
        registry = msgspec.structs.replace(registry, schedules=())
    async with Kernel.open(config, registry, lifespan=False) as kernel:
        if task == "work":
            async with Background(kernel, lease=float(lease)):
                sys.stdout.write("ready\n")
                sys.stdout.flush()
                await stop.wait()
        else:
            scheduler = asyncio.create_task(Scheduler(kernel).run())
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await stop.wait()
            scheduler.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
