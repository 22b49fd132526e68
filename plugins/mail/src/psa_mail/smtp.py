"""Sending over SMTP: STARTTLS or TLS, passwords or XOAUTH2, and what the server's answers mean (RFC 5321)."""

import base64

import aiosmtplib

from psa_mail.peers import LoginRefused, Peer, PeerTrouble, connected_plainly, tls
from psa_sdk.mail import Delivery, Envelope

SECONDS = 60.0


class SmtpTransport:
    """Implements `psa_sdk.mail.MailTransport` on one server."""

    def __init__(self, peer: Peer, token: str = "") -> None:
        """Use a peer, with a token where it logs in by one."""
        self._peer = peer
        self._token = token

    async def deliver(self, envelope: Envelope) -> Delivery:
        """Hand a message over. Raises `LoginRefused`, or `PeerTrouble` when nothing was handed over."""
        client = await self._open()
        try:
            return await self._send(client, envelope)
        finally:
            client.close()

    async def check(self) -> None:
        """Log in and leave."""
        (await self._open()).close()

    async def _open(self) -> aiosmtplib.SMTP:
        peer = self._peer
        plain = await connected_plainly(peer)
        client = aiosmtplib.SMTP(
            hostname=peer.host,
            port=None,
            sock=plain,
            use_tls=peer.security == "tls",
            start_tls=peer.security == "starttls",
            tls_context=None if peer.security == "none" else tls(peer),
            timeout=SECONDS,
        )
        try:
            await client.connect()
            await self._log_in(client)
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise LoginRefused(f"{error.code} {error.message}"[:500]) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            plain.close()
            raise PeerTrouble(f"{peer.host}:{peer.port}: {error}"[:500]) from error
        return client

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        peer = self._peer
        if peer.authentication == "none":
            return
        if peer.authentication == "password":
            await client.login(peer.username, peer.secret)
            return
        await client.ehlo()
        answer = await client.execute_command(b"AUTH", b"XOAUTH2", xoauth2(peer.username, self._token))
        if answer.code == 334:
            # The challenge tells why; an empty line asks for the refusal itself.
            answer = await client.execute_command(b"")
        if answer.code != 235:
            raise aiosmtplib.SMTPAuthenticationError(answer.code, answer.message)

    async def _send(self, client: aiosmtplib.SMTP, envelope: Envelope) -> Delivery:
        try:
            refused, words = await client.sendmail(
                envelope.sender, list(envelope.recipients), envelope.content
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            answers = [(one.recipient, one.code, one.message) for one in error.recipients]
            state = "refused" if all(code >= 500 for _, code, _ in answers) else "later"
            told = tuple((recipient, f"{code} {message}"[:300]) for recipient, code, message in answers)
            return Delivery(state=state, detail=told[0][1] if told else "", refused=told)
        except aiosmtplib.SMTPResponseException as error:
            state = "refused" if error.code >= 500 else "later"
            return Delivery(state=state, detail=f"{error.code} {error.message}"[:500])
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as error:
            return Delivery(state="later", detail=str(error)[:500])
        told = tuple((recipient, f"{answer[0]} {answer[1]}"[:300]) for recipient, answer in refused.items())
        return Delivery(state="accepted", detail=words[:300], refused=told)


def xoauth2(username: str, token: str) -> bytes:
    r"""Return the initial response of XOAUTH2.

    Example:
        >>> base64.b64decode(xoauth2("a@example.com", "t"))
        b'user=a@example.com\x01auth=Bearer t\x01\x01'
    """
    return base64.b64encode(f"user={username}\x01auth=Bearer {token}\x01\x01".encode())
