"""Taking a message in: stored as it came, known by its id, before anybody looks into it (MAIL-02, MAIL-03)."""

import email
import email.policy
import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_mail.addresses import people
from psa_mail.api import INCOMING
from psa_mail.message_ids import fingerprint, normalised
from psa_mail.mime_reading import header
from psa_sdk import Context
from psa_sdk.tables import new_id

FIND = "SELECT id FROM mail.incoming WHERE mailbox = $1 AND message_id = $2"


def identity(raw: bytes) -> str:
    """Return what a message is known by: its id, else From, Date, Subject and body, else all its bytes."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        found = normalised(header(message, "Message-ID"))
        if found:
            return found
        sender = next(iter(people([header(message, "From")])), None)
        body = raw.partition(b"\r\n\r\n")[2] or raw.partition(b"\n\n")[2]
        return fingerprint(
            sender.email if sender else "",
            header(message, "Date"),
            " ".join(header(message, "Subject").split()),
            body,
        )
    except Exception:  # noqa: BLE001 - whatever is wrong with a message, it is stored
        return f"sha256:{hashlib.sha256(raw).hexdigest()}"


async def take_in(
    ctx: Context, mailbox: Mapping[str, Any], raw: bytes, *, remote_key: str = "", envelope_to: str = ""
) -> UUID | None:
    """Store a message, to be worked on after the commit; None when the mailbox had it before."""
    message_id = identity(raw)
    await ctx.db.lock("mail.incoming", mailbox["id"], message_id)
    if await ctx.db.fetch_value(FIND, mailbox["id"], message_id) is not None:
        return None
    system = ctx.as_system()
    incoming_id, file_id = new_id(), new_id()
    await system.records.create(
        INCOMING,
        {
            "number": await ctx.db.fetch_value("SELECT psa.next_number('mail.incoming')"),
            "mailbox": mailbox["id"],
            "message_id": message_id,
            "source_file": file_id,
            "size": len(raw),
            "remote_key": remote_key,
            "envelope_to": envelope_to,
        },
        id=incoming_id,
    )
    await system.files.save(
        raw,
        name=f"{incoming_id}.eml",
        subject=(INCOMING, incoming_id),
        internal=True,
        id=file_id,
        unlimited=True,
    )
    return incoming_id
