"""The key ring: sealed values open in their place, for their tenant, across rotations, and nowhere else."""

import base64
import secrets
import stat

import pytest

from psa_kernel.builtin.tenancy import SINGLE_TENANT
from psa_kernel.builtin.tenancy.provisioning import provision
from psa_kernel.crypto import KeyRing, NotAuthentic, decrypt, encrypt, generation_of
from psa_kernel.master_key import MasterKey, UnusableKey, load_master_key
from psa_sdk.tables import new_id

PLACE = ("vault.secret", "password")


@pytest.fixture
async def kernel(rewound_kernel):
    return await rewound_kernel(first={})


async def test_a_sealed_value_opens_where_it_was_sealed(kernel):
    row = new_id()
    sealed = await kernel.keys.seal(SINGLE_TENANT, *PLACE, row, "correct horse")
    assert b"correct horse" not in sealed
    assert await kernel.keys.open_sealed(SINGLE_TENANT, *PLACE, row, sealed) == "correct horse"


async def test_the_same_text_never_gives_the_same_bytes(kernel):
    row = new_id()
    first = await kernel.keys.seal(SINGLE_TENANT, *PLACE, row, "x")
    assert first != await kernel.keys.seal(SINGLE_TENANT, *PLACE, row, "x")


async def test_a_moved_value_does_not_open(kernel):
    """TEN-11: another row, column, table or tenant, or a single changed bit."""
    other_tenant = await provision(kernel, slug="other", name="Other")
    row, keys = new_id(), kernel.keys
    sealed = await keys.seal(SINGLE_TENANT, *PLACE, row, "secret")
    await keys.ensure(other_tenant)
    for tenant, table, column, where in (
        (SINGLE_TENANT, *PLACE, new_id()),
        (SINGLE_TENANT, "vault.secret", "note", row),
        (SINGLE_TENANT, "vault.other", "password", row),
        (other_tenant, *PLACE, row),
    ):
        with pytest.raises(NotAuthentic):
            await keys.open_sealed(tenant, table, column, where, sealed)
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(NotAuthentic):
            await keys.open_sealed(SINGLE_TENANT, *PLACE, row, bytes(broken))
    with pytest.raises(NotAuthentic):
        await keys.open_sealed(SINGLE_TENANT, *PLACE, row, b"")


async def test_both_generations_are_readable_after_a_data_key_rotation(kernel):
    """TEN-11."""
    row, keys = new_id(), kernel.keys
    old = await keys.seal(SINGLE_TENANT, *PLACE, row, "before")
    elsewhere = KeyRing.open(kernel.config, kernel.pool)
    await elsewhere.ensure(SINGLE_TENANT)
    assert await keys.add_generation(SINGLE_TENANT) == 2
    new = await keys.seal(SINGLE_TENANT, *PLACE, row, "after")
    assert (generation_of(old), generation_of(new)) == (1, 2)
    for ring in (keys, elsewhere):
        assert await ring.open_sealed(SINGLE_TENANT, *PLACE, row, old) == "before"
        assert await ring.open_sealed(SINGLE_TENANT, *PLACE, row, new) == "after"


async def test_a_new_master_key_wraps_the_data_keys_anew_without_a_pause(kernel):
    """TEN-11: while rotating, both masters work; afterwards the new one is enough and the old one useless."""
    row = new_id()
    old_master = load_master_key(kernel.config.data_dir)
    sealed = await kernel.keys.seal(SINGLE_TENANT, *PLACE, row, "kept")
    master = MasterKey(secrets.token_bytes(32), previous=old_master.current)
    rotating = KeyRing(master, kernel.pool, multi_tenant=True)
    assert await rotating.open_sealed(SINGLE_TENANT, *PLACE, row, sealed) == "kept"
    assert await rotating.rewrap(SINGLE_TENANT) == 1
    assert await rotating.rewrap(SINGLE_TENANT) == 0
    rotated = KeyRing(MasterKey(master.current), kernel.pool, multi_tenant=True)
    assert await rotated.open_sealed(SINGLE_TENANT, *PLACE, row, sealed) == "kept"
    with pytest.raises(UnusableKey, match="master"):
        await KeyRing(old_master, kernel.pool, multi_tenant=True).ensure(SINGLE_TENANT)


async def test_a_key_made_in_a_rolled_back_unit_still_opens_what_it_sealed(kernel):
    tenant = await provision(kernel, slug="keyless", name="Keyless")
    async with kernel.unit(tenant) as unit:
        await unit.db.execute("DELETE FROM psa.data_key")
    kernel.keys.forget(tenant)
    row = new_id()
    with pytest.raises(RuntimeError, match="undone"):
        async with kernel.unit(tenant):
            sealed = await kernel.keys.seal(tenant, *PLACE, row, "value")
            raise RuntimeError("undone")
    assert await KeyRing.open(kernel.config, kernel.pool).open_sealed(tenant, *PLACE, row, sealed) == "value"


async def test_derived_keys_differ_by_purpose_and_agree_between_processes(kernel):
    again = KeyRing.open(kernel.config, kernel.pool)
    assert kernel.keys.derive("cursors") == again.derive("cursors")
    assert kernel.keys.derive("cursors") != kernel.keys.derive("tokens")
    assert len(kernel.keys.derive("cursors")) == 32
    with pytest.raises(UnusableKey):
        kernel.keys.derive("cursors", previous=True)


def test_the_first_start_makes_a_private_key_file_that_the_second_one_reads(tmp_path):
    """S34."""
    first = load_master_key(tmp_path, {})
    path = tmp_path / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_master_key(tmp_path, {}) == first
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]
    assert base64.b64encode(first.current).decode() not in repr(first)


@pytest.mark.parametrize(
    "text", ["not base64!", base64.b64encode(b"short").decode(), base64.b64encode(bytes(32)).decode()]
)
def test_a_weak_or_broken_master_key_is_refused_with_the_remedy(tmp_path, text):
    """S34."""
    with pytest.raises(UnusableKey, match="openssl rand"):
        load_master_key(tmp_path, {"PSA_MASTER_KEY": text})


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    load_master_key(tmp_path, {})
    (tmp_path / "master.key").chmod(0o644)
    with pytest.raises(UnusableKey, match="chmod 600"):
        load_master_key(tmp_path, {})


def test_the_environment_beats_the_file(tmp_path):
    key = secrets.token_bytes(32)
    master = load_master_key(tmp_path, {"PSA_MASTER_KEY": base64.b64encode(key).decode()})
    assert master.current == key
    assert not list(tmp_path.iterdir())


def test_encryption_is_aes_256_gcm():
    """NIST SP 800-38D test case 16, decrypted through our own framing."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    cipher = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    assert decrypt(key, nonce + cipher, bound) == plain
    assert decrypt(key, encrypt(key, b"round", b"trip"), b"trip") == b"round"
