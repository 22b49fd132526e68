"""Files: uploads, downloads, versions, quota, scanning."""

from psa_kernel.builtin.files import jobs, resources, routes, tables
from psa_kernel.builtin.files.settings import FilesSettings
from psa_sdk import Manifest, Permission, every, hookimpl

USE = ("files.attachments.read", "files.attachments.create")
STAFF = (*USE, "files.attachments.update", "files.attachments.delete", "files.attachments.publish")


@hookimpl
def psa_manifest() -> Manifest:
    """Declare files."""
    return Manifest(
        name="files",
        title="Files",
        description="Files that hang on records.",
        requires=("tenancy", "settings"),
        tables=tables.ALL,
        resources=(resources.attachments,),
        routes=routes.ALL,
        permissions=(
            Permission(name="files.attachments.create", title="Attach files"),
            Permission(name="files.attachments.publish", title="Show internal files to clients"),
        ),
        roles={
            **dict.fromkeys(("manager", "technician", "dispatcher", "sales", "finance"), STAFF),
            "client_admin": USE,
            "client_user": USE,
        },
        subscribers=(jobs.forget_tenant,),
        actors=(jobs.scan_blob, jobs.free_unused),
        schedules=(every("40 2 * * *", jobs.free_unused),),
        settings=FilesSettings,
    )
