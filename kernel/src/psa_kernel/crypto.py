"""Envelope encryption: a master key wraps each tenant's data keys, which seal single values.

A sealed value is bound to its tenant, table, column and row; moved anywhere else it doesn't open.
"""

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncGenerator
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from psa_kernel.config import Config
from psa_kernel.database.pool import Connection, Pool
from psa_kernel.database.session import Session
from psa_kernel.master_key import KEY_BYTES, MasterKey, UnusableKey, fingerprint, load_master_key
from psa_sdk.tables import new_id

_NONCE_BYTES: Final = 12
_FORMAT: Final = 1
_HEADER_BYTES: Final = 5  # format (1), key generation (4)


class NotAuthentic(Exception):
    """A sealed value was altered, moved to another place or sealed under an unknown key."""


def encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """Encrypt with AES-256-GCM under a random 96-bit nonce, which leads the result."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Undo `encrypt`; raises `NotAuthentic`."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise NotAuthentic("The sealed value was altered, moved or sealed under another key.") from error


def _place(tenant_id: UUID, table: str, column: str, row_id: UUID) -> bytes:
    return f"{tenant_id}|{table}|{column}|{row_id}".encode()


class _DataKeys(msgspec.Struct):
    """A tenant's data keys by generation; the newest seals, all of them open."""

    keys: dict[int, bytes]

    @property
    def newest(self) -> int:
        return max(self.keys)


class KeyRing:
    """Seals and opens the values of all tenants, and derives keys for signing."""

    def __init__(self, master: MasterKey, pool: Pool, *, multi_tenant: bool) -> None:
        """Hold the master key; data keys are loaded when a tenant first needs one."""
        self._master = master
        self._pool = pool
        self._multi_tenant = multi_tenant
        self._tenants: dict[UUID, _DataKeys] = {}
        self._loading = asyncio.Lock()

    @classmethod
    def open(cls, config: Config, pool: Pool) -> "KeyRing":
        """Make the key ring of this process; raises `UnusableKey`."""
        return cls(load_master_key(config.data_dir), pool, multi_tenant=config.multi_tenant)

    def derive(self, purpose: str, *, previous: bool = False) -> bytes:
        """Return 32 bytes for one purpose (HKDF-SHA256, RFC 5869); the same in every process.

        `previous` derives from the master key that a rotation is leaving.
        """
        master = self._master.previous if previous else self._master.current
        if master is None:
            raise UnusableKey("There is no previous master key.")
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"psa {purpose}".encode()).derive(master)

    async def seal(self, tenant_id: UUID, table: str, column: str, row_id: UUID, plain: str | bytes) -> bytes:
        """Encrypt a value under the tenant's newest data key, bound to its place."""
        keys = self._tenants.get(tenant_id) or await self._load(tenant_id)
        generation = keys.newest
        text = plain.encode() if isinstance(plain, str) else plain
        return header_of(generation) + encrypt(
            keys.keys[generation], text, _place(tenant_id, table, column, row_id)
        )

    async def open_sealed(self, tenant_id: UUID, table: str, column: str, row_id: UUID, sealed: bytes) -> str:
        """Return the plain text of a sealed value; raises `NotAuthentic`."""
        if len(sealed) < _HEADER_BYTES or sealed[0] != _FORMAT:
            raise NotAuthentic("This is no sealed value.")
        generation = generation_of(sealed)
        keys = self._tenants.get(tenant_id)
        if keys is None or generation not in keys.keys:
            keys = await self._load(tenant_id, refresh=True)
        key = keys.keys.get(generation)
        if key is None:
            raise NotAuthentic(
                f"The value was sealed under data key {generation}, which this tenant doesn't have."
            )
        return decrypt(key, sealed[_HEADER_BYTES:], _place(tenant_id, table, column, row_id)).decode()

    async def ensure(self, tenant_id: UUID) -> None:
        """Make the tenant's first data key unless it has one; commits by itself."""
        await self._load(tenant_id)

    async def newest_generation(self, tenant_id: UUID) -> int:
        """Return the generation that seals new values of the tenant."""
        return (self._tenants.get(tenant_id) or await self._load(tenant_id)).newest

    async def add_generation(self, tenant_id: UUID) -> int:
        """Add a data key that seals from now on, and return its generation; older ones keep opening."""
        async with self._session(tenant_id) as connection:
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"data_key {tenant_id}"
            )
            found = await connection.fetchval(
                "SELECT max(generation) FROM psa.data_key WHERE tenant_id = $1", tenant_id
            )
            newest = int(found or 0)
            await self._insert(connection, tenant_id, newest + 1)
        self.forget(tenant_id)
        return newest + 1

    async def rewrap(self, tenant_id: UUID) -> int:
        """Wrap the tenant's data keys under the current master key; returns how many were wrapped anew."""
        count = 0
        current = fingerprint(self._master.current)
        async with self._session(tenant_id) as connection:
            rows = await connection.fetch(
                "SELECT id, generation, wrapped, master FROM psa.data_key"
                " WHERE tenant_id = $1 AND master <> $2 FOR UPDATE",
                tenant_id,
                current,
            )
            for row in rows:
                key = self._unwrap(tenant_id, row)
                await connection.execute(
                    "UPDATE psa.data_key SET wrapped = $2, master = $3, updated_at = now(), version = version + 1"
                    " WHERE id = $1",
                    row["id"],
                    self._wrap(tenant_id, row["generation"], key),
                    current,
                )
                count += 1
        return count

    def forget(self, tenant_id: UUID) -> None:
        """Drop a tenant's keys from memory: after a rotation, and for good when the tenant is deleted."""
        self._tenants.pop(tenant_id, None)

    def _wrap(self, tenant_id: UUID, generation: int, key: bytes) -> str:
        bound = f"{tenant_id}|data key|{generation}".encode()
        return base64.b64encode(encrypt(self._master.current, key, bound)).decode()

    def _unwrap(self, tenant_id: UUID, row: asyncpg.Record) -> bytes:
        for master in (self._master.current, self._master.previous):
            if master is not None and fingerprint(master) == row["master"]:
                bound = f"{tenant_id}|data key|{row['generation']}".encode()
                return decrypt(master, base64.b64decode(row["wrapped"]), bound)
        raise UnusableKey(
            f"Data keys of tenant {tenant_id} are wrapped under master key {row['master']}, which is not here; "
            "put it back as master.key or PSA_MASTER_KEY_PREVIOUS."
        )

    async def _insert(self, connection: Connection, tenant_id: UUID, generation: int) -> None:
        await connection.execute(
            "INSERT INTO psa.data_key (id, tenant_id, generation, wrapped, master) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (tenant_id, generation) DO NOTHING",
            new_id(),
            tenant_id,
            generation,
            self._wrap(tenant_id, generation, secrets.token_bytes(KEY_BYTES)),
            fingerprint(self._master.current),
        )

    @contextlib.asynccontextmanager
    async def _session(self, tenant_id: UUID) -> AsyncGenerator[Connection]:
        # Never the caller's transaction: a key whose creation rolls back must not have sealed anything.
        async with Session(self._pool, tenant_id=tenant_id, multi_tenant=self._multi_tenant) as session:
            yield session.connection

    async def _load(self, tenant_id: UUID, *, refresh: bool = False) -> _DataKeys:
        async with self._loading:
            known = self._tenants.get(tenant_id)
            if known is not None and not refresh:
                return known
            query = "SELECT generation, wrapped, master FROM psa.data_key WHERE tenant_id = $1"
            async with self._session(tenant_id) as connection:
                rows = await connection.fetch(query, tenant_id)
                if not rows:
                    await self._insert(connection, tenant_id, 1)
                    rows = await connection.fetch(query, tenant_id)
            keys = _DataKeys({row["generation"]: self._unwrap(tenant_id, row) for row in rows})
            self._tenants[tenant_id] = keys
            return keys


def header_of(generation: int) -> bytes:
    """Return how values sealed under a data-key generation begin."""
    return bytes([_FORMAT]) + generation.to_bytes(4)


def generation_of(sealed: bytes) -> int:
    """Return the data-key generation that a sealed value names."""
    return int.from_bytes(sealed[1:_HEADER_BYTES])
