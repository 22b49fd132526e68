"""Microsoft Graph: new messages by delta, their bytes, marks and moves afterwards, and sending."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from psa_mail.peers import LoginRefused, Peer, PeerTrouble, origin_of_api
from psa_sdk import Context
from psa_sdk.errors import Problem
from psa_sdk.mail import Delivery, Envelope
from psa_sdk.network import HttpAnswer, Network

GRAPH = "https://graph.microsoft.com"
MOST_BYTES = 64 * 1024 * 1024
_SELECT = "$select=id,internetMessageId"


class _Page(msgspec.Struct):
    value: list[dict[str, Any]] = []
    next: str = msgspec.field(default="", name="@odata.nextLink")
    delta: str = msgspec.field(default="", name="@odata.deltaLink")


class _Subscription(msgspec.Struct):
    id: str


class GraphBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Some new messages, and the link that leads on."""

    messages: Sequence[tuple[str, bytes]]
    link: str
    more: bool


class Graph:
    """One mailbox of Microsoft 365."""

    def __init__(self, ctx: Context, peer: Peer, token: str) -> None:
        """Act on a peer's mailbox; `host` names another cloud's Graph."""
        self._network = ctx.service(Network)
        self._api = f"{origin_of_api(peer, GRAPH)}/v1.0"
        self._account = peer.account
        self._base = f"{self._api}/users/{quote(peer.account)}"
        self._token = token

    async def new_messages(self, folder: str, link: str, most: int) -> GraphBatch:
        """Return the messages of the next page of the folder's changes. Nothing is marked."""
        start = f"{self._base}/mailFolders/{quote(_named(folder))}/messages/delta?{_SELECT}"
        if link and urlsplit(link)[:2] != urlsplit(self._base)[:2]:
            raise PeerTrouble("The stored link leads elsewhere; resync the mailbox.")
        answer = await self._ask(
            "GET", link or start, prefer=f'IdType="ImmutableId", odata.maxpagesize={most}'
        )
        if answer.status == 410:
            # The delta is too old: from the start, without duplicates since messages are known by their id.
            answer = await self._ask("GET", start, prefer=f'IdType="ImmutableId", odata.maxpagesize={most}')
        page = msgspec.json.decode(_good(answer).content, type=_Page)
        messages: list[tuple[str, bytes]] = []
        for one in page.value:
            if "@removed" in one or "id" not in one:
                continue
            raw = await self._ask(
                "GET", f"{self._base}/messages/{quote(one['id'])}/$value", max_bytes=MOST_BYTES
            )
            if raw.status != 404:
                messages.append((one["id"], _good(raw).content))
        return GraphBatch(messages=messages, link=page.next or page.delta, more=bool(page.next))

    async def put_away(self, ids: Sequence[str], move_to: str) -> None:
        """Mark messages as read, and move them where a folder is named; those that are gone are fine."""
        for one in ids:
            path = f"{self._base}/messages/{quote(one)}"
            answer = await self._ask("PATCH", path, body={"isRead": True})
            if answer.status != 404:
                _good(answer)
            if move_to and answer.status != 404:
                _good(await self._ask("POST", f"{path}/move", body={"destinationId": move_to}))

    async def subscribe(self, folder: str, url: str, client_state: str, until: datetime) -> str:
        """Have Graph tell an address what comes to a folder; returns the subscription's id."""
        body = {
            "changeType": "created",
            "notificationUrl": url,
            "resource": f"users/{self._account}/mailFolders('{_named(folder)}')/messages",
            "expirationDateTime": _instant(until),
            "clientState": client_state,
        }
        answer = _good(await self._ask("POST", f"{self._api}/subscriptions", body=body))
        return msgspec.json.decode(answer.content, type=_Subscription).id

    async def renew(self, subscription: str, until: datetime) -> bool:
        """Let a subscription go on; tells whether it was still there."""
        answer = await self._ask(
            "PATCH",
            f"{self._api}/subscriptions/{quote(subscription)}",
            body={"expirationDateTime": _instant(until)},
        )
        if answer.status == 404:
            return False
        _good(answer)
        return True

    async def deliver(self, envelope: Envelope) -> Delivery:
        """Send a message as MIME; Graph takes the recipients from its headers."""
        try:
            answer = await self._network.request(
                "POST",
                f"{self._base}/sendMail",
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "text/plain"},
                content=base64.b64encode(envelope.content),
                seconds=60,
            )
        except Problem as problem:
            return Delivery(state="later", detail=str(problem)[:500])
        detail = f"{answer.status} {answer.content[:400].decode('utf-8', 'replace')}".strip()
        if answer.status in {200, 202}:
            return Delivery(state="accepted", detail=detail)
        if answer.status in {401, 403}:
            raise LoginRefused(detail)
        return Delivery(
            state="later" if answer.status == 429 or answer.status >= 500 else "refused", detail=detail
        )

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        body: dict[str, Any] | None = None,
        prefer: str = 'IdType="ImmutableId"',
        max_bytes: int = 4 << 20,
    ) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {self._token}", "Prefer": prefer}
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = msgspec.json.encode(body) if body is not None else b""
        try:
            return await self._network.request(
                method, url, headers=headers, content=content, seconds=60, max_bytes=max_bytes
            )
        except Problem as problem:
            raise PeerTrouble(str(problem)) from problem


def _named(folder: str) -> str:
    return "inbox" if folder.upper() == "INBOX" else folder


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _good(answer: HttpAnswer) -> HttpAnswer:
    if answer.status in {401, 403}:
        raise LoginRefused(f"{answer.status} {answer.content[:400].decode('utf-8', 'replace')}")
    if answer.status >= 400:
        raise PeerTrouble(f"Graph answers {answer.status}: {answer.content[:300].decode('utf-8', 'replace')}")
    return answer
