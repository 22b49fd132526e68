"""A tenant behind a real HTTP server."""

import asyncio
import socket
from collections.abc import AsyncGenerator

import pytest_asyncio
import uvicorn

from .desk import Browser, Desk


@pytest_asyncio.fixture(loop_scope="session", params=["multi"])
async def desk(new_kit, request) -> AsyncGenerator[Desk]:
    kit = await new_kit(request.param)
    # Named, so that asyncio sends what is short at once: otherwise each answer waits for 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(kit.installation.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        served = Desk(kit, url)
        yield served
        await served.http.aclose()
        server.should_exit = True
        await serving


@pytest_asyncio.fixture(loop_scope="session")
async def tess(desk: Desk) -> AsyncGenerator[Browser]:
    browser = Browser(desk)
    async with browser.http:
        await browser.be_invited()
        yield browser
