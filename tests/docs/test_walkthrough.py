"""The walkthrough of a plugin's first hour, walked: its commands, edits and files in their order."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from psa_kernel.embedded import EmbeddedPostgres
from psa_kernel.testing.plugins import only

from .pages import DESK, ROOT

PAGE = ROOT / "docs/extending/a-plugin-in-an-hour.md"
_BLOCK = re.compile(r"^```(sh|diff|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_METADATA = "Metadata-Version: 2.1\nName: psa-visits\nVersion: 0.1.0\n"


def install(directory: Path) -> None:
    """Make the new package known as an editable installation does, without touching the environment."""
    place = directory / "visits/src/psa_visits-0.1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(_METADATA)
    (place / "entry_points.txt").write_text("[psa.plugins]\nvisits = psa_visits.plugin\n")


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("patch") is None, reason="edits are applied with patch, which is not installed"
)
def test_the_first_hour_can_be_walked(tmp_path, request, put_cluster):
    """What is new conforms with many tenants; the template it begins with does with one as well (`tests/third_party`)."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path / "visits/src"),
        "PSA_DATA_DIR": str(tmp_path / "data"),
        **only(*DESK),
    }
    # Those who begin have no schemathesis and no faker, which come with pytest plugins of their own.
    absent = "-p no:schemathesis -p no:faker"
    both = request.config.getoption("--thorough")
    environment["PYTEST_ADDOPTS"] = absent if both else f"{absent} -k 'not [single]'"

    def run(command: list[str], text: str) -> None:
        done = subprocess.run(
            command, input=text, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"

    # Up for all commands; each would start and stop it.
    server = EmbeddedPostgres(put_cluster(tmp_path / "data"))
    server.ensure()
    request.addfinalizer(server.stop)
    for kind, text in _BLOCK.findall(PAGE.read_text()):
        if kind == "diff":
            run(["patch", "-p1", "--fuzz=0"], text)
        elif kind == "python":
            first, rest = text.split("\n", 1)
            (tmp_path / first.removeprefix("# ")).write_text(rest)
        else:
            for line in text.splitlines():
                if line.startswith("pip "):
                    install(tmp_path)
                else:
                    run(["bash", "-euo", "pipefail"], line)
