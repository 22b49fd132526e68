"""One tenant becomes many, tenants travel, and the audit log is verified: as an operator types it."""

import asyncio
import json
import re
import zipfile

import asyncpg
import pytest
from click.testing import CliRunner

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import ensure_single
from psa_kernel.cli import main
from psa_kernel.cli.application import with_kernel
from psa_kernel.config import Config
from psa_kernel.embedded import EmbeddedPostgres, EmbeddedValkey

from .conftest import OTHERS


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A single-tenant installation with its administrator, converted to many tenants (TEN-14)."""
    directory = tmp_path_factory.mktemp("data")
    servers = EmbeddedPostgres(directory), EmbeddedValkey(directory)
    for server in servers:
        server.ensure()

    def psa(*arguments, expect=0, tenancy="multi"):
        variables = {"PSA_DATA_DIR": str(directory), "PSA_QUARANTINE": OTHERS, "PSA_TENANCY": tenancy}
        result = CliRunner().invoke(main, [str(word) for word in arguments], env=variables)
        assert result.exit_code == expect, result.output
        return result.stdout

    psa("migrate", tenancy="single")
    single = Config(data_dir=directory, quarantine=frozenset(OTHERS.split(",")))
    with_kernel(
        single,
        lambda kernel: ensure_single(
            kernel, admin_email="admin@example.com", admin_password="a long enough passphrase"
        ),
    )
    psa("migrate")
    yield psa, directory
    for server in servers:
        server.stop()


def superuser(directory, statement):
    async def run():
        connection = await asyncpg.connect(EmbeddedPostgres(directory).ensure().superuser)
        try:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def test_one_tenant_becomes_the_operators_own(converted):
    psa, _ = converted
    rows = json.loads(psa("tenants", "list", "--json"))
    assert ("main", str(SINGLE_TENANT)) in [(row["slug"], row["id"]) for row in rows]
    assert "Tenant north is ready." in psa("tenants", "create", "north", "--admin-email", "boss@example.com")
    assert "boss@example.com" in psa("users", "list", "--tenant", "north")
    assert "boss@example.com" not in psa("users", "list", "--tenant", "main")


def test_a_tenant_travels_as_a_file(converted, tmp_path):
    psa, _ = converted
    psa("tenants", "create", "traveller", "--name", "Traveller", "--admin-email", "boss@example.com")
    secret = tmp_path / "passphrase"
    secret.write_text("for the journey only\n")
    path = tmp_path / "traveller.zip"
    assert "rows of" in psa("tenants", "export", path, "--tenant", "traveller", "--passphrase-file", secret)
    assert zipfile.ZipFile(path).testzip() is None
    psa("tenants", "import", path, expect=1)
    assert "Tenant arrived is ready." in psa(
        "tenants", "import", path, "--slug", "arrived", "--passphrase-file", secret
    )
    assert "boss@example.com" in psa("users", "list", "--tenant", "arrived")


def test_the_audit_log_is_verified_against_its_seals_and_a_checkpoint(converted, tmp_path):
    """AUD-02."""
    psa, directory = converted
    kept = tmp_path / "checkpoint.jsonl"
    kept.write_text(psa("audit", "checkpoint"))
    assert "intact" in psa("audit", "verify", "--checkpoint", kept)
    victim = f"tenant_id = '{SINGLE_TENANT}'"
    superuser(
        directory, f"DELETE FROM psa.audit_entry WHERE {victim}; DELETE FROM psa.audit_seal WHERE {victim}"
    )
    cut = psa("audit", "verify", "--tenant", "main", "--checkpoint", kept, expect=1)
    assert re.search(r"TAMPERED\. The chain ends at seal 0; the checkpoint saw seal \d+\.", cut)
    report = json.loads(psa("audit", "verify", "--tenant", "main", "--checkpoint", kept, "--json", expect=1))
    assert report["sequence"] == 1
