"""Rules for mail that opens a ticket: what matches, and what is read out of it (MAIL-10). Pure.

Patterns are RE2's: linear in the text, whatever the pattern. A rule whose pattern can't be used disables itself.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import re2

from psa_mail.shapes import Extraction, RuleActions, RuleConditions

TIME_LIMIT = 0.1
"""Seconds that a rule's patterns may take on one mail."""
_MOST = 200_000
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 8 << 20


class UnusableRule(Exception):
    """A pattern can't be compiled, or takes too long."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What rules look at."""

    sender: str
    recipients: Sequence[str]
    subject: str
    body: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is run."""

    id: UUID
    conditions: RuleConditions
    actions: RuleActions


class Applied(msgspec.Struct, kw_only=True):
    """What the rules decided together; `values` are columns of the ticket."""

    skip: bool = False
    values: dict[str, Any] = {}
    tags: list[str] = []
    company_name: str = ""
    """Of whom the mail is, as it says itself, where no alias knows it."""
    matched: list[UUID] = []
    disabled: dict[UUID, str] = {}


def check(conditions: RuleConditions, actions: RuleActions) -> Mapping[str, str]:
    """Return what is wrong with a rule's patterns, by field."""
    patterns = {name: getattr(conditions, name) for name in ("sender", "recipient", "subject", "body")}
    if actions.company_from is not None:
        patterns["company_from"] = actions.company_from.pattern
    found: dict[str, str] = {}
    for name, pattern in patterns.items():
        try:
            _compiled(pattern)
        except UnusableRule as error:
            found[name] = str(error)
    return found


def run(rules: Sequence[Rule], text: Text) -> Applied:
    """Run rules in order: the first that matches wins, unless it says to proceed."""
    applied = Applied()
    for rule in rules:
        began = time.monotonic()
        try:
            matched = matches(rule.conditions, text)
            name = extracted(rule.actions.company_from, text) if matched and rule.actions.company_from else ""
            if time.monotonic() - began > TIME_LIMIT:
                raise UnusableRule(f"It took longer than {TIME_LIMIT:.1f} s.")
        except UnusableRule as error:
            applied.disabled[rule.id] = str(error)
            continue
        if not matched:
            continue
        applied.matched.append(rule.id)
        _apply(rule.actions, name, applied)
        if applied.skip or not rule.actions.proceed:
            break
    return applied


def _apply(actions: RuleActions, name: str, applied: Applied) -> None:
    applied.skip = applied.skip or actions.skip
    columns = ("contact", "queue", "priority", "ticket_type", "category", "assigned_to", "team")
    given = {column: getattr(actions, column) for column in columns}
    applied.values = {
        **applied.values,
        **{column: value for column, value in given.items() if value is not None},
    }
    applied.tags = [*applied.tags, *(tag for tag in actions.tags if tag not in applied.tags)]
    if actions.title:
        applied.values["title"] = actions.title
    aliases = {alias.casefold().strip(): company for alias, company in actions.aliases.items()}
    company = aliases.get(name.casefold().strip()) if name else None
    company = company or actions.company
    if company is not None:
        applied.values["company"] = company
    elif name:
        applied.company_name = name.strip()


def matches(conditions: RuleConditions, text: Text) -> bool:
    """Tell whether a mail meets a rule's conditions; a rule without any matches everything."""
    asked = (
        (conditions.sender, (text.sender,)),
        (conditions.recipient, tuple(text.recipients)),
        (conditions.subject, (text.subject,)),
        (conditions.body, (text.body[:_MOST],)),
    )
    found = [
        any(_compiled(pattern).search(value) is not None for value in values)
        for pattern, values in asked
        if pattern
    ]
    return not found or (any(found) if conditions.match_any else all(found))


def extracted(extraction: Extraction, text: Text) -> str:
    """Return what stands where an extraction looks; empty where it finds nothing.

    Example:
        >>> text = Text(sender="m@example.com", recipients=(), subject="Disk full (ACME Corp) on srv1", body="")
        >>> extracted(Extraction(before="(", after=")"), text)
        'ACME Corp'
    """
    value = {"subject": text.subject, "body": text.body[:_MOST], "sender": text.sender}[extraction.field]
    if extraction.pattern:
        match = _compiled(extraction.pattern).search(value)
        return "" if match is None else (match[1] if match.re.groups else match[0]) or ""
    _, begun, rest = value.partition(extraction.before) if extraction.before else ("", "x", value)
    inner, ended, _ = rest.partition(extraction.after) if extraction.after else (rest.split("\n")[0], "x", "")
    return inner.strip() if begun and ended else ""


def _compiled(pattern: str) -> Any:
    try:
        return re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        words = error.args[0] if error.args else b""
        reason = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        raise UnusableRule(f"The pattern can't be used: {reason}") from error
