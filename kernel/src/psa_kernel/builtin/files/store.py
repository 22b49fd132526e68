"""Which store holds the blobs, and under which keys: the tenant is part of each (FIL-02, TEN-07)."""

from typing import TYPE_CHECKING
from uuid import UUID

from psa_kernel.builtin.files.disk_store import DiskStore
from psa_sdk.files import FileStore

if TYPE_CHECKING:
    from psa_kernel.kernel import Kernel


def of(kernel: "Kernel") -> FileStore:
    """Return the store a plugin offers through `psa_file_store`, else the disk under the data directory."""
    offered = kernel.registry.hooks.hook.psa_file_store(config={"data_dir": str(kernel.config.data_dir)})
    return offered or DiskStore(kernel.config.data_dir / "files")


def key(tenant_id: UUID, sha256: str) -> str:
    """Return a blob's key."""
    return f"{tenant_id}/{sha256[:2]}/{sha256}"
