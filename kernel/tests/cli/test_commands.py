"""The operator's commands against real embedded servers."""

import json
import re
import stat
import tarfile

import pytest

from psa_kernel.embedded import EmbeddedPostgres


def test_help_lists_every_command(psa):
    listed = psa("--help").output
    for command in (
        "up",
        "serve",
        "worker",
        "migrate",
        "doctor",
        "plugins",
        "tenants",
        "users",
        "keys",
        "audit",
    ):
        assert f"\n  {command} " in listed


def test_an_unknown_command_is_an_error(psa):
    assert "No such command 'dance'" in psa("dance", expect=2).output


def test_an_unusable_variable_is_named(psa):
    output = psa("plugins", "list", expect=2, PSA_PORT="lots").output
    assert "PSA_PORT='lots' is not usable" in output
    assert "Traceback" not in output


def test_plugins_are_listed_in_order_with_those_taken_off(psa):
    result = psa("plugins", "list", "--json")
    names = [row["name"] for row in json.loads(result.stdout)]
    assert names.index("tenancy") < names.index("settings")
    assert "contacts is taken off: quarantined by the operator" in result.stderr


def test_the_graph_shows_who_requires_whom(psa):
    assert '"settings" -> "tenancy";' in psa("plugins", "graph", "--dot").output
    assert "settings  -> tenancy" in psa("plugins", "graph").output


def test_a_plugins_declarations_are_shown(psa):
    assert "psa.tenant" in psa("plugins", "show", "tenancy").output
    assert "There's no plugin dance; installed are: " in psa("plugins", "show", "dance", expect=1).output
    assert "contacts is taken off: quarantined" in psa("plugins", "show", "contacts", expect=1).output


def test_check_tells_what_is_quarantined_and_passes(psa):
    checked = psa("plugins", "check")
    assert "contacts is quarantined by the operator." in checked.stderr
    assert re.search(r"all well\. \d+ quarantined\.", checked.stdout)
    assert "contacts is taken off: quarantined" in psa("plugins", "check", "contacts", expect=1).output


def test_migrate_says_what_it_did_and_is_repeatable(migrated):
    assert "Nothing to do." in migrated("migrate").output


def test_doctor_finds_a_migrated_installation_well(migrated):
    output = migrated("doctor").output
    assert "well   the migrations" in output
    assert "wrong" not in output


def test_doctor_names_what_is_wrong_with_the_remedy(psa, data_dir):
    output = psa("doctor", expect=1, PSA_REDIS_URL="redis://127.0.0.1:1/0").output
    assert "wrong  Redis: Redis can't be used" in output
    assert "check PSA_REDIS_URL" in output
    (data_dir / "master.key").chmod(0o644)
    try:
        assert "run `chmod 600" in psa("doctor", expect=1).output
    finally:
        (data_dir / "master.key").chmod(0o600)


def test_a_database_that_is_away_is_one_sentence(psa):
    output = psa("tenants", "list", expect=1, PSA_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").output
    assert output.startswith("Error: ")
    assert "Traceback" not in output


def test_no_new_migration_is_written_for_an_unknown_plugin(migrated):
    assert "There's no plugin dance" in migrated("migrations", "new", "dance", "steps", expect=1).output


def test_a_taken_address_is_named_before_anything_starts(psa, tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        output = psa("up", "--port", port, "--data-dir", tmp_path / "none", expect=1).output
    assert f"127.0.0.1:{port} can't be listened on" in output
    assert not (tmp_path / "none" / "postgres").exists()


@pytest.fixture(scope="module")
def archive(migrated, data_dir, tmp_path_factory):
    blob = data_dir / "files" / "ab" / "abcdef"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(b"content")
    blob.with_name(".incoming-1").write_bytes(b"half")
    path = tmp_path_factory.mktemp("backup") / "one.tar"
    migrated("backup", path)
    return path


@pytest.fixture
def empty_place(tmp_path, put_cluster):
    """A data directory whose PostgreSQL is up and holds nothing yet."""
    server = EmbeddedPostgres(put_cluster(tmp_path / "place"))
    server.ensure()
    yield tmp_path / "place"
    server.stop()


class TestBackup:
    def test_an_archive_holds_dump_files_and_key_and_is_only_ours_to_read(self, archive):
        with tarfile.open(archive) as tar:
            assert tar.getnames() == ["database.dump", "master.key", "files/ab/abcdef", "contents.json"]
        assert stat.S_IMODE(archive.stat().st_mode) == 0o600

    def test_it_comes_back_whole_in_an_empty_place_and_replaces_what_is_in_use_only_by_force(
        self, psa, archive, empty_place, data_dir
    ):
        assert "Restored the backup of" in psa("restore", archive, "--data-dir", empty_place).output
        assert (empty_place / "files" / "ab" / "abcdef").read_bytes() == b"content"
        assert (empty_place / "master.key").read_bytes() == (data_dir / "master.key").read_bytes()
        assert "well   the migrations" in psa("doctor", "--data-dir", empty_place).output
        refused = psa("restore", archive, "--data-dir", empty_place, expect=1).output
        assert "The target isn't empty" in refused
        assert "--force" in refused
        psa("restore", archive, "--force", "--data-dir", empty_place)

    def test_an_archive_of_the_other_tenancy_is_refused(self, psa, archive, tmp_path):
        output = psa("restore", archive, "--data-dir", tmp_path, "--tenancy", "multi", expect=1).output
        assert "use --tenancy single" in output

    def test_a_stranger_and_a_damaged_archive_are_refused_before_anything_changes(
        self, psa, archive, tmp_path, empty_place
    ):
        stranger = tmp_path / "stranger.tar"
        stranger.write_bytes(b"no tar at all")
        assert "is no backup of PSA" in psa("restore", stranger, "--data-dir", empty_place, expect=1).output
        damaged = tmp_path / "damaged.tar"
        content = bytearray(archive.read_bytes())
        content[4096] ^= 0xFF
        damaged.write_bytes(content)
        assert "is damaged" in psa("restore", damaged, "--data-dir", empty_place, expect=1).output

    def test_a_path_out_of_the_data_directory_is_refused(self, psa, archive, tmp_path, empty_place):
        evil = tmp_path / "evil.tar"
        with tarfile.open(archive) as source, tarfile.open(evil, "w") as target:
            for member in source:
                content = source.extractfile(member)
                if member.name.startswith("files/"):
                    member.name = "files/../../escaped"
                target.addfile(member, content)
        output = psa("restore", evil, "--data-dir", empty_place, expect=1).output
        assert "which no backup of PSA has" in output
        assert not (tmp_path / "escaped").exists()

    def test_a_directory_that_is_missing_is_named(self, psa, tmp_path):
        assert "is no directory" in psa("backup", tmp_path / "none" / "x.tar", expect=1).output


def test_the_reference_names_every_plugin_resource_permission_and_event(psa, tmp_path):
    psa("docs", "--directory", tmp_path)
    assert "| `tenancy` | " in (tmp_path / "plugins.md").read_text()
    assert "| `users` | auth | " in (tmp_path / "resources.md").read_text()
    assert "| `auth.users.read` | See " in (tmp_path / "permissions.md").read_text()
    assert "| `auth.password_requested` | 1 | " in (tmp_path / "events.md").read_text()
