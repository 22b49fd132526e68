"""An installation with single sign-on, a provider in a process of its own, and browsers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import pytest_asyncio

from psa_sdk.testing import Kit

from .liar import Liar, lying

PATIENCE = 60.0
STAFF = {
    "creates_accounts": True,
    "group_roles": {"Helpdesk": ["technician"], "Leads": ["manager"]},
    "groups_claim": "groups",
    "email_domains": ["example.com"],
}


@pytest_asyncio.fixture(loop_scope="session")
async def kit(psa_bench) -> Kit:
    return on_time(await Kit.open(await psa_bench.install("multi", plugins=("sso_oidc",))))


def on_time(kit: Kit) -> Kit:
    """Set a kit's clock, which stands still, to the time that providers have."""
    kit.advance(max(datetime.now(UTC) - kit.now, timedelta(0)))
    return kit


@pytest_asyncio.fixture(loop_scope="session")
async def liar() -> AsyncGenerator[Liar]:
    async with lying() as served:
        yield served


@pytest.fixture(scope="session")
def mock_issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The issuer of `oidc-provider-mock`, a program of others."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    log = tmp_path_factory.mktemp("provider") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "oidc_provider_mock",
                "-p",
                str(port),
                "--require-nonce",
                "true",
            ],
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    issuer, ends = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    try:
        while time.monotonic() < ends and process.poll() is None:
            with suppress(httpx.TransportError):
                httpx.get(f"{issuer}/.well-known/openid-configuration")
                break
            time.sleep(0.05)
        else:
            raise AssertionError(f"The provider didn't start:\n{log.read_text()[-2000:]}")
        yield issuer
    finally:
        process.terminate()
        process.wait(20)


class Visitor:
    """A browser in front of a tenant's pages: it keeps cookies and follows nothing by itself."""

    def __init__(self, kit: Kit) -> None:
        transport = httpx.ASGITransport(kit.installation.app, client=("192.0.2.9", 4711))
        headers = {"X-Tenant": kit.slug, "Accept": "text/html"}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    async def leave(self, provider: str, prefix: str = "/ui", **query: str) -> dict[str, str]:
        """Begin a log-in and return what the provider is asked."""
        left = await self.http.get(f"{prefix}/sso/oidc/{provider}/start", params=query)
        assert left.status_code == 303, left.text
        return {"at": left.headers["location"], **dict(parse_qsl(urlsplit(left.headers["location"]).query))}

    async def come_back(self, provider: str, prefix: str = "/ui", **answer: str) -> str:
        """Come back with an answer and return where it leads."""
        back = await self.http.get(f"{prefix}/sso/oidc/{provider}/callback", params=answer)
        assert back.status_code == 303, back.text
        return back.headers["location"]

    async def me(self, api: str = "/api/v1") -> dict[str, Any] | None:
        """Return who is logged in."""
        answer = await self.http.get(f"{api}/auth/me", headers={"Accept": "application/vnd.api+json"})
        return answer.json()["data"]["attributes"] if answer.status_code == 200 else None


@pytest.fixture
def visitor(kit: Kit) -> Visitor:
    return Visitor(kit)


async def provider(kit: Kit, issuer: str, **attributes: Any) -> str:
    """Set a provider up and return its id."""
    admin = await kit.admin()
    given = {"name": f"Example ID {kit.number()}", "issuer": issuer, "client_id": "psa", "client_secret": "s"}
    made = await admin.post("/oidc-providers", {**given, **attributes})
    assert made.status_code == 201, made.text
    return made.json()["data"]["id"]


async def refusals(kit: Kit) -> list[str]:
    """Return the reasons of refused log-ins, in order."""
    rows = await kit.installation.rows(
        "SELECT detail->>'reason' AS reason FROM psa.audit_entry WHERE tenant_id = $1 AND action = 'login_failed'"
        " ORDER BY id",
        kit.tenant_id,
    )
    return [row["reason"] for row in rows]
