"""The audit log: append-only, sealed, searchable."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

from psa_kernel.builtin.audit import export, jobs, resources, tables
from psa_kernel.builtin.audit.access import access_writer
from psa_kernel.builtin.audit.alerts import SecurityAlert
from psa_kernel.builtin.audit.sealing import sealer
from psa_kernel.builtin.audit.settings import AuditSettings
from psa_kernel.kernel import Kernel
from psa_sdk import Manifest, Permission, Platform, every, hookimpl


@hookimpl
def psa_manifest() -> Manifest:
    """Declare the audit log."""
    return Manifest(
        name="audit",
        title="Audit log",
        description="Who did what and when, in a log that can't be rewritten unnoticed.",
        requires=("tenancy", "settings"),
        tables=tables.ALL,
        resources=(resources.audit_logs,),
        routes=(export.export_audit_log,),
        permissions=(
            Permission(name="audit.audit_logs.export", title="Export the audit log", sensitive=True),
        ),
        roles={"admin": ("audit.audit_logs.read", "audit.audit_logs.export")},
        events=(SecurityAlert,),
        actors=(jobs.trim_access_log, jobs.purge_audit_log),
        schedules=(every("30 3 * * *", jobs.trim_access_log), every("50 3 * * *", jobs.purge_audit_log)),
        settings=AuditSettings,
    )


@hookimpl
def psa_lifespan(platform: Platform) -> AbstractAsyncContextManager[None]:
    """Seal entries and write the access log beside the server."""
    return _beside(cast(Kernel, platform))


@asynccontextmanager
async def _beside(kernel: Kernel) -> AsyncGenerator[None]:
    async with sealer(kernel), access_writer(kernel):
        yield
