"""The audit log: append-only, sealed, searchable."""

from psa_kernel.builtin.audit import tables
from psa_sdk import Manifest, hookimpl


@hookimpl
def psa_manifest() -> Manifest:
    """Declare the audit log."""
    return Manifest(
        name="audit",
        title="Audit log",
        description="Who did what and when, in a log that can't be rewritten unnoticed.",
        tables=tables.ALL,
    )
