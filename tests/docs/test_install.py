"""The page about installing with one's own servers, followed on a PostgreSQL that knows nothing of PSA."""

import json
import os
import re
import secrets
import signal
import time
from base64 import b64encode
from pathlib import Path
from urllib.request import Request, urlopen

import asyncpg
import pytest

from psa_kernel.embedded import EmbeddedPostgres, EmbeddedValkey
from psa_kernel.testing.plugins import only
from psa_kernel.testing.processes import Forked

from .pages import DESK, ROOT, blocks

PAGE = ROOT / "docs/operating/install.md"
AUTHORITY = "db.example.com"
JSON_API = "application/vnd.api+json"


@pytest.fixture
async def settings(tmp_path, put_cluster):
    """The page's variables for servers that are here, after its SQL was run by the servers' administrator."""
    postgres, valkey = EmbeddedPostgres(put_cluster(tmp_path)), EmbeddedValkey(tmp_path)
    urls, redis = postgres.ensure(), valkey.ensure()
    administrator = await asyncpg.connect(urls.superuser.replace("/psa", "/postgres"))
    for statement in ("DROP DATABASE psa", "DROP ROLE psa_owner", "DROP ROLE psa_app"):
        await administrator.execute(statement)
    for statement in blocks(PAGE, "sql")[0].strip().split("\n"):
        await administrator.execute(statement)
    await administrator.close()
    given = dict(
        re.findall(r"^(PSA_\w+)=(.*)$", PAGE.read_text().split("## Behind a proxy")[0], re.MULTILINE)
    )
    here = urls.app.split("@")[1].split("/")[0]
    yield {
        **{name: value.replace(AUTHORITY, here) for name, value in given.items()},
        "PSA_REDIS_URL": redis,
        "PSA_MASTER_KEY": b64encode(secrets.token_bytes(32)).decode(),
        "PSA_DATA_DIR": str(tmp_path / "files"),
        "PATH": os.environ["PATH"],
        **only(*DESK),
    }
    postgres.stop()
    valkey.stop()


class Command:
    """A `psa` command with the page's variables; what it says goes to a file."""

    def __init__(self, settings: dict[str, str], output: Path, *words: str) -> None:
        self._output = output
        self._process = Forked(
            "from psa_kernel.cli import main; main()", *words, output=output, environment=settings
        )

    @property
    def said(self) -> str:
        return self._output.read_text()

    def says(self, sign: str) -> str:
        """Wait until it says that it is ready; returns the line that says so."""
        while not (lines := [line for line in self.said.splitlines() if sign in line]):
            assert self._process.poll() is None, self.said
            time.sleep(0.02)
        return lines[0]

    def ends_well(self) -> str:
        """Wait for its end and return what it said."""
        assert self._process.wait(60) == 0, self.said
        return self.said

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.parametrize("tenancy", ["multi", pytest.param("single", marks=pytest.mark.thorough)])
async def test_the_page_leads_to_an_installation_that_one_can_log_in_to(settings, tenancy, tmp_path):
    settings["PSA_TENANCY"] = tenancy
    serving = {name: value for name, value in settings.items() if name != "PSA_OWNER_DATABASE_URL"}

    def start(given: dict[str, str], *words: str) -> Command:
        return Command(given, tmp_path / f"{words[0]}.log", *words)

    start(settings, "migrate").ends_well()
    told = start(
        settings, "tenants", "create", "main", "--name", "Example MSP", "--admin-email", "boss@example.com"
    ).ends_well()
    password = re.findall(r"\S{20}", told)[-1].rstrip(".")
    server, worker = start(serving, "serve", "--port", "0"), start(serving, "worker")
    try:
        url = re.findall(r"http://\S+", server.says("PSA serves at"))[0]
        worker.says("The worker runs")
        with urlopen(f"{url}/health/ready") as answer:
            assert json.load(answer)["checks"]["database"] == "ok"
        document = {"data": {"attributes": {"email": "boss@example.com", "password": password}}}
        headers = {"Content-Type": JSON_API, "Host": "psa.example.com", "X-Tenant": "main"}
        asked = Request(f"{url}/api/v1/auth/login", json.dumps(document).encode(), headers)
        with urlopen(asked) as answer:
            token = json.load(answer)["data"]["attributes"]["access_token"]
        asked = Request(f"{url}/api/v1/tickets", headers={"Authorization": f"Bearer {token}"})
        with urlopen(asked) as answer:
            assert json.load(answer)["data"] == []
    finally:
        server.stop()
        worker.stop()
    server.ends_well()
    worker.ends_well()
    assert "wrong" not in start(settings, "doctor").ends_well()
