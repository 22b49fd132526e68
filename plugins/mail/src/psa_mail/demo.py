"""Demonstration data: a mailbox that is paused, since nothing is behind it, and tickets that were born by mail."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from psa_mail.addresses import written
from psa_mail.api import INCOMING, MAILBOXES, RULES
from psa_mail.intake import take_in
from psa_mail.processing import work_on
from psa_sdk import Context

ADDRESS = "support@example.com"
LETTERS = (
    ("Label printer prints every label twice", "Hello,\n\nsince this morning every label comes out twice. We restarted it already.\n\nThanks"),
    ("New laptop for a colleague", "Hi,\n\nwe need a laptop with docking station for a new colleague who starts next month."),
    ("Mailbox is full", "I can't send anything any more, it says that my mailbox is full."),
    ("Question about the last invoice", "Could you tell us what the position \"on-site support\" was for?"),
)  # fmt: skip
REPLY = """It happens with the small labels only.

On Mon, Jun 1, 2026 at 9:00 AM Service desk <support@example.com> wrote:
> Does it happen with all sizes of labels?
"""
ALERT = "Backup of srv-file-01 finished with warnings.\n\n3 files were in use and were skipped."


async def fill(ctx: Context) -> None:
    """Set up the mailbox and take in a handful of messages, the same way as real ones."""
    [mailbox_id] = await ctx.records.create_many(
        MAILBOXES,
        [
            {
                "name": "Service desk",
                "address": ADDRESS,
                "kind": "imap",
                "host": "imap.example.com",
                "acknowledges": False,
                "is_paused": True,
                "paused_because": "A demonstration: there is no server behind it.",
            }
        ],
        history=True,
    )
    await ctx.records.create(
        RULES,
        {
            "name": "Backup reports",
            "mailbox": mailbox_id,
            "conditions": {"subject": "^backup "},
            "actions": {"tags": ["backup"], "title": "Backup finished with warnings"},
        },
    )
    people = await ctx.records.find("contacts", order="created_at", limit=200)
    people = [row for row in people if row["email"] and row["company"]][: len(LETTERS)]
    mailbox = await ctx.records.get(MAILBOXES, mailbox_id)
    raws: list[bytes] = []
    for number, (row, (title, text)) in enumerate(zip(people, LETTERS, strict=False)):
        sender = written(row["email"], f"{row['first_name']} {row['last_name']}".strip())
        raws.append(_message(ctx, number, sender, title, text))
        if number == 0:
            raws.append(
                _message(ctx, 90, sender, f"Re: {title}", REPLY, In_Reply_To="<demo.0@client.example.com>")
            )
            raws.append(
                _message(ctx, 91, sender, f"Automatic reply: {title}", "I am out of the office.",
                    In_Reply_To="<demo.0@client.example.com>", Auto_Submitted="auto-replied")
            )  # fmt: skip
    raws.append(
        _message(ctx, 92, "monitor@example.com", "Backup report srv-file-01", ALERT, Precedence="bulk")
    )
    for raw in raws:
        incoming = await take_in(ctx, mailbox, raw)
        if incoming is not None:
            await work_on(ctx, await ctx.records.get(INCOMING, incoming))


def _message(ctx: Context, number: int, sender: str, title: str, text: str, **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, ADDRESS, title
    message["Date"] = format_datetime(ctx.now)
    message["Message-ID"] = f"<demo.{number}@client.example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()
