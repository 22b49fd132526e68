"""Attachments as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from psa_kernel.builtin.files.naming import safe_name
from psa_kernel.builtin.files.tables import File
from psa_sdk import Change, Context, Derived, Resource, Subject, ToOne
from psa_sdk.tables import And


class AttachmentWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be changed about an attachment; content comes by upload."""

    file_name: Annotated[str, Meta(min_length=1, max_length=200)]
    is_internal: bool = False


class AttachmentRead(AttachmentWrite, kw_only=True):
    """An attachment's attributes."""

    file_size: int
    mime_type: str
    sha256: str
    subject_kind: str | None
    subject_id: UUID | None
    series: UUID
    revision: int
    is_current: bool
    scan_state: str
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


async def rename(ctx: Context, change: Change) -> None:
    """Keep names safe; showing an internal file to the client is a right of its own."""
    if "file_name" in change.new:
        change.new["file_name"] = safe_name(change.new["file_name"])
    if change.changes("is_internal") and change.old["is_internal"]:
        ctx.require("files.attachments.publish")


async def note_unused(ctx: Context, change: Change) -> None:
    """Start the clock of a blob whose last file goes."""
    if change.verb != "delete":
        return
    await ctx.db.execute(
        "UPDATE psa.blob SET unused_since = $2 WHERE tenant_id = psa.current_tenant() AND sha256 = $1"
        " AND NOT EXISTS (SELECT 1 FROM psa.file f WHERE f.tenant_id = psa.current_tenant() AND f.sha256 = $1"
        " AND f.deleted_at IS NULL)",
        change.old["sha256"],
        ctx.now,
    )


attachments = Resource(
    name="attachments",
    title="Attachments",
    description="Files that hang on records; access to a file is access to its record.",
    table=File,
    read=AttachmentRead,
    write=AttachmentWrite,
    verbs=frozenset(("list", "get", "update", "delete")),
    subject=Subject(File.subject_kind, File.subject_id),
    derived=(
        Derived(
            "scan_state",
            "(SELECT b.scan_state FROM psa.blob b WHERE b.tenant_id = {row}.tenant_id AND b.sha256 = {row}.sha256)",
        ),
    ),
    relations=(ToOne("uploaded_by", "users", File.uploaded_by, writable=False),),
    filters=(
        File.subject_kind,
        File.subject_id,
        File.file_name,
        File.mime_type,
        File.series,
        File.is_current,
        File.is_internal,
        File.created_at,
    ),
    sorts=(File.file_name, File.file_size, File.created_at),
    default_sort="created_at",
    label=File.file_name,
    portal=lambda _who: And(File.is_internal.eq(False), File.subject_id.is_not_null()),
    portal_hidden=("is_internal", "uploaded_by", "sha256"),
    archive=File.deleted_at,
    before_update=rename,
    after_write=note_unused,
)
