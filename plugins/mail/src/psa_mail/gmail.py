"""The Gmail API: new messages by history, their bytes, marks and labels afterwards, and sending."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from psa_mail.peers import LoginRefused, Peer, PeerTrouble, origin_of_api
from psa_sdk import Context
from psa_sdk.errors import Problem
from psa_sdk.mail import Delivery, Envelope
from psa_sdk.network import HttpAnswer, Network

GMAIL = "https://gmail.googleapis.com"
MOST_BYTES = 96 * 1024 * 1024
"""Of an answer: a message as base64 within JSON."""
TRY_LATER = frozenset(("rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "backendError"))


class _Id(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Added(msgspec.Struct):
    message: _Id = msgspec.field(default_factory=_Id)


class _History(msgspec.Struct, rename="camel"):
    messages_added: list[_Added] = []
    labels_added: list[_Added] = []


class _Page(msgspec.Struct, rename="camel"):
    """What `profile`, `messages`, `history` and `labels` answer, as far as it is asked for."""

    messages: list[_Id] = []
    history: list[_History] = []
    labels: list[_Id] = []
    history_id: str = ""
    next_page_token: str = ""
    raw: str = ""
    expiration: str = ""


class GmailBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Some new messages, and the position that leads on: a history id, and the page that is read."""

    messages: Sequence[tuple[str, bytes]]
    position: dict[str, str]
    more: bool


class Gmail:
    """One mailbox of Gmail or Google Workspace."""

    def __init__(self, ctx: Context, peer: Peer, token: str) -> None:
        """Act on the mailbox that the token is for."""
        self._network = ctx.service(Network)
        self._origin = origin_of_api(peer, GMAIL)
        self._base = f"{self._origin}/gmail/v1/users/me"
        self._token = token

    async def new_messages(self, folder: str, position: Mapping[str, Any], most: int) -> GmailBatch:
        """Return the messages of the next page: of the label as it is, afterwards of what came to it.

        Nothing is marked. A history that Gmail has forgotten (404) begins anew; messages are known by their ids.
        """
        label = await self._label(folder)
        history, page = str(position.get("history", "")), str(position.get("page", ""))
        if history and not position.get("first"):
            found = await self._since(label, history, page, most)
            if found is not None:
                return found
            history, page = "", ""
        if not history:
            history = _read(await self._ask("GET", "/profile")).history_id
        query = {"labelIds": label, "maxResults": str(most)} | ({"pageToken": page} if page else {})
        listed = _read(await self._ask("GET", f"/messages?{urlencode(query)}"))
        onward = {"history": history, "first": "yes", "page": listed.next_page_token}
        return GmailBatch(
            # Gmail lists the newest first.
            messages=await self._contents([one.id for one in reversed(listed.messages)]),
            position=onward if listed.next_page_token else {"history": history},
            more=bool(listed.next_page_token),
        )

    async def _since(self, label: str, history: str, page: str, most: int) -> GmailBatch | None:
        query = [("startHistoryId", history), ("labelId", label), ("maxResults", str(most))]
        query += [("historyTypes", "messageAdded"), ("historyTypes", "labelAdded")]
        query += [("pageToken", page)] if page else []
        answer = await self._ask("GET", f"/history?{urlencode(query)}")
        if answer.status == 404:
            return None
        found = _read(answer)
        ids = [
            added.message.id for one in found.history for added in (*one.messages_added, *one.labels_added)
        ]
        onward = {"history": history, "page": found.next_page_token}
        return GmailBatch(
            messages=await self._contents(list(dict.fromkeys(one for one in ids if one))),
            position=onward if found.next_page_token else {"history": found.history_id or history},
            more=bool(found.next_page_token),
        )

    async def _contents(self, ids: Sequence[str]) -> list[tuple[str, bytes]]:
        """Return messages as they came; those that are gone meanwhile are left out."""
        messages: list[tuple[str, bytes]] = []
        for one in ids:
            answer = await self._ask("GET", f"/messages/{quote(one)}?format=raw", max_bytes=MOST_BYTES)
            if answer.status != 404:
                messages.append((one, _decoded(_read(answer).raw)))
        return messages

    async def put_away(self, ids: Sequence[str], folder: str, move_to: str) -> None:
        """Mark messages as read, and give them another label in place of their folder's where one is named."""
        change: dict[str, Any] = {"ids": list(ids), "removeLabelIds": ["UNREAD"]}
        if move_to:
            change["addLabelIds"] = [await self._label(move_to)]
            change["removeLabelIds"].append(await self._label(folder))
        _good(await self._ask("POST", "/messages/batchModify", body=change))

    async def deliver(self, envelope: Envelope) -> Delivery:
        """Send a message as it is; Gmail takes the recipients from its headers."""
        url = f"{self._origin}/upload/gmail/v1/users/me/messages/send?uploadType=media"
        try:
            answer = await self._network.request(
                "POST",
                url,
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "message/rfc822"},
                content=envelope.content,
                seconds=60,
            )
        except Problem as problem:
            return Delivery(state="later", detail=str(problem)[:500])
        detail = f"{answer.status} {_words(answer)}".strip()
        if answer.status == 200:
            return Delivery(state="accepted", detail="200")
        if _is_later(answer):
            return Delivery(state="later", detail=detail)
        if answer.status in {401, 403}:
            raise LoginRefused(detail)
        return Delivery(state="refused", detail=detail)

    async def watch(self, folder: str, topic: str) -> int:
        """Have Gmail tell a Pub/Sub topic what comes to a label; returns until when, in milliseconds since 1970."""
        body = {"topicName": topic, "labelIds": [await self._label(folder)], "labelFilterBehavior": "include"}
        return int(_read(await self._ask("POST", "/watch", body=body)).expiration or 0)

    async def _label(self, folder: str) -> str:
        if folder.upper() == "INBOX":
            return "INBOX"
        for label in _read(await self._ask("GET", "/labels")).labels:
            if folder in (label.name, label.id):
                return label.id
        raise PeerTrouble(f"The mailbox has no label {folder}.")

    async def _ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, max_bytes: int = 4 << 20
    ) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {self._token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = msgspec.json.encode(body) if body is not None else b""
        try:
            return await self._network.request(
                method, self._base + path, headers=headers, content=content, seconds=60, max_bytes=max_bytes
            )
        except Problem as problem:
            raise PeerTrouble(str(problem)) from problem


def _decoded(raw: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except (binascii.Error, ValueError) as error:
        raise PeerTrouble("Gmail answers with a message that is no base64.") from error


def _read(answer: HttpAnswer) -> _Page:
    try:
        return msgspec.json.decode(_good(answer).content, type=_Page)
    except msgspec.MsgspecError as error:
        raise PeerTrouble(f"Gmail answers with something else than expected: {error}") from error


def _good(answer: HttpAnswer) -> HttpAnswer:
    if answer.status in {401, 403} and not _is_later(answer):
        raise LoginRefused(f"{answer.status} {_words(answer)}")
    if answer.status >= 400:
        raise PeerTrouble(f"Gmail answers {answer.status}: {_words(answer)}")
    return answer


def _is_later(answer: HttpAnswer) -> bool:
    """Tell whether it is only too much at the moment: 403 also says that."""
    limited = answer.status == 403 and any(reason in _words(answer) for reason in TRY_LATER)
    return answer.status == 429 or answer.status >= 500 or limited


def _words(answer: HttpAnswer) -> str:
    return answer.content[:1000].decode("utf-8", "replace")
