"""Somebody else's plugin: written by the command line, built as a wheel, installed far from this tree, and run."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from importlib import metadata
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
NAME = "site_visits"
OURS = ("sdk", "kernel", "plugins/contacts")
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command outside this environment and return what it prints."""
    kept = {
        name: value
        for name, value in os.environ.items()
        # The battery there may ask the PostgreSQL of this test run.
        if name == "PYTEST_XDIST_TESTRUNUID" or not name.startswith(("PSA_", "PYTEST_", "COV_"))
    }
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        kept.pop(name, None)
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (
        f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    )
    return done.stdout


class Elsewhere:
    """A fresh environment with the SDK, the kernel, contacts and the new plugin, all from wheels."""

    def __init__(self, directory: Path) -> None:
        self.plugin = directory / NAME
        self.wheels = directory / "wheels"
        self.bin = directory / "environment" / "bin"

    def build(self) -> None:
        run(BIN / "psa", "plugins", "new", NAME, "--directory", self.plugin.parent)
        for source in (*(ROOT / part for part in OURS), self.plugin):
            run(BIN / "uv", "build", "-q", "--wheel", "--out-dir", self.wheels, source)
        run(BIN / "uv", "venv", "-q", "--python", sys.executable, self.bin.parent)
        # What is known to work together: the versions that this tree is tested with.
        known = self.wheels / "known.txt"
        known.write_text(
            "\n".join(
                f"{one.name}=={one.version}"
                for one in metadata.distributions()
                if not one.name.startswith("psa")
            )
        )
        run(
            *(BIN / "uv", "pip", "install", "-q", "--python", self.bin / "python"),
            *("--find-links", self.wheels, "--constraints", known, f"psa-{NAME.replace('_', '-')}[test]"),
        )
        # Only what the wheel brought counts.
        shutil.rmtree(self.plugin / "src")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    made = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    made.build()
    return made


def test_only_the_platform_contacts_and_the_plugin_are_installed(elsewhere: Elsewhere):
    listed = json.loads(run(elsewhere.bin / "psa", "plugins", "list", "--json"))
    assert {one["name"] for one in listed if one["origin"] != "built in"} == {"contacts", NAME}
    assert "all well" in run(elsewhere.bin / "psa", "plugins", "check", NAME)


def test_its_own_tests_and_the_conformance_battery_pass(elsewhere: Elsewhere):
    said = run(elsewhere.bin / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=elsewhere.plugin)
    assert "passed" in said
    assert "skipped" not in said


@pytest.fixture
def running(elsewhere: Elsewhere, tmp_path: Path) -> Generator[dict[str, str]]:
    """`psa up` in the other environment: its connection.json."""
    command = [elsewhere.bin / "psa", "up", "--no-demo", "--port", "0", "--data-dir", tmp_path]
    process = subprocess.Popen(
        [str(word) for word in command],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            break
    yield json.loads((tmp_path / "connection.json").read_text())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_it_runs(running: dict[str, str]):
    types = {"Accept": "application/vnd.api+json", "Content-Type": "application/vnd.api+json"}
    with httpx.Client(base_url=f"{running['url']}/api/v1", headers=types, verify=False) as http:
        attributes = {"email": running["admin_email"], "password": running["admin_password"]}
        session = http.post("/auth/login", json={"data": {"attributes": attributes}}).json()["data"]
        http.headers["Authorization"] = f"Bearer {session['attributes']['access_token']}"
        entry = {"type": "site-visits-entries", "attributes": {"title": "Look at the roof"}}
        made = http.post("/site-visits-entries", json={"data": entry})
        assert made.status_code == 201, made.text
        found = http.get("/site-visits-entries").json()["data"]
        assert [one["attributes"]["title"] for one in found] == ["Look at the roof"]
