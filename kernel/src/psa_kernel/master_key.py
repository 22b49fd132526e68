"""The master key: above all other keys, 32 random bytes that no database holds.

It is `PSA_MASTER_KEY` (base64) or `<data_dir>/master.key`, mode 0600, made at the first start.
"""

import base64
import binascii
import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256, Hash

KEY_BYTES: Final = 32


class UnusableKey(Exception):
    """The master key is missing, weak, readable by others or not the one that wrapped the data."""


def _decode_key(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusableKey(f"{source} is not base64; use `openssl rand -base64 32`.") from error
    if len(key) != KEY_BYTES or len(set(key)) < 8:
        raise UnusableKey(
            f"{source} must be {KEY_BYTES} random bytes in base64; use `openssl rand -base64 32`."
        )
    return key


def _key_file(path: Path, *, create: bool) -> bytes | None:
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # Linking, unlike renaming, leaves the key of a process that was faster.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    if not path.exists():
        return None
    if path.stat().st_mode & 0o077:
        raise UnusableKey(f"{path} can be read by other accounts; run `chmod 600 {path}`.")
    return _decode_key(path.read_text(), str(path))


class MasterKey(msgspec.Struct, frozen=True):
    """The key above all keys; `previous` still opens what it wrapped while a rotation is under way."""

    current: bytes
    previous: bytes | None = None

    def __repr__(self) -> str:
        """Never show key material."""
        return f"MasterKey({fingerprint(self.current)})"


def fingerprint(key: bytes) -> str:
    """Return a short public name of a key."""
    digest = Hash(SHA256())
    digest.update(b"psa key fingerprint" + key)
    return digest.finalize()[:6].hex()


def load_master_key(data_dir: Path, environment: Mapping[str, str] = os.environ) -> MasterKey:
    """Read the master key, making the file at the first start; raises `UnusableKey`.

    `PSA_MASTER_KEY_PREVIOUS` or `master.key.previous` holds the key that a rotation is leaving.
    """
    keys: list[bytes | None] = []
    for variable, file in (
        ("PSA_MASTER_KEY", "master.key"),
        ("PSA_MASTER_KEY_PREVIOUS", "master.key.previous"),
    ):
        text = environment.get(variable, "")
        is_current = variable == "PSA_MASTER_KEY"
        keys.append(_decode_key(text, variable) if text else _key_file(data_dir / file, create=is_current))
    current, previous = keys
    if current is None:  # pragma: no cover - the file was just made
        raise UnusableKey("No master key.")
    return MasterKey(current, previous)
