"""An installation with directories, a real server, and one that says what a test wants."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from psa_directory_ldap.conversation import Conversation
from psa_directory_ldap.wire import Security, connected
from psa_sdk.testing import Client, Kit

from .liar import Liar, lying
from .slapd import READER, READER_SECRET, Slapd, running


@pytest_asyncio.fixture(loop_scope="session")
async def kit(psa_bench) -> Kit:
    return await Kit.open(await psa_bench.install("multi", plugins=("directory_ldap",)))


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with running(tmp_path_factory.mktemp("slapd")) as ready:
        yield ready


@pytest_asyncio.fixture(loop_scope="session")
async def liar(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Liar]:
    async with lying(tmp_path_factory.mktemp("liar")) as served:
        yield served


def line(server: Slapd | Liar, security: Security = "ldaps", **options: Any):
    """Connect to a server; `options` differ from what is right."""
    port = server.port if isinstance(server, Liar) else server.tls if security == "ldaps" else server.plain
    right = {"host": "127.0.0.1", "security": security, "ca_certificates": server.ca, "seconds": 10.0}
    return connected("127.0.0.1", port, **{**right, **options})


async def reading(wire) -> Conversation:
    """Log the reader of slapd in."""
    talk = Conversation(wire, "127.0.0.1")
    assert await talk.bind(READER, READER_SECRET)
    return talk


async def directory(kit: Kit, server: Slapd | Liar, base: str, **attributes: Any) -> str:
    """Set a directory up and return its id."""
    admin = await kit.admin()
    port = server.port if isinstance(server, Liar) else server.tls
    preset = "active_directory" if isinstance(server, Liar) else "openldap"
    given = {
        "name": f"Tree {kit.number()}",
        "preset": preset,
        "hosts": [f"127.0.0.1:{port}"],
        "ca_certificates": server.ca,
        "base_dn": base,
        "bind_dn": READER,
        "bind_password": READER_SECRET,
        "email_domains": ["example.com"],
    }
    made = await admin.post("/ldap-directories", {**given, **attributes})
    assert made.status_code == 201, made.text
    return made.json()["data"]["id"]


async def log_in(kit: Kit, email: str, password: str) -> tuple[int, Any]:
    """Log in; returns the status and who came in, or the code of the refusal."""
    nobody = kit.anonymous()
    body = {"email": email, "password": password, "tenant": kit.slug}
    answer = await nobody.post("/auth/login", body)
    if answer.status_code != 201:
        return answer.status_code, answer.json()["errors"][0]["code"]
    token = answer.json()["data"]["attributes"]["access_token"]
    me = await nobody.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    return 201, me.json()["data"]["attributes"]


async def synchronised(kit: Kit, id: str, *, dry: bool, client: Client | None = None) -> dict[str, Any]:
    """Synchronise and return what came of it."""
    admin = client or await kit.admin()
    asked = await admin.post(f"/ldap-directories/{id}/sync", {"is_dry": dry})
    assert asked.status_code == 202, asked.text
    return await finished(kit, asked.json()["data"]["id"])


async def finished(kit: Kit, sync: str) -> dict[str, Any]:
    await kit.drain()
    return (await (await kit.admin()).get(f"/ldap-syncs/{sync}")).json()["data"]["attributes"]
