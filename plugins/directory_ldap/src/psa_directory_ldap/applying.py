"""Doing what a plan says, account by account; a dry run does the same and undoes it, so that it can't differ."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psa_directory_ldap.people import Found
from psa_directory_ldap.planning import Leaver, Plan
from psa_directory_ldap.shapes import SyncLine
from psa_sdk import Context
from psa_sdk.admission import (
    Admission,
    Person,
    Refused,
    account_for,
    bring_up_to_date,
    domain_allowed,
    roles_for,
)
from psa_sdk.errors import Conflict, Problem
from psa_sdk.identity import Account, Directory
from psa_sdk.sign_in import ExternalIdentities

MOST_LINES = 500
_FORGET = "DELETE FROM directory_ldap.leaver WHERE directory = $1 AND subject = $2"
_REMEMBER = """
INSERT INTO directory_ldap.leaver (id, directory, account, subject) VALUES (psa.new_id(), $1, $2, $3)
ON CONFLICT (tenant_id, directory, subject) DO UPDATE SET account = excluded.account"""
_REMEMBERED = "SELECT subject FROM directory_ldap.leaver WHERE directory = $1"


class _Undo(Exception):
    """Ends a dry run."""


class Report:
    """What became of people: all are counted, the first are named."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.counts: Counter[str] = Counter()
        self.lines: list[SyncLine] = []

    def add(self, action: Any, name: str, email: str, detail: str = "") -> None:
        """Note what became of one person."""
        self.counts[action] += 1
        if len(self.lines) < MOST_LINES:
            self.lines.append(SyncLine(action=action, name=name, email=email, detail=detail))


async def apply(
    ctx: Context, directory: UUID, rules: Admission, todo: Plan, *, dry: bool, deactivates: bool
) -> Report:
    """Do what a plan says and tell what became of everybody; with `dry` nothing stays."""
    report = Report()
    try:
        async with ctx.savepoint():
            await _Applying(ctx, directory, rules, report).run(todo, deactivates)
            if dry:
                raise _Undo
    except _Undo:
        pass
    return report


class _Applying:
    def __init__(self, ctx: Context, directory: UUID, rules: Admission, report: Report) -> None:
        self._ctx = ctx
        self._directory = directory
        self._rules = rules
        self._report = report
        self._identities = ctx.service(ExternalIdentities)
        self._people = ctx.service(Directory)

    async def run(self, todo: Plan, deactivates: bool) -> None:
        held = await self._people.roles([account.id for _, account in todo.known])
        rows = await self._ctx.db.fetch(_REMEMBERED, self._directory)
        left = {row["subject"] for row in rows}
        # Leavers first: their addresses may be somebody's who is new.
        for leaver in todo.leavers if deactivates else ():
            await self._deactivate(leaver)
        for found, account in todo.known:
            if not await self._identities.reserved(account.email):
                await self._update(found, account, held.get(account.id, ()), left)
        if self._rules.links_by_email or self._rules.creates_accounts:
            for found in todo.new:
                await self._welcome(found.person)

    async def _deactivate(self, leaver: Leaver) -> None:
        account = leaver.account
        if await self._identities.reserved(account.email):
            self._report.add("kept", account.name, account.email, "break_glass")
            return
        try:
            async with self._ctx.savepoint():
                await self._people.disable_account(account.id)
                await self._ctx.db.execute(_REMEMBER, self._directory, account.id, leaver.subject)
        except Conflict as conflict:
            self._report.add("kept", account.name, account.email, conflict.code)
            return
        why = "disabled" if leaver.disabled else "gone"
        self._report.add("deactivated", account.name, account.email, why)

    async def _update(self, found: Found, account: Account, held: Collection[str], left: set[str]) -> None:
        subject, back = found.person.subject, False
        if account.status == "disabled":
            # Whom somebody disabled here stays so.
            if subject not in left:
                return
            back = await self._write(account, {"status": "active"})
        if subject in left:
            await self._ctx.db.execute(_FORGET, self._directory, subject)
        details = await self._take_over(found.person, account)
        if await self._set_roles(found.person, account.id, held):
            details.append("roles")
        if back:
            self._report.add("reactivated", account.name, account.email)
        elif details:
            self._report.add("changed", account.name, account.email, ", ".join(details))

    async def _take_over(self, who: Person, account: Account) -> list[str]:
        """Write a new name and address, where there are any; returns what changed."""
        wanted = {"name": who.name, "email": who.email}
        if not who.email or not domain_allowed(who.email, self._rules.email_domains):
            del wanted["email"]
        if who.email and await self._identities.reserved(who.email):
            wanted.pop("email", None)
        present = {"name": account.name, "email": account.email}
        values = {name: value for name, value in wanted.items() if value and value != present[name]}
        return [name for name, value in values.items() if await self._write(account, {name: value})]

    async def _write(self, account: Account, values: Mapping[str, Any]) -> bool:
        try:
            async with self._ctx.savepoint():
                await self._ctx.as_system().records.update("users", account.id, values)
        except Problem as problem:
            self._report.add("left_out", account.name, account.email, problem.code)
            return False
        return True

    async def _set_roles(self, who: Person, account: UUID, held: Collection[str]) -> bool:
        wanted, managed = roles_for(who.groups, self._rules.group_roles), self._rules.managed
        if wanted is None or set(held) & set(managed) == set(wanted):
            return False
        await bring_up_to_date(self._ctx, account, wanted, managed)
        return set((await self._people.roles([account])).get(account, ())) != set(held)

    async def _welcome(self, who: Person) -> None:
        """Link somebody new to the account of their address, or make one, as their log-in would."""
        try:
            async with self._ctx.savepoint():
                action = await self._admit(who)
        except Refused as refused:
            if refused.reason not in {"domain_refused", "unknown_person"}:
                self._report.add("left_out", who.name, who.email, refused.reason)
            return
        self._report.add(action, who.name, who.email)

    async def _admit(self, who: Person) -> str:
        if not who.email:
            raise Refused("no_address")
        known = await self._people.find(self._rules.audience, who.email)
        account = await account_for(self._ctx, self._rules, who)
        return "linked" if known is not None and known.id == account.id else "created"
