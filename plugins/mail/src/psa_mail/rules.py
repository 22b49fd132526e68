"""What is checked and completed when somebody sets up mailboxes, transports, rules and templates."""

from collections.abc import Mapping
from typing import Any

import msgspec

from psa_mail import parse_rules, templates
from psa_mail.addresses import comparable
from psa_mail.api import TRANSPORTS
from psa_mail.collecting import collect
from psa_mail.shapes import RuleActions, RuleConditions
from psa_mail.tables import Transport
from psa_sdk import Change, Context
from psa_sdk.errors import Fault, Invalid, Problem
from psa_sdk.network import Network

ATTRIBUTES = "/data/attributes"
OAUTH = ("microsoft", "google")


async def write_transport(ctx: Context, change: Change) -> None:
    """Check a transport; a new default one takes over from the former."""
    await _check_peer(ctx, change)
    if change.new.get("is_default") and change.changes("is_default"):
        others = await ctx.records.find(TRANSPORTS, Transport.is_default.eq(True))
        for row in others:
            if row["id"] != change.id:
                await ctx.records.update(TRANSPORTS, row["id"], {"is_default": False})
    elif change.verb == "create" and not await ctx.records.count(TRANSPORTS):
        change.new["is_default"] = True


async def write_mailbox(ctx: Context, change: Change) -> None:
    """Check a mailbox; resuming forgets why it was paused."""
    await _check_peer(ctx, change)
    if change.new.get("is_paused") is False:
        change.new["paused_because"] = ""
    if "aliases" in change.new:
        change.new["aliases"] = list(dict.fromkeys(comparable(one) for one in change.new["aliases"]))
    if change.value("after_reading") == "move" and not change.value("archive_folder"):
        raise Invalid(
            "Messages are moved after reading; say to which folder.",
            code="folder_missing",
            pointer=f"{ATTRIBUTES}/archive_folder",
        )


async def watch_mailbox(ctx: Context, change: Change) -> None:
    """Look into a mailbox at once when it was set up, changed or resumed."""
    if change.verb == "delete" or change.value("is_paused") or change.value("kind") == "push":
        return
    await ctx.db.execute(
        "INSERT INTO mail.mailbox_health (id, mailbox, next_check_at) VALUES (psa.new_id(), $1, $2)"
        " ON CONFLICT (tenant_id, mailbox) DO UPDATE SET next_check_at = $2, failures = 0, refused_logins = 0,"
        " subscription = '', subscribed_until = NULL, subscription_error = ''",
        change.id,
        ctx.now,
    )
    await ctx.send(collect, mailbox_id=change.id)


async def _check_peer(ctx: Context, change: Change) -> None:
    """Refuse what can't work or must not be reached, before anything is sent there."""
    faults: list[Fault] = []
    kind, authentication = change.value("kind"), change.value("authentication")
    if kind in {"imap", "smtp"} and authentication in {"password", "none"} and not change.value("host"):
        faults.append(_fault("host", "Name the mail server.", "host_missing"))
    if kind == "graph" and authentication != "microsoft":
        faults.append(
            _fault("authentication", "Microsoft Graph needs the log-in microsoft.", "graph_needs_microsoft")
        )
    if kind == "gmail" and authentication not in {"google", "google_service"}:
        faults.append(
            _fault(
                "authentication",
                "The Gmail API needs the log-in google or google_service.",
                "gmail_needs_google",
            )
        )
    if authentication in OAUTH and not change.value("client_id"):
        faults.append(
            _fault(
                "client_id", "Name the application (client id) that may read the mailbox.", "client_missing"
            )
        )
    if authentication == "microsoft" and not change.value("directory"):
        faults.append(_fault("directory", "Name the Microsoft 365 tenant.", "directory_missing"))
    if faults:
        raise Invalid(faults=faults)
    if change.value("host") and (change.changes("host") or change.changes("port")):
        try:
            await ctx.service(Network).addresses(change.value("host"), change.value("port"))
        except Problem as problem:
            raise Invalid(str(problem), code=problem.code, pointer=f"{ATTRIBUTES}/host") from problem


async def write_rule(_ctx: Context, change: Change) -> None:
    """Check a rule's patterns; an edit gives a disabled rule another chance."""
    conditions = _as(RuleConditions, change.value("conditions"))
    actions = _as(RuleActions, change.value("actions"))
    found = parse_rules.check(conditions, actions)
    if found:
        raise Invalid(
            faults=[
                _fault("actions" if name == "company_from" else f"conditions/{name}", text, "bad_pattern")
                for name, text in found.items()
            ]
        )
    for name, value in (("conditions", conditions), ("actions", actions)):
        if name in change.new:
            change.new[name] = msgspec.to_builtins(value)
    if change.new.get("is_active"):
        change.new["disabled_because"] = ""


async def write_template(_ctx: Context, change: Change) -> None:
    """Refuse placeholders that don't exist (TIC-62)."""
    for name in ("title", "content"):
        if name in change.new:
            templates.check(change.value("kind"), change.new[name], f"{ATTRIBUTES}/{name}")


def _as(kind: Any, value: Mapping[str, Any] | Any) -> Any:
    return msgspec.convert(msgspec.to_builtins(value or {}), kind)


def _fault(name: str, detail: str, code: str) -> Fault:
    return Fault(detail=detail, code=code, pointer=f"{ATTRIBUTES}/{name}")
