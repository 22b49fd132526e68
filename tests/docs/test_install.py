"""The page about installing with one's own servers, followed on a PostgreSQL that knows nothing of PSA."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import asyncpg
import pytest

from psa_kernel.embedded import EmbeddedPostgres, EmbeddedValkey
from psa_kernel.testing.plugins import only

from .pages import DESK, ROOT, blocks

PAGE = ROOT / "docs/operating/install.md"
PSA = str(Path(sys.executable).with_name("psa"))
AUTHORITY = "db.example.com"
JSON_API = "application/vnd.api+json"


@pytest.fixture
async def settings(tmp_path):
    """The page's variables for servers that are here, after its SQL was run by the servers' administrator."""
    postgres, valkey = EmbeddedPostgres(tmp_path), EmbeddedValkey(tmp_path)
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


@contextmanager
def running(command: list[str], settings: dict[str, str], sign: str):
    """Run a process from when it says that it is ready until the block ends; gives the line that says so."""
    process = subprocess.Popen(
        command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    heard: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        heard.append(line)
        if sign in line:
            break
    assert heard, "it said nothing"
    assert sign in heard[-1], "".join(heard)
    yield heard[-1]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("tenancy", ["multi", pytest.param("single", marks=pytest.mark.thorough)])
async def test_the_page_leads_to_an_installation_that_one_can_log_in_to(settings, tenancy):
    settings["PSA_TENANCY"] = tenancy

    def psa(*arguments: str) -> str:
        done = subprocess.run([PSA, *arguments], env=settings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    serving = {name: value for name, value in settings.items() if name != "PSA_OWNER_DATABASE_URL"}
    psa("migrate")
    told = psa("tenants", "create", "main", "--name", "Example MSP", "--admin-email", "boss@example.com")
    password = re.findall(r"\S{20}", told)[-1].rstrip(".")
    with (
        running([PSA, "serve", "--port", "0"], serving, "PSA serves at") as line,
        running([PSA, "worker"], serving, "The worker runs"),
    ):
        url = re.findall(r"http://\S+", line)[0]
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
    assert "wrong" not in psa("doctor")
