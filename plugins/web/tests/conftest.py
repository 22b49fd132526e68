"""An installation with shells and the plugin that uses every extension point."""

import httpx
import pytest_asyncio

import psa_dummy.plugin as dummy
from psa_sdk.testing import Client, Kit


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kit(psa_bench) -> Kit:
    return await Kit.open(await psa_bench.install("multi", modules=(dummy,)))


@pytest_asyncio.fixture
async def admin(kit: Kit) -> Client:
    return await kit.admin()


async def read(client: Client, path: str, **headers: str) -> httpx.Response:
    """Ask for a page as a browser does."""
    return await client.get(f"http://localhost{path}", headers={"Accept": "text/html", **headers})


async def send(client: Client, path: str, language: str = "en", **form: str) -> httpx.Response:
    """Send a form as the pages' script does."""
    body = str(httpx.QueryParams(form)).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Psa-Action": "1"}
    headers["Accept-Language"] = language
    return await client.request("POST", f"http://localhost{path}", content=body, headers=headers)
