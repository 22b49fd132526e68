"""The archive of a tenant: a zip of JSON lines per table, with a table of contents.

Sealed values are left out, or sealed anew under a passphrase: AES-256-GCM with a key that scrypt derives.
"""

import base64
import datetime
import secrets
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from psa_kernel.crypto import NotAuthentic, decrypt, encrypt
from psa_kernel.database.schema import column_names, qualified
from psa_kernel.registry import Registry
from psa_sdk.errors import Invalid
from psa_sdk.tables import Sealed, TenantTable

FORMAT: Final = 1
CONTENTS: Final = "contents.json"
_SCRYPT_COST: Final = 2**15


class Contents(msgspec.Struct, kw_only=True):
    """What an archive holds; rows are counted per table, `numbers` are counters by their hashed name."""

    format: int
    tenant_id: UUID
    slug: str
    name: str
    timezone: str
    currency: str
    locale: str
    exported_at: datetime.datetime
    plugins: dict[str, str]
    tables: dict[str, int]
    numbers: dict[str, int]
    files: int = 0
    lost_files: list[str] = []
    """Hashes of blobs that the exporting store no longer had."""
    salt: str = ""
    """Of the passphrase's key, base64; empty when secrets are left out."""
    proof: str = ""
    """A constant under that key, to tell a wrong passphrase."""


class Layout(msgspec.Struct, frozen=True):
    """How a table is written: its plain columns and its sealed ones. The tenant's id is left out."""

    table: str
    columns: tuple[str, ...]
    sealed: tuple[str, ...]

    @property
    def path(self) -> str:
        """The table's name in the archive."""
        return f"tables/{self.table}.jsonl"


class Passphrase:
    """Seals values for the journey."""

    def __init__(self, text: str, salt: bytes | None = None) -> None:
        """Derive the key; takes a noticeable time."""
        if len(text) < 12:
            raise Invalid("A passphrase that protects secrets has at least 12 characters.")
        self.salt = salt or secrets.token_bytes(16)
        self._key = Scrypt(salt=self.salt, length=32, n=_SCRYPT_COST, r=8, p=1).derive(text.encode())

    def seal(self, place: str, plain: str) -> str:
        """Encrypt a value bound to its place in the archive."""
        return base64.b64encode(encrypt(self._key, plain.encode(), place.encode())).decode()

    def open(self, place: str, sealed: str) -> str:
        """Decrypt a value; raises `NotAuthentic`."""
        try:
            return decrypt(self._key, base64.b64decode(sealed), place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise NotAuthentic("The archive's secrets were altered.") from error


PROOF: Final = "psa archive"


def layouts(registry: Registry) -> tuple[Layout, ...]:
    """Return the tables that an archive holds, in dependency order."""
    found: list[Layout] = []
    for _, table in registry.tables:
        if not issubclass(table, TenantTable) or not table.exported:
            continue
        sealed = tuple(column._meta.name for column in table._meta.columns if isinstance(column, Sealed))
        plain = tuple(name for name in column_names(table) if name != "tenant_id" and name not in sealed)
        found.append(Layout(qualified(table), plain, sealed))
    return tuple(found)
