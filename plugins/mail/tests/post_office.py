"""Short ways to say what tests of mail often say: a tenant with a mailbox, mails that come in, mails that leave."""

import email.policy
from email import message_from_bytes
from email.message import EmailMessage
from uuid import UUID

from psa_mail.intake import take_in
from psa_mail.processing import work_off
from psa_sdk.mail import Delivery, Envelope
from psa_sdk.testing import Client, Kit

NEEDED = ("contacts", "comments", "ticketing", "mail")
"""Plugins that these tests are about; what else is installed is for the conformance tests."""
SUPPORT = "support@desk.example.com"


class Outbox:
    """A transport that keeps what it is given, in place of a server."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def deliver(self, envelope: Envelope) -> Delivery:
        self.envelopes.append(envelope)
        return Delivery(state="accepted")


class PostOffice:
    """A tenant: administrator, technician, a mailbox that is pushed to, a client with a contact."""

    def __init__(self, kit: Kit, admin: Client, staff: Client) -> None:
        self.kit, self.admin, self.staff = kit, admin, staff
        self.mailbox: UUID
        self.lists: dict[tuple[str, str], UUID] = {}
        self.address = SUPPORT

    @classmethod
    async def open(cls, kit: Kit, **values) -> "PostOffice":
        made = cls(kit, await kit.admin(), await kit.staff(roles=("technician",), name="Theo Technician"))
        made.address = f"support{kit.number()}@desk.example.com"
        made.mailbox = await made.make(
            "email-mailboxes", name=f"Desk {kit.number()}", address=made.address, kind="push", **values
        )
        await made.settings(gather_seconds=0)
        return made

    async def make(self, resource: str, **values) -> UUID:
        relations = {name: values.pop(name) for name in list(values) if isinstance(values[name], UUID)}
        answer = await self.admin.post(f"/{resource}", values, relations or None)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["data"]["id"])

    async def settings(self, **values) -> None:
        answer = await self.admin.patch("/settings/mail", {"values": values})
        assert answer.status_code == 200, answer.text

    async def company(self, domain: str = "") -> UUID:
        company = (await self.kit.make("companies")).id
        if domain:
            await self.make("company-domains", domain=domain, company=company)
        return company

    async def contact(self, address: str, company: UUID | None = None, **values) -> UUID:
        return await self.make(
            "contacts",
            first_name="Ada",
            last_name="Example",
            email=address,
            **({"company": company} if company else {}),
            **values,
        )

    async def staff_address(self, who: Client | None = None) -> str:
        account = await (who or self.staff).account_id()
        answer = await self.admin.get(f"/users/{account}")
        return answer.json()["data"]["attributes"]["email"]

    async def listed(self, resource: str, value: str, *, key: str = "name") -> UUID:
        if (resource, value) not in self.lists:
            answer = await self.admin.get(f"/{resource}", params={f"filter[{key}]": value})
            self.lists[resource, value] = UUID(answer.json()["data"][0]["id"])
        return self.lists[resource, value]

    async def listed_statuses(self, category: str = "new") -> list[UUID]:
        return [await self.listed("ticket-statuses", category, key="category")]

    async def move(self, ticket: UUID | str, category: str) -> None:
        status = await self.listed("ticket-statuses", category, key="category")
        answer = await self.admin.patch(f"/tickets/{ticket}", relationships={"status": status})
        assert answer.status_code == 200, answer.text

    async def receive(self, *raws: bytes, envelope_to: str = "", failing: bool = False) -> list[dict]:
        """Take messages in and work them off; returns what became of each, a duplicate being empty."""
        ids: list[UUID | None] = []
        async with self.kit.unit() as ctx:
            mailbox = await ctx.records.get("email-mailboxes", self.mailbox)
            ids += [await take_in(ctx, mailbox, raw, envelope_to=envelope_to) for raw in raws]
            await ctx.send(work_off)
        await self.kit.drain()
        found = [await self.incoming(one) if one else {} for one in ids]
        assert failing or not [one["error"] for one in found if one.get("state") == "failed"]
        return found

    async def incoming(self, id: UUID) -> dict:
        return await self.shown("incoming-emails", id)

    async def shown(self, resource: str, id: UUID | str) -> dict:
        answer = await self.admin.get(f"/{resource}/{id}")
        assert answer.status_code == 200, answer.text
        return flat(answer.json()["data"])

    async def ticket(self, id: UUID | str) -> dict:
        answer = await self.admin.get(f"/tickets/{id}", params={"include": "status"})
        document = answer.json()
        return {**flat(document["data"]), "category": document["included"][0]["attributes"]["category"]}

    async def notes(self, ticket: UUID | str) -> list[dict]:
        answer = await self.admin.get(f"/tickets/{ticket}/notes", params={"sort": "created_at"})
        return [flat(item) for item in answer.json()["data"]]

    async def reply(
        self, ticket: UUID | str, content: str = "We are on it.", who: Client | None = None, **values
    ) -> dict:
        answer = await (who or self.staff).post(
            f"/tickets/{ticket}/notes", {"content": content, "note_type": "public", **values}, type="comments"
        )
        assert answer.status_code == 201, answer.text
        await self.kit.drain()
        return flat(answer.json()["data"])

    async def outgoing(self, **filters) -> list[dict]:
        params = {f"filter[{name}]": str(value) for name, value in filters.items()} | {"sort": "created_at"}
        answer = await self.admin.get("/outgoing-emails", params=params)
        assert answer.status_code == 200, answer.text
        return [flat(item) for item in answer.json()["data"]]


def mail(
    sender: str = "Ada <ada@client.example>",
    to: str = SUPPORT,
    subject: str = "Printer is on fire",
    text: str = "It smokes.",
    *,
    id: str | None = None,
    html: str = "",
    **headers: str,
) -> bytes:
    """Return a message; keyword headers are written with underscores."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = "Mon, 01 Jun 2026 09:00:00 +0000"
    if id is not None:
        message["Message-ID"] = f"<{id}>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def opened(envelope: Envelope | bytes) -> EmailMessage:
    """Read a mail that left."""
    content = envelope if isinstance(envelope, bytes) else envelope.content
    return message_from_bytes(content, policy=email.policy.default)  # type: ignore[return-value]


def flat(item: dict) -> dict:
    """Return a record's id, attributes, and the ids of its to-one relationships."""
    held = {
        name: one["data"]["id"] if one["data"] else None
        for name, one in item.get("relationships", {}).items()
        if "data" in one and not isinstance(one["data"], list)
    }
    return {"id": item["id"], **item["attributes"], **held}
