"""PostgreSQL's files as a first start makes them, made once by each worker of a test run and copied: initdb takes a second.

A pytest plugin: `pytest_plugins = ["psa_kernel.testing.cluster"]`. For tests that start servers of their own, where
the making of the files isn't what is tested.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from psa_kernel.embedded.account import Runner
from psa_kernel.embedded.binaries import postgres_binaries
from psa_kernel.embedded.cluster import create

PutCluster = Callable[[Path], Path]


@pytest.fixture(scope="session")
def put_cluster(tmp_path_factory: pytest.TempPathFactory) -> PutCluster:
    """Puts the files of a server that never ran into a data directory, and returns the directory."""
    made = tmp_path_factory.mktemp("cluster") / "postgres"
    made.parent.chmod(0o755)
    made.mkdir(mode=0o755)
    create(Runner(postgres_binaries(), made), made)

    def put(data_dir: Path) -> Path:
        data_dir.mkdir(parents=True, exist_ok=True)
        # Unlike what Python offers, it keeps the owner: where tests run as root, the server doesn't.
        subprocess.run([shutil.which("cp") or "cp", "-a", made, data_dir], check=True)  # noqa: S603
        return data_dir

    return put
