"""The tour's commands run as they stand in the document."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour talks with curl, which is not installed")
def test_the_tour_can_be_walked(running_demo):
    commands = BLOCK.findall((ROOT / "docs/tour.md").read_text())
    # The activation line is for people; the test runs in the environment already.
    script = "set -euo pipefail\n" + "\n".join(commands).replace(". .venv/bin/activate\n", "")
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PSA_DATA": str(running_demo)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    said = done.stdout
    assert "admin@example.com" in said
    assert "<p>We are <strong>on our way</strong>.</p>" in said
    assert "text/plain" in said
    pointers = ("/data/attributes/title", "/data/attributes/colour", "/data/attributes/is_billable")
    assert all(pointer in said for pointer in pointers), said
    assert json.loads((running_demo / "connection.json").read_text())["url"].startswith("http://127.0.0.1:")
