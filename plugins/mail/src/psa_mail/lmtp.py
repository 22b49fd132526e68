"""Mail delivered to us by a server in front: LMTP (RFC 2033), as `psa mail lmtp`."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from psa_mail.addresses import comparable, parted
from psa_mail.api import MAILBOXES
from psa_mail.intake import take_in
from psa_mail.processing import work_off
from psa_sdk import Platform

MOST_BYTES = 64 << 20
_FOUND = "250 2.1.5 OK"
_UNKNOWN = "550 5.1.1 No such mailbox here"
_LATER = "451 4.3.0 Try again later"


class Postbox:
    """Takes messages for the mailboxes of all tenants; acknowledged means committed."""

    def __init__(self, platform: Platform) -> None:
        """Deliver into a platform."""
        self._platform = platform

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """Accept a recipient who has a mailbox."""
        if not await self._owners(address):
            return _UNKNOWN
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return _FOUND

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store a message for each recipient and answer for each of them."""
        answers: list[str] = []
        raw = envelope.original_content or b""
        for address in envelope.rcpt_tos:
            try:
                answers.append(await self._store(address, raw, envelope.mail_from or ""))
            except Exception:  # noqa: BLE001 - the sending server keeps it and tries again
                answers.append(_LATER)
        return "\r\n".join(answers)

    async def _owners(self, address: str) -> list[tuple[Any, Any]]:
        wanted = {comparable(address), parted(comparable(address))[0]}
        found: list[tuple[Any, Any]] = []
        for tenant in await self._platform.tenants():
            async with self._platform.unit(tenant) as ctx:
                rows = await ctx.records.find(MAILBOXES, limit=1000)
            found += [(tenant, row) for row in rows if wanted & {comparable(row["address"]), *row["aliases"]}]
        return found

    async def _store(self, address: str, raw: bytes, sender: str) -> str:
        owners = await self._owners(address)
        if not owners:
            return _UNKNOWN
        with_path = f"Return-Path: <{sender}>\r\n".encode() + raw
        for tenant, mailbox in owners:
            async with self._platform.unit(tenant) as ctx:
                if await take_in(ctx, mailbox, with_path, envelope_to=address) is not None:
                    await ctx.send(work_off)
        return _FOUND


async def serve(platform: Platform, host: str, port: int) -> asyncio.Server:
    """Listen for LMTP; the server in front is trusted, so listen where only it can reach."""
    postbox = Postbox(platform)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: LMTP(postbox, enable_SMTPUTF8=True, data_size_limit=MOST_BYTES, decode_data=False), host, port
    )
