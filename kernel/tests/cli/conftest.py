"""A data directory whose servers stay up for the module's commands, and a runner of `psa`."""

import pytest
from click.testing import CliRunner, Result

from psa_kernel.cli import main
from psa_kernel.embedded import EmbeddedPostgres, EmbeddedValkey
from psa_kernel.testing.plugins import only

OTHERS = only()["PSA_QUARANTINE"]
"""Every installed plugin: these commands are shown with the kernel alone."""


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory, put_cluster):
    directory = put_cluster(tmp_path_factory.mktemp("data"))
    postgres, valkey = EmbeddedPostgres(directory), EmbeddedValkey(directory)
    postgres.ensure()
    valkey.ensure()
    yield directory
    postgres.stop()
    valkey.stop()


@pytest.fixture
def redis_url(data_dir):
    server = EmbeddedValkey(data_dir)
    yield server.ensure()
    server.stop()


@pytest.fixture(scope="session")
def psa(data_dir):
    """Run a command in the kernel alone: nothing but the built-in plugins."""

    def run(*arguments: object, expect: int = 0, given: str = "", **environment: str) -> Result:
        words = [str(argument) for argument in arguments]
        variables = {"PSA_DATA_DIR": str(data_dir), "PSA_QUARANTINE": OTHERS, **environment}
        result = CliRunner().invoke(main, words, env=variables, input=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == expect, result.output
        return result

    return run


@pytest.fixture(scope="session")
def migrated(psa):
    psa("migrate")
    return psa
