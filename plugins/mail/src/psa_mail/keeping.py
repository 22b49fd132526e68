"""The files of a mail, beside the ticket or note that it became (MAIL-11)."""

import hashlib
from collections.abc import Collection
from uuid import UUID

import msgspec

from psa_mail.mime_reading import FilePart, Mail
from psa_mail.settings import MIB, MailSettings
from psa_sdk import Context
from psa_sdk.errors import Problem
from psa_sdk.tables import new_id

LOGO_AFTER = 3
"""How often a domain may send the same picture until it is taken for a logo."""
MOST_FILES = 100
SEEN = """
INSERT INTO mail.repeated_image AS i (id, domain, sha256) VALUES (psa.new_id(), $1, $2)
ON CONFLICT (tenant_id, domain, sha256) DO UPDATE SET seen = i.seen + 1 RETURNING seen"""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be stored, decided before there is a record to hang it on."""

    files: tuple[tuple[UUID, FilePart], ...]
    urls: dict[str, str]
    """Of pictures, by their Content-ID."""
    collapsed: frozenset[str]
    notices: tuple[str, ...]


async def choose(ctx: Context, mail: Mail, images: Collection[str]) -> Kept:
    """Decide what of a mail's files is kept: no logos seen before, nothing over the limit."""
    limit = (await ctx.settings(MailSettings)).max_part_mib * MIB
    domain = mail.sender.email.rpartition("@")[2]
    files: list[tuple[UUID, FilePart]] = []
    urls: dict[str, str] = {}
    collapsed: set[str] = set()
    notices = list(mail.notices)
    for part in mail.files[:MOST_FILES]:
        if len(part.content) > limit:
            size = len(part.content) / MIB
            notices.append(f"{part.name} ({size:.0f} MiB) was left out: parts may have {limit // MIB} MiB.")
            continue
        if (
            part.is_inline
            and part.media_type.startswith("image/")
            and await _is_logo(ctx, domain, part.content)
        ):
            collapsed.add(part.content_id)
            continue
        file_id = new_id()
        files.append((file_id, part))
        if part.content_id in images and part.media_type.startswith("image/"):
            urls[part.content_id] = f"/api/v1/attachments/{file_id}/content"
    if len(mail.files) > MOST_FILES:
        notices.append(f"{len(mail.files) - MOST_FILES} further files were left out; the original has them.")
    return Kept(files=tuple(files), urls=urls, collapsed=frozenset(collapsed), notices=tuple(notices))


async def _is_logo(ctx: Context, domain: str, content: bytes) -> bool:
    seen = await ctx.db.fetch_value(SEEN, domain, hashlib.sha256(content).hexdigest())
    return seen > LOGO_AFTER


async def store(ctx: Context, kept: Kept, subject: tuple[str, UUID], *, internal: bool) -> list[str]:
    """Store the chosen files; returns what to say about those that were refused."""
    refused: list[str] = []
    names: dict[str, int] = {}
    for file_id, part in kept.files:
        names[part.name] = names.get(part.name, 0) + 1
        stem, dot, extension = part.name.rpartition(".")
        # Files of one name would become versions of each other.
        name = (
            part.name
            if names[part.name] == 1
            else f"{stem or extension} ({names[part.name]}){dot if stem else ''}{extension if stem else ''}"
        )
        try:
            async with ctx.savepoint():
                await ctx.as_system().files.save(
                    part.content, name=name, subject=subject, internal=internal, id=file_id
                )
        except Problem as problem:
            refused.append(f"{part.name} was left out: {problem}")
    return refused
